// Pays against a served gateway with a client that another generator made: node built/pay.js URL PROJECT KEYS
// Prints what happened as JSON. The types are part of the test: this file must compile, and what is wrong must not.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createClient } from "./client/client/index.js";
import { createP2pPayin, getBalance, getP2pPayin } from "./client/index.js";
import type { CreateP2pPayinData, PaymentSuccessWebhookPayload, PaymentUpdateWebhookPayload } from "./client/index.js";
import { zBalance, zP2pPayoutRequest, zPaymentState } from "./client/zod.gen.js";
import { headersOf, verifyCallback } from "./signature.mjs";

const [url, project, keys] = process.argv.slice(2) as [string, string, string];
const file = (name: string) => readFileSync(join(keys, name), "utf8");
const key = { private_pem: file("private_key.pem"), public_pem: file("public_key.pem") };
const now = () => Math.floor(Date.now() / 1000);

const unsigned = createClient({ baseUrl: url });
const client = createClient({ baseUrl: url });
let ahead = 0; // seconds by which the gateway's clock was moved on
client.interceptors.request.use(async (request) => {
  const raw = Buffer.from(await request.clone().arrayBuffer());
  const signed = headersOf(raw, { project, key, timestamp: now() + ahead });
  for (const [name, value] of Object.entries(signed)) request.headers.set(name, value);
  return request;
});

// Callbacks, by the types of the document's webhooks.
const told: string[] = [];
const settled: { payment_id: string; amount: number | null | undefined; genuine: boolean }[] = [];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const headers = request.headers as Record<string, string>;
  const genuine = verifyCallback(raw, headers, { key: { public_pem: file("callback_public_key.pem") }, now: now() + ahead });
  if (request.url === "/success") {
    const body = JSON.parse(raw.toString()) as PaymentSuccessWebhookPayload;
    settled.push({ payment_id: body.general.payment_id, amount: body.payment_info?.amount, genuine });
  } else {
    const body = JSON.parse(raw.toString()) as PaymentUpdateWebhookPayload;
    told.push(`${body.status.status}:${body.status.sub_status}:${genuine}`);
  }
  response.writeHead(200).end("OK");
});
await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const here = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;

const body: CreateP2pPayinData["body"] = {
  general: {
    project_id: project,
    payment_id: "заказ-1",
    merchant_callback_url: `${here}/update`,
    merchant_success_callback_url: `${here}/success`,
  },
  payment: { method: "card-p2p", amount: 10000, currency: "RUB" },
};
// codes are open: a new one is no type error
const later: CreateP2pPayinData["body"] = { ...body, payment: { ...body.payment, method: "method-of-tomorrow" } };
// @ts-expect-error amounts are whole minor units, never text
const text: CreateP2pPayinData["body"] = { ...body, payment: { ...body.payment, amount: "100.00" } };
// @ts-expect-error a block that is required
const without: CreateP2pPayinData["body"] = { general: body.general };
void [later, text, without];

async function rubles(): Promise<number> {
  const answer = await getBalance({ client, body: { general: { project_id: project } }, throwOnError: true });
  return answer.data.balance.find((row) => row.currency === "RUB")?.amount ?? 0;
}

async function move(seconds: number): Promise<void> {
  await fetch(`${url}/_mock/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });
  ahead += seconds;
}

const refused = await createP2pPayin({ client: unsigned, body });
const before = await rubles();
const created = await createP2pPayin({ client, body, throwOnError: true });
const states: string[] = [`${created.data.status}:${created.data.sub_status}`];
for (let turn = 0; turn < 50 && states.at(-1) !== "success:null"; turn++) {
  await move(1);
  const { data } = await getP2pPayin({
    client,
    body: { general: { project_id: project, payment_id: body.general.payment_id } },
    throwOnError: true,
  });
  const state = `${data.status}:${data.sub_status}`;
  if (state !== states.at(-1)) states.push(state);
}
for (let turn = 0; turn < 100 && !settled.length; turn++) await new Promise((resolve) => setTimeout(resolve, 50));
receiver.close();
receiver.closeAllConnections();

console.log(
  JSON.stringify({
    refused: [refused.response?.status, refused.error?.status_description],
    form: created.data.integration?.form_url,
    states,
    earned: (await rubles()) - before,
    told: [...new Set(told)].sort(),
    settled,
    // the validators that the generator made; each call above went through its own
    reads: {
      status: zPaymentState.safeParse({ status: "refunded", sub_status: "by_bank", fee: 1 }).success,
      money: zBalance.safeParse({ currency: "RUB", amount: 9007199254740991 }).success,
      payout: zP2pPayoutRequest.safeParse({ ...body, receiver: { pan: "2200000000000004" } }).success,
    },
    refuses: {
      no_status: zPaymentState.safeParse({}).success,
      no_receiver: zP2pPayoutRequest.safeParse(body).success,
      text: zP2pPayoutRequest.safeParse({ ...body, receiver: { pan: "x" } }).success,
    },
  }),
);
