// A callback receiver with Node's standard library alone (18 or newer).
//
// Run: HIGHHELP_HOME=./home node receiver.mjs 8000
// It answers at http://127.0.0.1:8000/callbacks and stores in ./callbacks (or $RECEIVER_DATA): one file per event, and
// one per payment for its end, which is written once. /credits/PAYMENT_ID says how often a payment was credited.
// It accepts RSA signatures of the default scheme; null is normalised as None.
import { createHash, createPublicKey, verify } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const home = process.env.HIGHHELP_HOME;
const port = Number(process.argv[2]);
if (!home || !Number.isInteger(port)) {
  console.error("usage: HIGHHELP_HOME=DIR node receiver.mjs PORT");
  process.exit(2);
}
const data = process.env.RECEIVER_DATA ?? "callbacks";
const project = JSON.parse(readFileSync(join(home, "project.json"), "utf8")).project_id;
const key = createPublicKey(readFileSync(join(home, "callback_public_key.pem")));
mkdirSync(data, { recursive: true });

const MAX_BODY = 64 * 1024;
const TOLERANCE = 300; // seconds between signing and receipt
const sha256 = (content) => createHash("sha256").update(content).digest();

class Refused extends Error {}

// numbers keep the text that was signed: 1.10 must not become 1.1
function parseForSignature(text) {
  const tokens = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/gs;
  return JSON.parse(text.replace(tokens, (token) => (token[0] === '"' ? token : `"${token}"`)));
}

function entries(value, path, found) {
  if (value !== null && typeof value === "object") {
    for (const [name, inner] of Object.entries(value)) entries(inner, [...path, name], found);
    return found;
  }
  const text = value === null ? "None" : value === true ? "1" : value === false ? "0" : value;
  // the normalised string escapes nothing: with these, two bodies could share a signature
  found.ambiguous ||= text.includes(";") || path.some((name) => /[:;]/.test(name));
  found.push(Buffer.from([...path, text].join(":"), "utf8"));
  return found;
}

function check(raw, headers) {
  const timestamp = headers["x-access-timestamp"] ?? "";
  const signature = headers["x-access-signature"] ?? "";
  if (!/^[0-9]{1,12}$/.test(timestamp) || !/^[A-Za-z0-9_-]+$/.test(signature)) throw new Refused("not signed");
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  const body = JSON.parse(text);
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw new Refused("not an object");
  const found = entries(parseForSignature(text), [], []);
  found.sort(Buffer.compare); // by code point, which is the order of UTF-8 bytes
  const normalized = found.map((entry) => entry.toString("utf8")).join(";");
  const message = Buffer.from(normalized, "utf8").toString("base64url") + timestamp;
  if (!verify("sha256", sha256(message), key, Buffer.from(signature, "base64url"))) throw new Refused("wrong signature");
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) throw new Refused("too old, or from the future");
  if (body.project_id !== project) throw new Refused("another project");
  return { body, normalized, ambiguous: found.ambiguous === true };
}

/** Write a file that is not there yet, and make it durable. Returns without an error where it is there. */
function storeOnce(name, content) {
  const temporary = join(data, `.${process.pid}-${Math.random().toString(36).slice(2)}`);
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, join(data, name)); // all of it appears, or nothing
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    unlinkSync(temporary);
  }
  const directory = openSync(data, "r");
  fsyncSync(directory); // the other delivery of a duplicate may not have come this far
  closeSync(directory);
}

const endOf = (paymentId) => `end-${sha256(paymentId).toString("hex")}.json`;

function store({ body, normalized, ambiguous }) {
  const { general, status, payment_info: info } = body;
  // the other blocks may hold card numbers, which do not belong in a file
  storeOnce(`event-${sha256(normalized).toString("hex")}.json`, JSON.stringify({ ambiguous, general, status, info }));
  const paymentId = general?.payment_id;
  const final = status?.status === "success" || status?.status === "decline";
  // anything else is kept for a person to look at, and credits nothing
  if (ambiguous || !final || typeof paymentId !== "string") return;
  const paid =
    info?.type === "payin" && Number.isSafeInteger(info.amount) && info.amount > 0 && typeof info.currency === "string";
  if (status.status === "success" && !paid) return;
  // the first end counts; compare amount and currency with your order here before you deliver
  storeOnce(endOf(paymentId), JSON.stringify({ paymentId, status: status.status, info }));
}

function credits(paymentId) {
  try {
    return JSON.parse(readFileSync(join(data, endOf(paymentId)), "utf8")).status === "success" ? 1 : 0;
  } catch (error) {
    if (error.code === "ENOENT") return 0;
    throw error;
  }
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function answer(request) {
  if (request.method === "GET" && request.url.startsWith("/credits/")) {
    return [200, String(credits(decodeURIComponent(request.url.slice("/credits/".length))))];
  }
  if (request.url !== "/callbacks") return [404, "not found"];
  if (request.method !== "POST") return [405, "POST only"];
  const raw = await read(request);
  if (raw === null) return [413, "too large"];
  let callback;
  try {
    callback = check(raw, request.headers);
  } catch (error) {
    // not JSON, not UTF-8, nested too deeply, or refused: nothing of it is stored
    return [error instanceof Refused ? 401 : 400, "refused"];
  }
  store(callback); // an error here is a 500, and the gateway repeats
  return [200, "OK"];
}

const server = createServer(async (request, response) => {
  let status = 500;
  let text = "not stored";
  try {
    [status, text] = await answer(request);
  } catch (error) {
    console.error(`callback not stored: ${error.code ?? error.name}`);
  }
  response.writeHead(status, status === 413 ? { connection: "close" } : {});
  response.end(text, () => status === 413 && request.destroy());
});
server.listen(port, "127.0.0.1", () => console.log(`callbacks are received at http://127.0.0.1:${port}/callbacks`));
for (const name of ["SIGINT", "SIGTERM"]) {
  process.on(name, () => {
    server.close(() => process.exit(0)); // what is being stored is stored
    server.closeIdleConnections();
  });
}
