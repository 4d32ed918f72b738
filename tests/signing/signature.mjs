// The signature of the API in a second language, from spec/README.md alone: nothing but node's own modules.
import { createHash, createHmac, createPrivateKey, createPublicKey, sign, timingSafeEqual, verify } from "node:crypto";

export const SCHEME = Object.freeze({
  digest: "double",
  padding: false,
  joiner: ";",
  null_text: "None",
  true_text: "1",
  false_text: "0",
  token: "public_key",
  rsa_algorithm: null,
  hmac_algorithm: "hmac-sha512",
});

const LIMITS = { raw: 1 << 20, depth: 64, text: 4 << 20, digits: 4300 };

/** A body that has no normalised string; `reason` is a word of spec/README.md. */
export class Refused extends Error {
  constructor(reason) {
    super(`the body cannot be signed: ${reason}`);
    this.reason = reason;
  }
}

// Reading. JSON.parse would drop repeated keys, round long integers and hide whether a number had a fraction.

/** The body as nested nodes: {object: [[key, node]]}, {array: [node]}, {text, source}, {number}, {word}. */
export function read(raw) {
  if (raw.length > LIMITS.raw) throw new Refused("size");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    throw new Refused("encoding");
  }
  if (text.startsWith("\ufeff")) throw new Refused("encoding");
  const [node, faults] = parse(text);
  if (!node.object) throw new Refused("not_object");
  if (faults.length) throw new Refused(faults[0]);
  return node;
}

// In sticky mode each matches at one place only.
const TOKENS = /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?)(?![0-9.eE+-])|(true|false|null)(?![A-Za-z]))/y;
const SPACE = /[ \t\n\r]*$/y;

/** Without recursion, as the depth is the sender's choice. Faults that are not of the syntax are told beside. */
function parse(text) {
  const faults = [];
  const open = []; // containers that are not closed yet, each with its keys so far
  let place = 0;
  let root;
  let expected = "value"; // value, first (value or end of an array), key, firstKey (key or end), colon, next (comma or end)
  let key;
  const put = (node) => {
    const top = open.at(-1);
    if (!top) root = node;
    else if (top.node.object) top.node.object.push([key, node]);
    else top.node.array.push(node);
    expected = "next";
  };
  const close = () => {
    open.pop();
    expected = "next";
  };
  for (;;) {
    if (root && !open.length) {
      SPACE.lastIndex = place;
      if (!SPACE.test(text)) throw new Refused("syntax");
      return [root, faults];
    }
    TOKENS.lastIndex = place;
    const found = TOKENS.exec(text);
    if (!found) throw new Refused("syntax");
    place = TOKENS.lastIndex;
    const [, mark, string, number, fraction, exponent, word] = found;
    const top = open.at(-1);
    if (expected === "colon") {
      if (mark !== ":") throw new Refused("syntax");
      expected = "value";
    } else if (expected === "next") {
      if (mark === ",") expected = top.node.object ? "key" : "value";
      else if (mark === (top.node.object ? "}" : "]")) close();
      else throw new Refused("syntax");
    } else if (expected === "key" || expected === "firstKey") {
      if (expected === "firstKey" && mark === "}") {
        close();
        continue;
      }
      if (string === undefined) throw new Refused("syntax");
      key = JSON.parse(string);
      if (top.keys.has(key)) faults.push("duplicate_key");
      top.keys.add(key);
      expected = "colon";
    } else if (mark === "{") {
      const node = { object: [] };
      put(node);
      open.push({ node, keys: new Set() });
      expected = "firstKey";
    } else if (mark === "[") {
      const node = { array: [] };
      put(node);
      open.push({ node });
      expected = "first";
    } else if (mark === "]" && expected === "first") {
      close();
    } else if (string !== undefined) {
      put({ text: JSON.parse(string), source: string.slice(1, -1) });
    } else if (number !== undefined) {
      if (fraction || exponent) faults.push("float");
      else if (number.replace("-", "").length > LIMITS.digits) faults.push("number");
      put({ number: number === "-0" ? "0" : number });
    } else if (word !== undefined) {
      put({ word });
    } else {
      throw new Refused("syntax");
    }
  }
}

// The stages.

