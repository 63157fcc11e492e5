/** Archives as nobody's tool would write them: names, links and sizes as a test likes. */
import { crc32, deflateRawSync } from 'node:zlib';

export type Given = {
  readonly name: string;
  readonly content: Uint8Array | string;
  /** As Unix keeps it: the kind and the rights of a file. */
  readonly mode?: number;
  readonly isPacked?: boolean;
  /** What it says that it unpacks to. */
  readonly says?: number;
};

export function zipOf(...entries: readonly Given[]): Buffer {
  const locals: Buffer[] = [];
  const heads: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { name, mode = 0o100644, isPacked = true } = entry;
    const content = Buffer.from(entry.content);
    const data = isPacked ? deflateRawSync(content) : content;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2);
    common.writeUInt16LE(isPacked ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(entry.says ?? content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(at, 10);
    const made = Buffer.from([20, 3]);
    heads.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002'), made, common, rest, Buffer.from(name)]),
    );
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(heads);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\u0005\u0006'), end]);
}
