/**
 * The one reader of what a CONNECT names. Nothing after it reads the text again, so there is no
 * second reading that could differ: a NUL, a full-width digit or a second colon has meant one
 * host to the check and another to the socket elsewhere.
 */

export type Authority = { readonly host: string; readonly port: number };

const SHAPE = /^(?<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?):(?<port>[1-9][0-9]{0,4})$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** What resolvers read as an address: 127.1, 0x7f.1 and 2130706433 all end in such a label. */
const NUMBER = /^([0-9]+|0x[0-9a-f]*)$/;
const PORT_MAX = 65_535;

/** Null when it is no plain host name and port. */
export function parseAuthority(text: string): Authority | null {
  // Only ASCII: toLowerCase would make a `k` of the Kelvin sign.
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const { host, port } = SHAPE.exec(lower)?.groups ?? {};
  if (host === undefined || Number(port) > PORT_MAX) return null;
  const labels = host.split('.');
  if (!labels.every((label) => LABEL.test(label)) || NUMBER.test(labels.at(-1) ?? '')) return null;
  return { host, port: Number(port) };
}
