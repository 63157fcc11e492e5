/**
 * Whether a stream goes on as TLS. What begins with a greeting and then speaks plain text has only
 * used the greeting to get through.
 */

const HEAD = 5;
/** change_cipher_spec, alert, handshake, application_data, heartbeat. */
const FIRST_TYPE = 20;
const LAST_TYPE = 24;
/** TLS 1.2 allows 2,048 more than the 16,384 of a plain record. */
const LENGTH_MAX = 2 ** 14 + 2_048;

/** False for ever once a chunk is no part of a record. Looks at heads only, so it costs next to nothing. */
export function recordsOnly(): (chunk: Buffer) => boolean {
  let payloadLeft = 0;
  let head: number[] = [];
  let isTls = true;
  return (chunk) => {
    let at = 0;
    while (isTls && at < chunk.length) {
      const skipped = Math.min(payloadLeft, chunk.length - at);
      payloadLeft -= skipped;
      at += skipped;
      while (payloadLeft === 0 && head.length < HEAD && at < chunk.length) {
        head.push(chunk[at] ?? 0);
        at += 1;
        isTls &&= isBegun(head);
      }
      if (head.length < HEAD) continue;
      payloadLeft = (head[3] ?? 0) * 256 + (head[4] ?? 0);
      isTls &&= payloadLeft <= LENGTH_MAX;
      head = [];
    }
    return isTls;
  };
}

function isBegun([type = 0, major = 3]: readonly number[]): boolean {
  return type >= FIRST_TYPE && type <= LAST_TYPE && major === 3;
}
