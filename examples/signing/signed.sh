#!/usr/bin/env bash
# A signed P2P pay-in with curl and openssl alone.
#
# Run: HIGHHELP_HOME=./home bash signed.sh order-1001 10000 RUB     (10000 minor units are 100.00)
# Prints the answer; exit code 1 where the HTTP status is no 2xx. Body and normalised string are written from the same
# values, so these may hold nothing that JSON would escape.
set -euo pipefail
[ $# = 3 ] && [ -n "${HIGHHELP_HOME:-}" ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
payment_id=$1 amount=$2 currency=$3
[[ $payment_id =~ ^[A-Za-z0-9._-]{1,255}$ && $amount =~ ^[1-9][0-9]*$ && $currency =~ ^[A-Z]{3}$ ]] ||
    { echo "payment_id: letters, digits, . _ -; amount: minor units; currency: three letters" >&2; exit 2; }

field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$HIGHHELP_HOME/project.json" | head -n 1; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
project=$(field project_id) base_url=$(field base_url)

body=$(printf '{"general":{"project_id":"%s","payment_id":"%s"},"payment":{"method":"card-p2p","amount":%s,"currency":"%s"}}' \
    "$project" "$payment_id" "$amount" "$currency")

# 1. every value with the path to it, 2. sorted by their bytes and joined with ;
normalized=$(printf '%s\n' \
    "general:project_id:$project" \
    "general:payment_id:$payment_id" \
    "payment:method:card-p2p" \
    "payment:amount:$amount" \
    "payment:currency:$currency" | LC_ALL=C sort | paste -sd ';' -)

# 3. base64url without padding, then the time
timestamp=$(date +%s)
message=$(printf '%s' "$normalized" | base64url)$timestamp

# 4. RSA-SHA256 over the SHA-256 of the message: hashed twice
signature=$(printf '%s' "$message" | openssl dgst -sha256 -binary |
    openssl dgst -sha256 -sign "$HIGHHELP_HOME/private_key.pem" | base64url)
token=$(openssl pkey -pubin -in "$HIGHHELP_HOME/public_key.pem" -outform DER | base64url)

# no -L: the signature is for this address alone; the headers come from a file, since arguments can be seen by everybody
curl --silent --show-error --fail-with-body --max-time 30 --request POST "$base_url/api/v1/payment/p2p/payin" \
    --header @<(printf '%s\n' \
        "content-type: application/json" \
        "x-access-merchant-id: $project" \
        "x-access-timestamp: $timestamp" \
        "x-access-token: $token" \
        "x-access-signature: $signature") \
    --data-binary "$body" || { echo >&2; exit 1; }
echo
