/**
 * Reads the first thing a TLS client says, as far as the server name in it, without a TLS library:
 * none hands it out before it has answered. A tunnel whose name is another than the one that was
 * allowed leads to another machine behind the same front.
 *
 * Pure. `readHello` is given all bytes so far and says how many it needs before it looks again, so
 * that bytes that come one by one cost no more than others.
 */

export type HelloCode =
  | 'not_tls'
  | 'hello_malformed'
  | 'hello_too_long'
  | 'hello_in_too_many_records'
  | 'extension_twice'
  | 'name_encrypted'
  | 'name_missing'
  | 'name_not_one';

export type Hello =
  | { readonly state: 'more'; readonly bytesNeeded: number }
  | { readonly state: 'read'; readonly name: string }
  | { readonly state: 'refused'; readonly code: HelloCode };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RECORD_HEAD = 5;
const MESSAGE_HEAD = 4;
const RECORD_BYTES_MAX = 2 ** 14;
/** Real ones come in one or two; a message in crumbs is a message for the checker only. */
const RECORDS_MAX = 16;
export const HELLO_BYTES_MAX = 64 * 1024;

const SERVER_NAME = 0;
/** encrypted_client_hello, and the draft before it. */
const ENCRYPTED = [0xfe0d, 0xffce];

export function readHello(bytes: Buffer): Hello {
  const message = messageIn(bytes);
  if ('state' in message) return message;
  try {
    return nameIn(reader(message.body));
  } catch (error) {
    if (error instanceof Malformed) return { state: 'refused', code: 'hello_malformed' };
    throw error;
  }
}

const refused = (code: HelloCode): Hello => ({ state: 'refused', code });

/** Puts the first handshake message together from as many records as it lies in. */
function messageIn(bytes: Buffer): { body: Buffer } | Hello {
  const parts: Buffer[] = [];
  let held = 0;
  let at = 0;
  for (let records = 0; ; records += 1) {
    if (records === RECORDS_MAX) return refused('hello_in_too_many_records');
    const record = recordAt(bytes, at);
    if ('state' in record) return record;
    parts.push(record.payload);
    held += record.payload.length;
    at += RECORD_HEAD + record.payload.length;
    if (held < MESSAGE_HEAD) continue;
    const whole = Buffer.concat(parts);
    if (whole[0] !== CLIENT_HELLO) return refused('hello_malformed');
    const ends = MESSAGE_HEAD + whole.readUIntBE(1, 3);
    if (ends > HELLO_BYTES_MAX) return refused('hello_too_long');
    // Nothing follows it in its record: a client waits for the answer.
    if (held > ends) return refused('hello_malformed');
    if (held === ends) return { body: whole.subarray(MESSAGE_HEAD) };
  }
}

function recordAt(bytes: Buffer, at: number): { payload: Buffer } | Hello {
  const rest = bytes.subarray(at);
  const [type, major] = rest;
  if (type !== undefined && type !== HANDSHAKE) return refused('not_tls');
  if (major !== undefined && major !== 3) return refused('not_tls');
  if (rest.length < RECORD_HEAD) return more(at + RECORD_HEAD);
  const length = rest.readUInt16BE(3);
  if (length === 0 || length > RECORD_BYTES_MAX) return refused('hello_malformed');
  if (rest.length < RECORD_HEAD + length) return more(at + RECORD_HEAD + length);
  return { payload: rest.subarray(RECORD_HEAD, RECORD_HEAD + length) };
}

function more(bytesNeeded: number): Hello {
  if (bytesNeeded > HELLO_BYTES_MAX) return refused('hello_too_long');
  return { state: 'more', bytesNeeded };
}

class Malformed extends Error {}

type Reader = {
  /** A vector whose length is written in front of it in so many bytes. */
  vector(lengthBytes: 1 | 2): Buffer;
  number(bytes: 1 | 2): number;
  skip(bytes: number): void;
  isAtEnd(): boolean;
};

function reader(bytes: Buffer): Reader {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new Malformed();
    at += count;
    return bytes.subarray(at - count, at);
  };
  return {
    vector: (lengthBytes) => take(take(lengthBytes).readUIntBE(0, lengthBytes)),
    number: (count) => take(count).readUIntBE(0, count),
    skip: (count) => void take(count),
    isAtEnd: () => at === bytes.length,
  };
}

function nameIn(hello: Reader): Hello {
  // Version and random; session id, cipher suites, compression methods.
  hello.skip(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  // The oldest form ends here, and names nobody.
  if (hello.isAtEnd()) return refused('name_missing');
  const extensions = reader(hello.vector(2));
  if (!hello.isAtEnd()) return refused('hello_malformed');
  const seen = new Map<number, Buffer>();
  while (!extensions.isAtEnd()) {
    const type = extensions.number(2);
    if (seen.has(type)) return refused('extension_twice');
    seen.set(type, extensions.vector(2));
  }
  if (ENCRYPTED.some((type) => seen.has(type))) return refused('name_encrypted');
  const names = seen.get(SERVER_NAME);
  return names === undefined ? refused('name_missing') : onlyName(names);
}

function onlyName(extension: Buffer): Hello {
  const outer = reader(extension);
  const list = reader(outer.vector(2));
  if (!outer.isAtEnd()) return refused('hello_malformed');
  if (list.isAtEnd()) return refused('name_missing');
  const type = list.number(1);
  const name = list.vector(2).toString('latin1');
  if (type !== 0 || !list.isAtEnd()) return refused('name_not_one');
  return { state: 'read', name: name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) };
}