/** The entries in the order of the document. `textOf` reads a text node; another one is another reading. */
export function entries(root, scheme = SCHEME, textOf = (node) => node.text) {
  const found = [];
  let paths = 0;
  let size = 0;
  let level = [["", root]];
  for (let depth = 0; level.length; depth++) {
    if (depth === LIMITS.depth) throw new Refused("depth");
    const below = [];
    for (const [prefix, node] of level) {
      const items = node.object ?? node.array.map((item, index) => [String(index), item]);
      for (const [key, item] of items) {
        if (node.object && (key.includes(":") || key.includes(scheme.joiner))) throw new Refused("key");
        if (!key.isWellFormed()) throw new Refused("surrogate");
        const path = `${prefix}${key}:`;
        if (item.object || item.array) {
          if (!(item.object ?? item.array).length) continue;
          paths += path.length;
          if (paths > LIMITS.text) throw new Refused("size");
          below.push([path, item]);
          continue;
        }
        const text = item.text !== undefined ? textOf(item) : (item.number ?? scheme[`${item.word}_text`]);
        if (text === null) continue; // null gives no entry
        if (!text.isWellFormed()) throw new Refused("surrogate");
        size += path.length + text.length;
        if (size > LIMITS.text) throw new Refused("size");
        found.push(path + text);
      }
    }
    level = below;
  }
  return found;
}

/** By code point. JavaScript's own order is by UTF-16 units, where U+FF5E sorts after U+1F600. */
export function byCodePoint(left, right) {
  return Buffer.compare(Buffer.from(left), Buffer.from(right)); // the order of UTF-8 is that of the code points
}

export function normalized(root, scheme = SCHEME) {
  const text = entries(root, scheme).sort(byCodePoint).join(scheme.joiner);
  if (Buffer.byteLength(text) > LIMITS.text) throw new Refused("size");
  return text;
}

export function base64url(bytes, padding = false) {
  const text = Buffer.from(bytes).toString("base64url");
  return padding ? text.padEnd(Math.ceil(text.length / 4) * 4, "=") : text;
}

/** The bytes, or null where the text is neither the unpadded nor the padded spelling of any. */
export function fromBase64url(text) {
  const bytes = Buffer.from(text, "base64url");
  return bytes.length && [base64url(bytes), base64url(bytes, true)].includes(text) ? bytes : null;
}

export function messageOf(text, timestamp, scheme = SCHEME) {
  return base64url(Buffer.from(text), scheme.padding) + timestamp;
}

export const digestOf = (message) => createHash("sha256").update(message).digest();

const rsaInput = (message, scheme) => (scheme.digest === "double" ? digestOf(message) : Buffer.from(message));

/** A key is {text} for HMAC, or {private_pem} or {public_pem} for RSA. */
export function signatureOf(message, key, scheme = SCHEME) {
  if (key.text !== undefined) return createHmac("sha512", key.text).update(message).digest();
  return sign("sha256", rsaInput(message, scheme), createPrivateKey(key.private_pem));
}

/** `how`: another hash or padding than the rules', to find out what a wrong signature was made with. */
export function matches(message, signature, key, scheme = SCHEME, how = {}) {
  if (key.text !== undefined) {
    const made = createHmac(how.hash ?? "sha512", key.text).update(message).digest();
    return made.length === signature.length && timingSafeEqual(made, signature);
  }
  const options = { key: createPublicKey(key.public_pem), ...how.options };
  return verify(how.hash ?? "sha256", rsaInput(message, scheme), options, signature);
}

export function tokenOf(key, project, scheme = SCHEME) {
  const types = { public_key: "der", public_key_pem: "pem" };
  const type = types[scheme.token];
  if (scheme.token === "project_id" || (type && !key.public_pem)) return project;
  return type ? base64url(Buffer.from(createPublicKey(key.public_pem).export({ type: "spki", format: type }))) : scheme.token;
}

/** What a request carries. `raw` are the bytes that are sent. */
export function headersOf(raw, { project, key, timestamp, scheme = SCHEME }) {
  const signature = signatureOf(messageOf(normalized(read(raw), scheme), timestamp, scheme), key, scheme);
  const headers = {
    "x-access-merchant-id": project,
    "x-access-timestamp": String(timestamp),
    "x-access-token": tokenOf(key, project, scheme),
    "x-access-signature": base64url(signature, scheme.padding),
  };
  const algorithm = key.text !== undefined ? scheme.hmac_algorithm : scheme.rsa_algorithm;
  if (algorithm !== null) headers["x-access-merchant-algorithm"] = algorithm;
  return headers;
}

/** Whether a callback is genuine and fresh. Not whether it can be read in two ways: see spec/README.md. */
export function verifyCallback(raw, headers, { key, now, tolerance = 300, scheme = SCHEME }) {
  const timestamp = headers["x-access-timestamp"] ?? "";
  const signature = fromBase64url(headers["x-access-signature"] ?? "");
  if (!signature || !/^[1-9][0-9]{9}$/.test(timestamp)) return false;
  const message = messageOf(normalized(read(raw), scheme), timestamp, scheme);
  return matches(message, signature, key, scheme) && Math.abs(now - Number(timestamp)) <= tolerance;
}
