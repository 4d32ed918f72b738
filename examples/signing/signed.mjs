// A signed call with Node's standard library alone (18 or newer).
//
// Run: HIGHHELP_HOME=./home node signed.mjs /api/v1/balance/info < body.json
// The body names its project in general.project_id. Prints the answer; exit code 1 where the HTTP status is no 2xx.
import { createHash, createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const home = process.env.HIGHHELP_HOME;
const path = process.argv[2];
if (!home || !path) {
  console.error("usage: HIGHHELP_HOME=DIR node signed.mjs PATH < body.json");
  process.exit(2);
}
const file = (name) => readFileSync(join(home, name), "utf8");
const project = JSON.parse(file("project.json"));
const raw = readFileSync(0);
const body = JSON.parse(raw.toString("utf8"));

// 1. every value with the path to it; empty objects and arrays give nothing
const entries = [];
const walk = (value, at) => {
  if (value !== null && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) walk(inner, [...at, key]);
    return;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error(`${at.join(":")}: whole numbers only`);
  const text = value === null ? "None" : value === true ? "1" : value === false ? "0" : String(value);
  entries.push(Buffer.from([...at, text].join(":"), "utf8"));
};
walk(body, []);

// 2. sorted by code point, which for UTF-8 is the order of its bytes, and joined
entries.sort(Buffer.compare);
const normalized = Buffer.from(entries.map((entry) => entry.toString("utf8")).join(";"), "utf8");

// 3. base64url without padding, then the time
const timestamp = String(Math.floor(Date.now() / 1000));
const message = Buffer.from(normalized.toString("base64url") + timestamp, "ascii");

// 4. RSA-SHA256 over the SHA-256 of the message: hashed twice
const digest = createHash("sha256").update(message).digest();
const signature = sign("sha256", digest, file("private_key.pem"));
const token = createPublicKey(file("public_key.pem")).export({ type: "spki", format: "der" });

const answer = await fetch(project.base_url + path, {
  method: "POST",
  redirect: "error", // the signature is for this address alone
  headers: {
    "content-type": "application/json",
    "x-access-merchant-id": project.project_id,
    "x-access-timestamp": timestamp,
    "x-access-token": token.toString("base64url"),
    "x-access-signature": signature.toString("base64url"),
  },
  body: raw, // the bytes that were signed
});
console.log(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
