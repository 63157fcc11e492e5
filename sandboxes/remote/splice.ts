/** One channel and one socket, joined: what one says the other hears, at the pace of the slower. */
import type { Mux } from './mux.ts';

/** As much of a socket as is needed; it must be half-open when its peer has ended. */
export type Wire = {
  write(bytes: Uint8Array, done: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: 'data', heard: (bytes: Uint8Array) => void): unknown;
  on(event: 'end' | 'error' | 'close', heard: () => void): unknown;
};

export type Splices = {
  add(channel: number, wire: Wire): void;
  data(channel: number, bytes: Uint8Array): void;
  ended(channel: number): void;
  gone(channel: number): void;
  drained(channel: number): void;
  /** Every socket is closed. */
  clear(): void;
};

/** `mux` is asked for later: it is made with these as its listener. */
export function splices(mux: () => Mux): Splices {
  const wires = new Map<number, Wire>();
  return {
    add: (channel, wire) => {
      wires.set(channel, wire);
      wire.on('data', (bytes) => {
        if (!mux().write(channel, bytes)) wire.pause();
      });
      wire.on('end', () => mux().end(channel));
      wire.on('error', () => wire.destroy());
      wire.on('close', () => {
        // After both ends this finds nothing to drop.
        if (wires.delete(channel)) mux().drop(channel);
      });
    },
    data: (channel, bytes) => {
      const wire = wires.get(channel);
      if (wire === undefined) mux().taken(channel, bytes.length);
      else wire.write(bytes, () => mux().taken(channel, bytes.length));
    },
    ended: (channel) => void wires.get(channel)?.end(),
    gone: (channel) => {
      const wire = wires.get(channel);
      wires.delete(channel);
      wire?.destroy();
    },
    drained: (channel) => void wires.get(channel)?.resume(),
    clear: () => {
      const all = [...wires.values()];
      wires.clear();
      for (const wire of all) wire.destroy();
    },
  };
}
