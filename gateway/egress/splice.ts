/** Two streams joined until one ends, within bounds on bytes, silence and time. */
import type { Duplex } from 'node:stream';

export type SpliceEnd =
  | 'ended'
  | 'broken_off'
  | 'idle'
  | 'closing'
  | 'bytes_up_used_up'
  | 'bytes_down_used_up'
  | 'not_tls';

export type Splice = {
  readonly client: Duplex;
  readonly upstream: Duplex;
  readonly idleMs: number;
  /** Counts what is about to pass; anything but null ends both sides before it does. */
  up(chunk: Buffer): SpliceEnd | null;
  down(chunk: Buffer): SpliceEnd | null;
};

/** Never throws. Both sides are closed when it is over. */
export function splice(pair: Splice, signal: AbortSignal): Promise<SpliceEnd> {
  const { client, upstream, idleMs } = pair;
  return new Promise((resolve) => {
    const finish = (end: SpliceEnd): void => {
      clearTimeout(idle);
      signal.removeEventListener('abort', closing);
      client.destroy();
      upstream.destroy();
      resolve(end);
    };
    const closing = (): void => finish('closing');
    const idle = setTimeout(() => finish('idle'), idleMs);
    if (signal.aborted) return closing();
    signal.addEventListener('abort', closing);
    const over = new Set<Duplex>();
    const side = (from: Duplex, to: Duplex, check: Splice['up']): void => {
      from.on('data', (chunk: Buffer) => {
        idle.refresh();
        const refused = check(chunk);
        if (refused !== null) return finish(refused);
        // A reader that does not keep up holds its sender back, and not our memory.
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => from.resume());
      from.once('end', () => to.end());
      // Written to the end, and not merely read to it: what is still on its way would be lost.
      to.once('finish', () => {
        if (over.add(to).size === 2) finish('ended');
      });
      to.once('close', () => {
        if (!over.has(to)) finish('broken_off');
      });
      from.resume();
    };
    side(client, upstream, pair.up);
    side(upstream, client, pair.down);
  });
}
