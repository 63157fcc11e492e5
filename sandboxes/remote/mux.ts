/**
 * Many connections over one pair of byte streams, for a gateway that cannot be reached by a socket.
 *
 *   frame: type (1 byte)  channel (4)  length (4)  payload, at most 32 KiB; numbers are big-endian
 *
 * One side opens channels, numbered from 1; the other accepts them. Each direction of a channel may have
 * 128 KiB under way that the other has not taken: a slow reader stops its own writer and nobody else.
 * What breaks a rule breaks the whole, because after a wrong length nothing that follows means anything.
 *
 * No I/O and no imports: the same text runs in the controller and inside a sandbox.
 */
const HEADER_BYTES = 9;
export const PAYLOAD_BYTES_MAX = 32 * 1024;
export const WINDOW_BYTES = 128 * 1024;
export const CHANNELS_MAX = 128;
/** Taken bytes are told of in lots, so that a frame of ten bytes is not answered by one of thirteen. */
const TELL_BYTES = WINDOW_BYTES / 4;

export const TYPES = { open: 1, data: 2, end: 3, gone: 4, taken: 5 } as const;
type Type = (typeof TYPES)[keyof typeof TYPES];

export type Side = 'opens' | 'accepts';

export type Listener = {
  /** The other side opened a channel. */
  opened(channel: number): void;
  /** Whoever has used the bytes up says so by `taken`. */
  data(channel: number, bytes: Uint8Array): void;
  /** Nothing more comes from the other side; it still listens. */
  ended(channel: number): void;
  /** Over in both directions, with what was under way. */
  gone(channel: number): void;
  /** Everything that was written is sent: go on. */
  drained(channel: number): void;
};

export type Mux = {
  /** What came from the other side, in pieces of any size. Throws `BrokenFrames`. */
  push(chunk: Uint8Array): void;
  /** Null when there are as many as there may be. */
  open(): number | null;
  /** False: stop until `drained`. Does nothing on a channel that is gone. */
  write(channel: number, bytes: Uint8Array): boolean;
  taken(channel: number, count: number): void;
  end(channel: number): void;
  /** Gives a channel up. The listener hears nothing more of it. */
  drop(channel: number): void;
};

export class BrokenFrames extends Error {
  override readonly name = 'BrokenFrames';
}

type Channel = {
  /** Bytes that may still be sent, and those that wait until they may. */
  credit: number;
  waiting: Uint8Array[];
  /** Bytes that the other side may still send, and those taken that it was not told of. */
  room: number;
  untold: number;
  isEnding: boolean;
  sentEnd: boolean;
  heardEnd: boolean;
};

type State = {
  readonly side: Side;
  readonly send: (frame: Uint8Array) => void;
  readonly listener: Listener;
  readonly channels: Map<number, Channel>;
  /** The newest channel; numbers are not used twice. */
  last: number;
};

export function multiplex(side: Side, send: (frame: Uint8Array) => void, listener: Listener): Mux {
  const state: State = { side, send, listener, channels: new Map(), last: 0 };
  const read = frameReader((type, channel, payload) => receive(state, type, channel, payload));
  return {
    push: read,
    open: () => {
      if (state.channels.size >= CHANNELS_MAX) return null;
      state.last += 1;
      state.channels.set(state.last, fresh());
      send(frame(TYPES.open, state.last));
      return state.last;
    },
    write: (id, bytes) => {
      const channel = state.channels.get(id);
      if (channel === undefined || channel.isEnding) return true;
      channel.waiting.push(bytes);
      return flush(state, id, channel);
    },
    taken: (id, count) => {
      const channel = state.channels.get(id);
      if (channel !== undefined) tellTaken(state, id, channel, count);
    },
    end: (id) => {
      const channel = state.channels.get(id);
      if (channel === undefined || channel.isEnding) return;
      channel.isEnding = true;
      flush(state, id, channel);
    },
    drop: (id) => {
      if (state.channels.delete(id)) send(frame(TYPES.gone, id));
    },
  };
}

