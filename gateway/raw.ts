/** Answers on a bare connection, where Node has no response to write to. */
import type { Duplex } from 'node:stream';

export function endRaw(socket: Duplex, status: string, value: object): void {
  // Whoever was at the other end may be gone by now.
  socket.on('error', () => socket.destroy());
  const body = JSON.stringify(value);
  const length = `content-length: ${Buffer.byteLength(body)}`;
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${length}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
}
