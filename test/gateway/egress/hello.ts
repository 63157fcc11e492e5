/** TLS greetings made by hand, right or wrong in one thing. */

export type Extension = readonly [type: number, body: Buffer];

export const vector = (lengthBytes: 1 | 2 | 3, body: Buffer): Buffer => {
  const head = Buffer.alloc(lengthBytes);
  head.writeUIntBE(body.length, 0, lengthBytes);
  return Buffer.concat([head, body]);
};

export const serverName = (...names: readonly string[]): Extension => [
  0,
  vector(
    2,
    Buffer.concat(
      names.map((name) => Buffer.concat([Buffer.of(0), vector(2, Buffer.from(name, 'latin1'))])),
    ),
  ),
];

/** The handshake message; null for the old form that has no extensions. */
export function helloMessage(extensions: readonly Extension[] | null): Buffer {
  const written = (extensions ?? []).map(([type, body]) =>
    Buffer.concat([Buffer.of(type >> 8, type & 255), vector(2, body)]),
  );
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 1)),
    vector(2, Buffer.of(0x13, 0x01)),
    vector(1, Buffer.of(0)),
    ...(extensions === null ? [] : [vector(2, Buffer.concat(written))]),
  ]);
  return Buffer.concat([Buffer.of(1), vector(3, body)]);
}

export const record = (payload: Buffer, type = 22): Buffer =>
  Buffer.concat([Buffer.of(type, 3, 1), vector(2, payload)]);

export const helloFor = (name: string, ...more: readonly Extension[]): Buffer =>
  record(helloMessage([serverName(name), ...more]));
