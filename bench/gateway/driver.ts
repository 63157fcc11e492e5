/** One process of the bench: the upstream, or our gateway before it. Prints a line when it is ready. */
import { mkdtemp } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { NO_LEDGER, openDoor, storeIn } from './door.ts';

const PIECES = 20;

const [what, port, socketPath = '', scratch = ''] = process.argv.slice(2);
const ready = what === 'upstream' ? await upstream() : await gateway(what === 'no-ledger');
process.stdout.write(`${ready}\n`);

async function gateway(withoutLedger: boolean): Promise<string> {
  // A folder of its own: the audit log lies beside its store.
  const folder = await mkdtemp(path.join(scratch, 'store-'));
  const store = await storeIn(folder);
  const ledger = withoutLedger ? NO_LEDGER : store.ledger;
  await openDoor(socketPath, `http://127.0.0.1:${port}/v1`, ledger);
  return socketPath;
}

/** Answers at once: what is left of a call's time is whose it is that stands between. */
async function upstream(): Promise<string> {
  const pieces = Array.from({ length: PIECES }, (_, index) => event({ content: `word ${index} ` }));
  const usage = { prompt_tokens: 10, completion_tokens: PIECES, total_tokens: PIECES + 10 };
  const last = `data: ${JSON.stringify({ ...chunk([]), usage })}\n\ndata: [DONE]\n\n`;
  const stream = `${pieces.join('')}${event({}, 'stop')}${last}`;
  const message = { role: 'assistant', content: 'word '.repeat(PIECES) };
  const choice = { index: 0, message, finish_reason: 'stop' };
  const whole = JSON.stringify({ ...chunk([choice]), object: 'chat.completion', usage });
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.once('end', () => {
      const isStream = Buffer.concat(parts).includes('"stream":true');
      const type = isStream ? 'text/event-stream' : 'application/json';
      response.writeHead(200, { 'content-type': type });
      response.end(isStream ? stream : whole);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return String((server.address() as AddressInfo).port);
}

function event(delta: object, finish_reason: string | null = null): string {
  return `data: ${JSON.stringify(chunk([{ index: 0, delta, finish_reason }]))}\n\n`;
}

function chunk(choices: readonly object[]): object {
  return { id: 'one', object: 'chat.completion.chunk', created: 1, model: 'bench', choices };
}
