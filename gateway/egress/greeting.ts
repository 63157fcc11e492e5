/** Waits for a client's TLS greeting, within bounds of bytes and time, and hands every byte back. */
import type { Duplex } from 'node:stream';
import { type HelloCode, readHello } from './client-hello.ts';

export type Greeting =
  | { readonly name: string; readonly bytes: Buffer }
  | { readonly refused: HelloCode | 'hello_late' | 'hello_broken_off' };

export function greeting(client: Duplex, head: Buffer, timeoutMs: number): Promise<Greeting> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let held = 0;
    let bytesNeeded = 1;
    const finish = (end: Greeting): void => {
      clearTimeout(timer);
      client.pause();
      client.off('data', onData).off('end', onGone).off('close', onGone);
      resolve(end);
    };
    const onGone = (): void => finish({ refused: 'hello_broken_off' });
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      held += chunk.length;
      if (held < bytesNeeded) return;
      const bytes = Buffer.concat(chunks);
      const hello = readHello(bytes);
      if (hello.state === 'more') bytesNeeded = hello.bytesNeeded;
      else finish(hello.state === 'read' ? { name: hello.name, bytes } : { refused: hello.code });
    };
    const timer = setTimeout(() => finish({ refused: 'hello_late' }), timeoutMs);
    client.on('data', onData).once('end', onGone).once('close', onGone);
    if (head.length > 0) onData(head);
  });
}
