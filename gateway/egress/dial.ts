/** Opens a connection to an address that was checked, and to no other. */
import net, { type Socket } from 'node:net';

export type Dialled =
  | { readonly socket: Socket; readonly address: string }
  | { readonly refused: 'unreachable'; readonly message: string };

/** A host of several addresses is tried at some of them; it is not worth more of an agent's time. */
const ADDRESSES_MAX = 3;

export async function dial(
  addresses: readonly string[],
  port: number,
  connectMs: number,
  signal: AbortSignal,
): Promise<Dialled> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(connectMs)]);
  let message = 'it has no address';
  for (const address of addresses.slice(0, ADDRESSES_MAX)) {
    const socket = await connected(address, port, until);
    if (typeof socket !== 'string') return { socket, address };
    message = socket;
  }
  return { refused: 'unreachable', message };
}

function connected(host: string, port: number, signal: AbortSignal): Promise<Socket | string> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve('no connection in time');
    const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true, lookup: never });
    const late = (): void => void socket.destroy(new Error('no connection in time'));
    signal.addEventListener('abort', late, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', late);
      socket.removeAllListeners('error');
      // Until it is spliced, whatever breaks it is seen by its end.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', late);
      resolve(error.code ?? error.message);
    });
  });
}

/** An address needs no lookup. Should a name ever get here, it is not looked up a second time. */
const never: net.LookupFunction = (host, _options, done) => {
  done(new Error(`${host} is no address`), '', 4);
};
