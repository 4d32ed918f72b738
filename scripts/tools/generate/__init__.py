"""Generate `generated/highhelp_api` from `spec/openapi.yaml`: client, strict models and contract data."""
