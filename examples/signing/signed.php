<?php
// A signed call with PHP's standard library alone (8.0 or newer, with openssl).
//
// Run: HIGHHELP_HOME=./home php signed.php /api/v1/balance/info < body.json
// The body names its project in general.project_id. Prints the answer; exit code 1 where the HTTP status is no 2xx.
declare(strict_types=1);

$home = getenv('HIGHHELP_HOME');
$path = $argv[1] ?? null;
if (!$home || !$path) {
    fwrite(STDERR, "usage: HIGHHELP_HOME=DIR php signed.php PATH < body.json\n");
    exit(2);
}
$project = json_decode(file_get_contents("$home/project.json"), true, flags: JSON_THROW_ON_ERROR);
$raw = stream_get_contents(STDIN);
// objects stay objects, so that an empty object and an empty array are not taken for values
$body = json_decode($raw, false, flags: JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

// 1. every value with the path to it; empty objects and arrays give nothing
function entries(mixed $value, array $at): array
{
    if (is_object($value) || is_array($value)) {
        $found = [];
        foreach ($value as $key => $inner) {
            array_push($found, ...entries($inner, [...$at, (string) $key]));
        }
        return $found;
    }
    if (is_float($value)) {
        throw new InvalidArgumentException(implode(':', $at) . ': whole numbers only');
    }
    $text = match (true) {
        $value === null => 'None',
        $value === true => '1',
        $value === false => '0',
        default => (string) $value,
    };
    return [implode(':', [...$at, $text])];
}

// 2. sorted by code point, which for UTF-8 is the order of its bytes, and joined
$entries = entries($body, []);
usort($entries, 'strcmp');
$normalized = implode(';', $entries);

// 3. base64url without padding, then the time
$timestamp = (string) time();
$message = base64url($normalized) . $timestamp;

// 4. RSA-SHA256 over the SHA-256 of the message: hashed twice
$digest = hash('sha256', $message, true);
if (!openssl_sign($digest, $signature, file_get_contents("$home/private_key.pem"), OPENSSL_ALGO_SHA256)) {
    throw new RuntimeException('the private key cannot be used');
}
// the public key in its DER form is what stands between the lines of the PEM
$der = base64_decode(preg_replace('/-----[^-]+-----|\s/', '', file_get_contents("$home/public_key.pem")));

$answer = file_get_contents($project['base_url'] . $path, false, stream_context_create(['http' => [
    'method' => 'POST',
    'follow_location' => 0, // the signature is for this address alone
    'ignore_errors' => true,
    'timeout' => 30,
    'header' => [
        'content-type: application/json',
        "x-access-merchant-id: {$project['project_id']}",
        "x-access-timestamp: $timestamp",
        'x-access-token: ' . base64url($der),
        'x-access-signature: ' . base64url($signature),
    ],
    'content' => $raw, // the bytes that were signed
]]));
if ($answer === false) {
    exit(1);
}
echo $answer, "\n";
exit(preg_match('#^HTTP/\S+ 2\d\d#', $http_response_header[0]) ? 0 : 1);
