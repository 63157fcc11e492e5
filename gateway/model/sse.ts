/**
 * Cuts a stream that passes by into its events, wherever the network cut it.
 *
 * An event goes on when its last byte is there. A part of one is of no use to a client, and after
 * it nothing could be said any more: not that the model thinks, not that the answer broke off.
 */
import { viewOf } from '../bytes.ts';

/** A longer one goes on in parts that are not read. */
const EVENT_BYTES_MAX = 8 * 1024 * 1024;

export type SseEvent = {
  readonly bytes: Uint8Array;
  /** Null for a comment, and for what is not read. */
  readonly data: string | null;
  /** Without its end: whatever is written after it becomes a part of it. */
  readonly part: boolean;
};

export type EventCutter = {
  push(chunk: Uint8Array): SseEvent[];
  /** What came after the last event, when the stream is over. */
  rest(): SseEvent | null;
};

export function eventCutter(): EventCutter {
  const state = { held: [] as Uint8Array[], heldBytes: 0, torn: false };
  const take = (): Buffer => {
    const [only] = state.held;
    const all = state.held.length === 1 && only ? viewOf(only) : Buffer.concat(state.held);
    state.held = [];
    state.heldBytes = 0;
    return all;
  };
  return {
    push: (chunk) => {
      const seam =
        state.held.length === 0 ? viewOf(chunk) : Buffer.concat([tail(state.held), chunk]);
      state.held.push(chunk);
      state.heldBytes += chunk.byteLength;
      if (endOfEvent(seam, 0) >= 0) {
        const { events, rest } = cut(take(), state.torn);
        state.torn = false;
        if (rest.byteLength > 0) state.held = [rest];
        state.heldBytes = rest.byteLength;
        return events;
      }
      if (state.heldBytes <= EVENT_BYTES_MAX) return [];
      state.torn = true;
      return [{ bytes: take(), data: null, part: true }];
    },
    rest: () => {
      const bytes = take();
      return bytes.byteLength === 0 ? null : { bytes, data: dataOf(bytes), part: true };
    },
  };
}

/** Enough of what is held to see an end that lies across two chunks. */
function tail(held: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(held.slice(-2)).subarray(-2);
}

function cut(bytes: Buffer, torn: boolean): { events: SseEvent[]; rest: Buffer } {
  const events: SseEvent[] = [];
  let from = 0;
  for (let end = endOfEvent(bytes, 0); end >= 0; end = endOfEvent(bytes, from)) {
    const event = bytes.subarray(from, end);
    const isRead = !(torn && events.length === 0);
    events.push({ bytes: event, data: isRead ? dataOf(event) : null, part: false });
    from = end;
  }
  return { events, rest: bytes.subarray(from) };
}

/** Behind the empty line that ends an event; -1 when there is none. */
function endOfEvent(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

const LF = 0x0a;
const CR = 0x0d;

function dataOf(event: Buffer): string | null {
  const lines = event.toString('utf8').split('\n').filter(isData);
  if (lines.length === 0) return null;
  return lines.map((line) => line.replace(/^data: ?/, '').replace(/\r$/, '')).join('\n');
}

function isData(line: string): boolean {
  return line.startsWith('data:');
}
