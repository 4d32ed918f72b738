// Signs a request as the API's facts say, with nothing of the SDK: node sign.mjs KEYS rsa|hmac PROJECT TIMESTAMP < body
import { createHash, createHmac, createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [keys, algorithm, project, timestamp] = process.argv.slice(2);
const read = (name) => readFileSync(join(keys, name), "utf8");
const body = JSON.parse(readFileSync(0, "utf8"));

const lines = [];
const walk = (value, path) => {
  if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
  } else {
    const text = value === null ? "None" : value === true ? "1" : value === false ? "0" : String(value);
    lines.push([...path, text].join(":"));
  }
};
walk(body, []);
// by code point: JavaScript's own order is by UTF-16 units
const points = (text) => Array.from(text, (character) => character.codePointAt(0));
lines.sort((left, right) => {
  const [a, b] = [points(left), points(right)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
});

const message = Buffer.from(Buffer.from(lines.join(";"), "utf8").toString("base64url") + timestamp, "ascii");
const signature =
  algorithm === "rsa"
    ? sign("sha256", createHash("sha256").update(message).digest(), read("private_key.pem"))
    : createHmac("sha512", read("hmac_private_key.txt").trim()).update(message).digest();
const token = createPublicKey(read("public_key.pem")).export({ type: "spki", format: "der" }).toString("base64url");

const headers = {
  "x-access-merchant-id": project,
  "x-access-timestamp": timestamp,
  "x-access-token": token,
  "x-access-signature": signature.toString("base64url"),
};
if (algorithm === "hmac") headers["x-access-merchant-algorithm"] = "hmac-sha512";
console.log(JSON.stringify(headers));
