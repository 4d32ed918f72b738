// Goes through spec/signing-vectors.json stage by stage, valid and invalid: node verify.mjs [FILE]
// Ends with 1 and a line for each stage that differs, or each invalid vector whose reason is another one.
import { constants, publicDecrypt } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  base64url,
  byCodePoint,
  digestOf,
  entries,
  fromBase64url,
  headersOf,
  matches,
  messageOf,
  normalized,
  read,
  Refused,
  SCHEME,
  signatureOf,
} from "./signature.mjs";

const file = process.argv[2] ?? new URL("../../spec/signing-vectors.json", import.meta.url);
const { keys, vectors, project_id: project } = JSON.parse(readFileSync(file, "utf8"));
const wrong = [];
const counts = { valid: 0, invalid: 0 };

for (const vector of vectors) {
  const scheme = { ...SCHEME, ...vector.scheme };
  const differs = (what, made, expected) => {
    if (made !== expected) wrong.push(`${vector.id}: ${what}: ${JSON.stringify(made)} instead of ${JSON.stringify(expected)}`);
  };
  counts[vector.result] += 1;
  const raw = Buffer.from(vector.input, "base64");
  let root;
  let text;
  try {
    root = read(raw);
    text = normalized(root, scheme);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    differs("reason", error.reason, vector.reason);
    for (const [stage, value] of Object.entries(vector.stages)) differs(stage, null, value);
    continue;
  }
  const { stages } = vector;
  const key = keys[vector.key];
  const message = messageOf(text, vector.timestamp, scheme);
  differs("normalized", text, stages.normalized);
  differs("message", message, stages.message);
  differs("digest", key.text === undefined ? digestOf(message).toString("hex") : null, stages.digest);
  const signature = fromBase64url(stages.signature ?? "");
  const right = signature !== null && matches(message, signature, key, scheme);
  differs("result", right ? "valid" : "invalid", vector.result);
  if (right) {
    differs("reason", null, vector.reason);
    differs("signature", base64url(signatureOf(message, key, scheme), scheme.padding), stages.signature);
    const made = headersOf(raw, { project, key, timestamp: vector.timestamp, scheme });
    differs("headers", sorted(made), sorted(stages.headers));
  } else {
    differs("reason", reasonOf(vector, root, text, message, signature, scheme), vector.reason);
    differs("headers", null, stages.headers);
  }
}

/** What the maker of a wrong signature did instead, found by trying. */
function reasonOf(vector, root, text, message, signature, scheme) {
  if (signature === null) return "spelling";
  const key = keys[vector.key];
  const made = (other, how = scheme, by = key) => matches(other, signature, by, how);
  if (Object.values(keys).some((other) => other !== key && made(message, scheme, other))) return "key_mismatch";
  if (made(message, { ...scheme, digest: scheme.digest === "double" ? "single" : "double" })) return "digest";
  if (made(messageOf(text, vector.timestamp, { ...scheme, padding: !scheme.padding }))) return "padding";
  for (let offset = -5; offset <= 5; offset++) {
    if (offset && made(messageOf(text, vector.timestamp + offset, scheme))) return "timestamp";
  }
  if (hashes(key).some((how) => matches(message, signature, key, scheme, how))) return "algorithm";
  if (key.public_pem && bare(message, signature, key, scheme)) return "algorithm";
  for (const other of readings(root, scheme)) {
    if (made(messageOf(other, vector.timestamp, scheme))) return "reading";
  }
  return "signature";
}

function hashes(key) {
  const names = ["md5", "sha1", "sha256", "sha384", "sha512"].map((hash) => ({ hash }));
  if (key.text !== undefined) return names;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return [...names, ...names.map(({ hash }) => ({ hash, options: pss }))];
}

/** Whether the hash was padded without the name of its algorithm. */
function bare(message, signature, key, scheme) {
  const hash = digestOf(scheme.digest === "double" ? digestOf(message) : message);
  try {
    return publicDecrypt({ key: key.public_pem, padding: constants.RSA_PKCS1_PADDING }, signature).equals(hash);
  } catch {
    return false; // no padding of PKCS#1 v1.5 at all
  }
}

/** Normalised strings as other programs make them. */
function* readings(root, scheme) {
  const join = (list, joiner = scheme.joiner) => list.join(joiner);
  const sort = (list) => [...list].sort(byCodePoint);
  for (const joiner of [";", "&", "|", ",", "\n", ""]) yield join(sort(entries(root, scheme)), joiner);
  for (const null_text of ["None", "null", "nil", ""]) yield join(sort(entries(root, { ...scheme, null_text })));
  for (const [true_text, false_text] of [["1", "0"], ["true", "false"], ["True", "False"]]) {
    // one of the two alone is a mistake too
    yield join(sort(entries(root, { ...scheme, true_text, false_text })));
    yield join(sort(entries(root, { ...scheme, true_text })));
  }
  yield join(entries(root, scheme));
  yield join([...entries(root, scheme)].sort());
  yield join(sort(entries(root, scheme, (node) => node.source)));
}

function sorted(headers) {
  return JSON.stringify(Object.entries(headers ?? {}).sort());
}

for (const line of wrong) console.log(line);
console.log(`${counts.valid} valid and ${counts.invalid} invalid vectors, ${wrong.length} differences`);
process.exitCode = wrong.length ? 1 : 0;
