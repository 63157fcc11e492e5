/**
 * Runs inside a sandbox of its own, with the text of `mux.ts` and `splice.ts` before it: serves the socket
 * that an agent's sandbox connects to, and carries every connection over standard input and output to
 * the controller. It has no network, and the agent has no way into it but that socket.
 */
import { chmodSync, rmSync } from 'node:fs';
import net from 'node:net';
import { multiplex } from './mux.ts';
import { splices } from './splice.ts';

const [socket = ''] = process.argv.slice(1);
const joins = splices(() => mux);
const mux = multiplex('opens', (frame) => void process.stdout.write(frame), {
  ...joins,
  opened: () => {},
});

const server = net.createServer({ allowHalfOpen: true }, (client) => {
  const channel = mux.open();
  if (channel === null) client.destroy();
  else joins.add(channel, client);
});
process.stdin.on('data', (chunk) => mux.push(chunk));
// The controller is gone or has no more use for it; the next one brings its own.
process.stdin.on('end', () => process.exit(0));
// Of a relay before this one, which another controller had.
rmSync(socket, { force: true });
server.listen(socket, () => {
  chmodSync(socket, 0o666);
  process.stderr.write('listening\n');
});
