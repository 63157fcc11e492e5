/**
 * Reads a zip archive that nobody trusts, entry by entry, in memory. The only file that knows the reader.
 *
 * Nothing is ever written by the names inside. Names that lead elsewhere, links, and what unpacks to far
 * more than it is are refused before their bytes are looked at.
 */
import yauzl, { type Entry, type ZipFile } from 'yauzl';

const MIB = 2 ** 20;
export const ARCHIVE = {
  entries: 20_000,
  entryBytes: 64 * MIB,
  bytes: 256 * MIB,
  /** Text shrinks to a fiftieth now and then; what is small may shrink as it likes. */
  ratio: 200,
  ratioFreeBytes: MIB,
  /** Archives inside archives. */
  depth: 2,
} as const;

export type ArchiveEnd =
  | { readonly ended: 'read' }
  /** Too large or damaged: nothing that anybody meant. */
  | { readonly ended: 'unreadable'; readonly why: string }
  | { readonly ended: 'hostile'; readonly why: string };

type Visit = (name: string, bytes: Buffer) => void;

/** Each file in it, and each in the archives in it. */
export async function readArchive(bytes: Uint8Array, visit: Visit): Promise<ArchiveEnd> {
  const room = { bytes: ARCHIVE.bytes, entries: ARCHIVE.entries };
  return readWithin({ bytes: Buffer.from(bytes), room, depth: 1 }, visit);
}

export const isArchive = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'PK\u0003\u0004';

type Reading = {
  readonly bytes: Buffer;
  /** What may still come, in all of it. */
  readonly room: { bytes: number; entries: number };
  readonly depth: number;
};

async function readWithin({ bytes, room, depth }: Reading, visit: Visit): Promise<ArchiveEnd> {
  try {
    const zip = await yauzl.fromBufferPromise(bytes, { lazyEntries: true, decodeStrings: false });
    // No more are handed out than it says.
    room.entries -= zip.entryCount;
    if (room.entries < 0) return tooMuch(`it has more than ${ARCHIVE.entries} files`);
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry);
      const refused = refusal(entry, name, room);
      if (refused !== null) return refused;
      if (name.endsWith('/')) continue;
      const content = await contentOf(zip, entry);
      const end = await within({ bytes: content, room, depth }, name, visit);
      if (end.ended !== 'read') return end;
    }
    return { ended: 'read' };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return { ended: 'unreadable', why: why.slice(0, 300) };
  }
}

async function within(reading: Reading, name: string, visit: Visit): Promise<ArchiveEnd> {
  visit(name, reading.bytes);
  if (!isArchive(reading.bytes)) return { ended: 'read' };
  if (reading.depth >= ARCHIVE.depth)
    return hostile(`${shown(name)} is an archive in an archive in an archive`);
  return readWithin({ ...reading, depth: reading.depth + 1 }, visit);
}

function refusal(entry: Entry, full: string, room: Reading['room']): ArchiveEnd | null {
  const { uncompressedSize: size, compressedSize: packed } = entry;
  const name = shown(full);
  room.bytes -= size;
  if (yauzl.validateFileName(full) !== null) return hostile(`${name} leads out of its folder`);
  if (kindOf(entry) === SYMLINK) return hostile(`${name} is a symbolic link`);
  if (entry.isEncrypted()) return { ended: 'unreadable', why: `${name} is encrypted` };
  if (size > ARCHIVE.ratioFreeBytes && size > packed * ARCHIVE.ratio)
    return hostile(`${name} unpacks to more than ${ARCHIVE.ratio} times its size`);
  if (size > ARCHIVE.entryBytes) return tooMuch(`${name} is over ${ARCHIVE.entryBytes / MIB} MiB`);
  if (room.bytes < 0) return tooMuch(`it unpacks to over ${ARCHIVE.bytes / MIB} MiB`);
  return null;
}

/** Decoded here: read by the reader itself, a name that leads elsewhere would only be an error. */
function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
}

const SYMLINK = 0o12;
/** From the rights that Unix keeps in the upper half. */
const kindOf = ({ externalFileAttributes }: Entry): number => externalFileAttributes >>> 28;
const hostile = (why: string): ArchiveEnd => ({ ended: 'hostile', why });
const tooMuch = (why: string): ArchiveEnd => ({ ended: 'unreadable', why });
const shown = (name: string): string => JSON.stringify(name.slice(0, 100));

/** Never more than it said: the reader ends with an error when there is another byte. */
async function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const stream = await zip.openReadStreamPromise(entry);
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
