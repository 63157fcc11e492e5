/** A file of any size, line by line, as a check of it must see it: nothing mended, nothing skipped. */
import { createReadStream } from 'node:fs';

/** Far more than any line of ours; a longer one is not read whole. */
const LINE_BYTES_MAX = 256 * 1024;
const LINE_FEED = 0x0a;

/**
 * Lines with their line break; what follows the last one comes without. Null is a line that is too
 * long, with which reading ends, or not UTF-8: read leniently, different bytes would be the same text.
 * A file that is not there has no lines.
 */
export async function* linesOf(file: string): AsyncGenerator<string | null> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunksOf(file)) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
      yield decoded(bytes.subarray(from, at + 1));
      from = at + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > LINE_BYTES_MAX) return yield null;
  }
  if (rest.length > 0) yield decoded(rest);
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'ENOENT') throw thrown;
  }
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
