// What a typed program uses of signature.mjs.
export type Key = { text?: string; private_pem?: string; public_pem?: string };
export type Scheme = Readonly<Record<string, string | boolean | null>>;

export function headersOf(
  raw: Buffer,
  options: { project: string; key: Key; timestamp: number; scheme?: Scheme },
): Record<string, string>;
export function verifyCallback(
  raw: Buffer,
  headers: Record<string, string>,
  options: { key: Key; now: number; tolerance?: number; scheme?: Scheme },
): boolean;
