"""From `spec/openapi.yaml` to `generated/highhelp_api`: client, strict models and contract data."""
