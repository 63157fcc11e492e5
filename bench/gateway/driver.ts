/** One process of the bench: the upstream, or our gateway before it. Prints a line when it is ready. */
import { mkdtemp } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { openAiUpstream } from '../../gateway/model/http-upstream.ts';
import { openGateway } from '../../gateway/server.ts';
import { Person, RunId } from '../../orchestrator/domain/ids.ts';
import type { Ledger } from '../../orchestrator/ports.ts';
import { openSqliteStore } from '../../orchestrator/store/sqlite.ts';

const RUN = RunId.parse('rbench00');
const PIECES = 20;

const NO_LEDGER: Ledger = { reserve: async () => null, settle: async () => {} };

const [what, port, socketPath = '', scratch = ''] = process.argv.slice(2);
const ready = what === 'upstream' ? await upstream() : await gateway(what === 'no-ledger');
process.stdout.write(`${ready}\n`);

async function gateway(withoutLedger: boolean): Promise<string> {
  // A folder of its own: the audit log lies beside its store.
  const folder = await mkdtemp(path.join(scratch, 'store-'));
  const store = openSqliteStore(path.join(folder, 'ledger.sqlite'), () => new Date());
  // The ledger counts for runs that are there.
  await store.addTask({
    id: RUN,
    ...{ title: 'bench', text: 'bench', source: 'bench', repository: scratch, base: 'main' },
    requester: Person.parse('local:dana'),
    operator: null,
    queuedAt: new Date().toISOString(),
  });
  const url = `http://127.0.0.1:${port}/v1`;
  const model = openAiUpstream({ name: 'bench', model: 'bench', url, key: 'a-key', price: null });
  await openGateway({
    socketPath,
    run: RUN,
    attempt: 1,
    token: null,
    role: 'agent',
    model: model,
    registry: null,
    budget: { microUsd: null, tokens: null, turns: null },
    ledger: withoutLedger ? NO_LEDGER : store.ledger,
    note: async () => {},
  });
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
