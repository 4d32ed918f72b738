// The headers of a request: node sign.mjs KEYS rsa|hmac PROJECT TIMESTAMP < body
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { headersOf } from "../signing/signature.mjs";

const [keys, algorithm, project, timestamp] = process.argv.slice(2);
const file = (name) => readFileSync(join(keys, name), "utf8");
const key = { public_pem: file("public_key.pem") };
if (algorithm === "hmac") key.text = file("hmac_private_key.txt").trim();
else key.private_pem = file("private_key.pem");
console.log(JSON.stringify(headersOf(readFileSync(0), { project, key, timestamp: Number(timestamp) })));
