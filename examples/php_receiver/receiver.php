<?php
// A callback receiver with PHP's standard library alone (8.1 or newer, with openssl).
//
// Run: HIGHHELP_HOME=./home php -S 127.0.0.1:8000 receiver.php
// It answers at http://127.0.0.1:8000/callbacks and stores in ./callbacks (or $RECEIVER_DATA): one file per event, and
// one per payment for its end, which is written once. /credits/PAYMENT_ID says how often a payment was credited.
// It accepts RSA signatures of the default scheme; null is normalised as None. In production let nginx bound the body.
declare(strict_types=1);

const MAX_BODY = 64 * 1024;
const TOLERANCE = 300; // seconds between signing and receipt

$home = getenv('HIGHHELP_HOME') ?: exit(2);
$data = getenv('RECEIVER_DATA') ?: 'callbacks';

class Refused extends Exception
{
}

// numbers keep the text that was signed: 1.10 must not become 1.1
function parse_for_signature(string $text): mixed
{
    $quoted = preg_replace_callback(
        '/"(?:[^"\\\\]++|\\\\.)*+"|-?[0-9][0-9.eE+-]*+/s',
        fn (array $token): string => $token[0][0] === '"' ? $token[0] : "\"$token[0]\"",
        $text,
    );
    // objects stay objects, so that an empty object and an empty array are not taken for values
    return json_decode($quoted ?? '', false, flags: JSON_THROW_ON_ERROR);
}

function entries(mixed $value, array $path, bool &$ambiguous): array
{
    if (is_object($value) || is_array($value)) {
        $found = [];
        foreach ($value as $name => $inner) {
            array_push($found, ...entries($inner, [...$path, (string) $name], $ambiguous));
        }
        return $found;
    }
    $text = match (true) {
        $value === null => 'None',
        $value === true => '1',
        $value === false => '0',
        default => $value,
    };
    // the normalised string escapes nothing: with these, two bodies could share a signature
    $names = implode('', $path);
    $ambiguous = $ambiguous || str_contains($text, ';') || strpbrk($names, ':;') !== false;
    return [implode(':', [...$path, $text])];
}

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function check(string $raw, string $home): array
{
    $timestamp = $_SERVER['HTTP_X_ACCESS_TIMESTAMP'] ?? '';
    $signature = $_SERVER['HTTP_X_ACCESS_SIGNATURE'] ?? '';
    if (!preg_match('/\A[0-9]{1,12}\z/', $timestamp) || !preg_match('/\A[A-Za-z0-9_-]+\z/', $signature)) {
        throw new Refused('not signed');
    }
    $body = json_decode($raw, true, flags: JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    $ambiguous = false;
    $entries = entries(parse_for_signature($raw), [], $ambiguous);
    sort($entries, SORT_STRING); // by code point, which is the order of UTF-8 bytes
    $normalized = implode(';', $entries);
    $digest = hash('sha256', base64url($normalized) . $timestamp, true);
    $bytes = (string) base64_decode(strtr($signature, '-_', '+/'));
    if (openssl_verify($digest, $bytes, file_get_contents("$home/callback_public_key.pem"), OPENSSL_ALGO_SHA256) !== 1) {
        throw new Refused('wrong signature');
    }
    if (abs(time() - (int) $timestamp) > TOLERANCE) {
        throw new Refused('too old, or from the future');
    }
    $project = json_decode(file_get_contents("$home/project.json"), true, flags: JSON_THROW_ON_ERROR)['project_id'];
    if (!is_array($body) || ($body['project_id'] ?? null) !== $project) {
        throw new Refused('another project');
    }
    return [$body, $normalized, $ambiguous];
}

/** Write a file that is not there yet, and make it durable. Returns without an error where it is there. */
function store_once(string $data, string $name, string $content): void
{
    $temporary = "$data/." . bin2hex(random_bytes(8));
    $file = fopen($temporary, 'x');
    if (!$file || fwrite($file, $content) !== strlen($content) || !fsync($file) || !fclose($file)) {
        throw new RuntimeException('cannot be stored');
    }
    // all of it appears, or nothing
    $made = @link($temporary, "$data/$name");
    unlink($temporary);
    if (!$made && !file_exists("$data/$name")) {
        throw new RuntimeException('cannot be stored');
    }
    $directory = fopen($data, 'r');
    if (!$directory || !fsync($directory)) { // the other delivery of a duplicate may not have come this far
        throw new RuntimeException('cannot be made durable');
    }
}

function end_of(string $paymentId): string
{
    return 'end-' . hash('sha256', $paymentId) . '.json';
}

function store(string $data, array $body, string $normalized, bool $ambiguous): void
{
    $general = is_array($body['general'] ?? null) ? $body['general'] : [];
    $state = is_array($body['status'] ?? null) ? $body['status'] : [];
    $info = is_array($body['payment_info'] ?? null) ? $body['payment_info'] : [];
    // the other blocks may hold card numbers, which do not belong in a file
    $event = json_encode(compact('ambiguous', 'general', 'state', 'info'), JSON_THROW_ON_ERROR);
    store_once($data, 'event-' . hash('sha256', $normalized) . '.json', $event);
    $paymentId = $general['payment_id'] ?? null;
    $status = $state['status'] ?? null;
    // anything else is kept for a person to look at, and credits nothing
    if ($ambiguous || !in_array($status, ['success', 'decline'], true) || !is_string($paymentId)) {
        return;
    }
    $paid = ($info['type'] ?? null) === 'payin' && is_int($info['amount'] ?? null) && $info['amount'] > 0
        && is_string($info['currency'] ?? null);
    if ($status === 'success' && !$paid) {
        return;
    }
    // the first end counts; compare amount and currency with your order here before you deliver
    store_once($data, end_of($paymentId), json_encode(compact('paymentId', 'status', 'info'), JSON_THROW_ON_ERROR));
}

function credits(string $data, string $paymentId): int
{
    $file = "$data/" . end_of($paymentId);
    return file_exists($file) && json_decode(file_get_contents($file), true)['status'] === 'success' ? 1 : 0;
}

function answer(string $home, string $data): array
{
    $path = $_SERVER['REQUEST_URI'];
    if ($_SERVER['REQUEST_METHOD'] === 'GET' && str_starts_with($path, '/credits/')) {
        return [200, (string) credits($data, rawurldecode(substr($path, strlen('/credits/'))))];
    }
    if ($path !== '/callbacks') {
        return [404, 'not found'];
    }
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        return [405, 'POST only'];
    }
    $raw = (string) file_get_contents('php://input', false, null, 0, MAX_BODY + 1);
    if (strlen($raw) > MAX_BODY) {
        return [413, 'too large'];
    }
    try {
        [$body, $normalized, $ambiguous] = check($raw, $home);
    } catch (Refused) {
        return [401, 'refused'];
    } catch (JsonException) { // not JSON, not UTF-8, or nested too deeply
        return [400, 'refused'];
    }
    store($data, $body, $normalized, $ambiguous); // an error here is a 500, and the gateway repeats
    return [200, 'OK'];
}

try {
    if (!is_dir($data)) {
        @mkdir($data, 0700, true);
    }
    [$status, $text] = answer($home, $data);
} catch (Throwable $error) {
    error_log('callback not stored: ' . get_class($error));
    [$status, $text] = [500, 'not stored'];
}
http_response_code($status);
header('content-type: text/plain');
echo $text;