export function frame(type: number, channel: number, payload?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + (payload?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint32(1, channel);
  view.setUint32(5, payload?.length ?? 0);
  if (payload !== undefined) bytes.set(payload, HEADER_BYTES);
  return bytes;
}

type OnFrame = (type: Type, channel: number, payload: Uint8Array) => void;

/** Holds at most one frame that is not whole: a length is refused before anything is kept for it. */
function frameReader(onFrame: OnFrame): (chunk: Uint8Array) => void {
  let held = new Uint8Array(0);
  return (chunk) => {
    const bytes = joined(held, chunk);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES);
      const [type, channel, length] = [view.getUint8(0), view.getUint32(1), view.getUint32(5)];
      if (!isType(type)) throw new BrokenFrames(`there is no frame of type ${type}`);
      if (length > PAYLOAD_BYTES_MAX)
        throw new BrokenFrames(`a frame says that it has ${length} bytes`);
      const end = at + HEADER_BYTES + length;
      if (bytes.length < end) break;
      onFrame(type, channel, bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    held = Uint8Array.from(bytes.subarray(at));
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const isType = (type: number): type is Type => type >= TYPES.open && type <= TYPES.taken;

function receive(state: State, type: Type, id: number, payload: Uint8Array): void {
  if (type === TYPES.open) {
    accept(state, id);
    return;
  }
  if (id === 0 || id > state.last) throw new BrokenFrames(`channel ${id} was never opened`);
  const channel = state.channels.get(id);
  // Frames that were under way while this side gave the channel up.
  if (channel === undefined) return;
  HEARD[type](state, id, channel, payload);
}

type OnChannel = (state: State, id: number, channel: Channel, payload: Uint8Array) => void;

const HEARD: Readonly<Record<Exclude<Type, typeof TYPES.open>, OnChannel>> = {
  [TYPES.data]: takeIn,
  [TYPES.end]: heardEnd,
  [TYPES.gone]: ({ channels, listener }, id) => {
    channels.delete(id);
    listener.gone(id);
  },
  [TYPES.taken]: heardTaken,
};

function heardEnd(state: State, id: number, channel: Channel): void {
  if (channel.heardEnd) throw new BrokenFrames(`channel ${id} ended twice`);
  channel.heardEnd = true;
  state.listener.ended(id);
  forgetIfOver(state, id, channel);
}

function accept(state: State, id: number): void {
  if (state.side !== 'accepts') throw new BrokenFrames('the other side opens no channels');
  if (id !== state.last + 1) throw new BrokenFrames(`channel ${id} comes after ${state.last}`);
  state.last = id;
  if (state.channels.size >= CHANNELS_MAX) {
    state.send(frame(TYPES.gone, id));
    return;
  }
  state.channels.set(id, fresh());
  state.listener.opened(id);
}

function takeIn({ listener }: State, id: number, channel: Channel, payload: Uint8Array): void {
  if (channel.heardEnd) throw new BrokenFrames(`channel ${id} sends after its end`);
  if (payload.length > channel.room)
    throw new BrokenFrames(`channel ${id} sends more than there is room for`);
  channel.room -= payload.length;
  listener.data(id, payload);
}

function tellTaken(state: State, id: number, channel: Channel, count: number): void {
  channel.untold += count;
  if (channel.untold < TELL_BYTES || channel.heardEnd) return;
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, channel.untold);
  channel.room += channel.untold;
  channel.untold = 0;
  state.send(frame(TYPES.taken, id, payload));
}

function heardTaken(state: State, id: number, channel: Channel, payload: Uint8Array): void {
  if (payload.length !== 4) throw new BrokenFrames('how much was taken is four bytes');
  channel.credit += new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  if (channel.credit > WINDOW_BYTES)
    throw new BrokenFrames(`channel ${id} took more than it was sent`);
  if (channel.waiting.length > 0 && flush(state, id, channel) && state.channels.has(id))
    state.listener.drained(id);
}

/** Sends what may be sent; whether nothing waits any more. */
function flush(state: State, id: number, channel: Channel): boolean {
  for (let next = channel.waiting[0]; next !== undefined; next = channel.waiting[0]) {
    const count = Math.min(next.length, channel.credit, PAYLOAD_BYTES_MAX);
    if (count === 0 && next.length > 0) return false;
    if (count > 0) state.send(frame(TYPES.data, id, next.subarray(0, count)));
    channel.credit -= count;
    if (count === next.length) channel.waiting.shift();
    else channel.waiting[0] = next.subarray(count);
  }
  if (channel.isEnding && !channel.sentEnd) {
    channel.sentEnd = true;
    state.send(frame(TYPES.end, id));
    forgetIfOver(state, id, channel);
  }
  return true;
}

function forgetIfOver(state: State, id: number, channel: Channel): void {
  if (!channel.sentEnd || !channel.heardEnd) return;
  state.channels.delete(id);
}

function fresh(): Channel {
  return {
    credit: WINDOW_BYTES,
    waiting: [],
    room: WINDOW_BYTES,
    untold: 0,
    isEnding: false,
    sentEnd: false,
    heardEnd: false,
  };
}
