/**
 * A real agent at a model of each wire protocol: the same edit, the cost counted, and the key nowhere
 * but in the requests to the model. The models are scripted servers on loopback, reached over TCP.
 */
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { serveScripted } from '../../../gateway/scripted/serve.ts';
import { leftOver, scratch } from '../support.ts';
import {
  clearedAway,
  gitOut,
  proofhouse,
  queueByHand,
  scenarioIn,
  succeeded,
  TINY_POLICY,
  tinyRepository,
} from '../tiny.ts';

const KEY = 'sk-test-0123456789abcdefghijklmnopqrstuv';
const TASK = 'Adding should take any number of numbers.';
/** Dollars per million tokens, in and out. */
const PRICE = { input: 3, output: 15 };
const EDITED = 'export const sum = (...all) => all.reduce((a, b) => a + b, 0);\n';
/** All that the sandbox can see of its own: environment, settings, what it was started with. */
const LOOK_AROUND = `{ env; tr '\\0' '\\n' < /proc/1/environ; tr '\\0' '\\n' < /proc/self/environ
  find /home/agent /run/proofhouse -type f -size -200k -exec cat {} + 2>/dev/null; } | tr -cd '\\n -~' > seen.txt
ls seen.txt`;
const STEPS = [
  { say: 'I write it anew.', write: { path: 'src/sum.mjs', content: EDITED } },
  { shell: LOOK_AROUND },
  { say: 'Any number of numbers can be added now.' },
];

const CASES = [
  {
    protocol: 'Chat alone',
    serves: ['/v1/chat/completions'],
    header: 'authorization',
    value: `Bearer ${KEY}`,
    variables: 'OPENAI',
  },
  {
    protocol: 'Anthropic Messages',
    serves: ['/v1/messages'],
    header: 'x-api-key',
    value: KEY,
    variables: 'ANTHROPIC',
  },
  {
    protocol: 'OpenAI Responses',
    serves: ['/v1/responses'],
    header: 'authorization',
    value: `Bearer ${KEY}`,
    variables: 'OPENAI',
  },
] as const;

describe('an agent in a sandbox at a model that speaks', () => {
  it.each(CASES)('$protocol: edits, is counted, and never sees the key', async (one) => {
    const model = await modelThatServes(one.serves);
    const home = scratch('home');
    const at = clearedAway({
      home,
      env: {
        [`${one.variables}_BASE_URL`]: model.url,
        [`${one.variables}_API_KEY`]: KEY,
        PROOFHOUSE_MODEL: 'a-model',
        PROOFHOUSE_MODEL_PRICE: `${PRICE.input}/${PRICE.output}`,
      },
    });
    const withMoney = TINY_POLICY.replace('tokens: 2M', 'usd: 2, tokens: 2M');
    const repository = tinyRepository(scratch('tiny'), { '.proofhouse/policy.yaml': withMoney });

    const run = await queueByHand(at, repository, TASK);
    const served = await proofhouse(at, 'serve', '--until-idle');
    succeeded(served);
    const shown = await proofhouse(at, '--json', 'run', 'show', run);

    const { calls, run: state } = Shown.parse(JSON.parse(shown.out));
    expect(state).toMatchObject({ phase: 'done', outcome: { kind: 'published' } });
    expect(calls.length).toBeGreaterThanOrEqual(STEPS.length);
    for (const { state: settled, usage, microUsd, model: named } of calls) {
      expect([settled, named]).toEqual(['settled', 'a-model']);
      expect(usage.inputTokens).toBeGreaterThan(0);
      expect(microUsd).toBe(usage.inputTokens * PRICE.input + usage.outputTokens * PRICE.output);
    }
    const inPlainText = await proofhouse(at, 'run', 'show', run);
    const dollars = calls.reduce((sum, { microUsd }) => sum + microUsd, 0) / 1e6;
    expect(inPlainText.out).toContain(`$${dollars.toFixed(4)}`);

    const answered = model.seen.filter(({ status }) => status === 200);
    expect(answered.map(({ url }) => url)).toEqual(calls.map(() => one.serves[0]));
    expect(new Set(answered.map(({ headers }) => headers[one.header]))).toEqual(
      new Set([one.value]),
    );

    const branch = `proofhouse/${run}`;
    gitOut(repository, 'fetch', '--quiet', path.join(home, 'forge', forgeIn(home)), branch);
    expect(gitOut(repository, 'show', 'FETCH_HEAD:src/sum.mjs')).toBe(EDITED);
    const inSandbox = gitOut(repository, 'show', 'FETCH_HEAD:seen.txt');
    expect(inSandbox).toContain('CODEX_HOME');
    expect(inSandbox).toContain('[model_providers.proofhouse]');
    expect(inSandbox).not.toContain(KEY);

    const logs = await proofhouse(at, 'run', 'logs', run);
    for (const said of [served, shown, inPlainText, logs])
      expect(said.out + said.err).not.toContain(KEY);
    const stored = filesOf(home);
    expect(stored.some(({ bytes }) => bytes.includes(TASK))).toBe(true);
    expect(stored.filter(({ bytes }) => bytes.includes(KEY)).map(({ file }) => file)).toEqual([]);
    expect(leftOver(run)).toEqual([]);
  });
});

const Shown = z.object({
  run: z.looseObject({ phase: z.string() }),
  calls: z.array(
    z.looseObject({
      state: z.string(),
      model: z.string(),
      usage: z.object({ inputTokens: z.int(), outputTokens: z.int() }),
      microUsd: z.number(),
    }),
  ),
});

type Seen = {
  readonly url: string;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
};

/** A scripted server of which only some paths are there; keeps what it was asked. */
async function modelThatServes(
  paths: readonly string[],
): Promise<{ url: string; seen: readonly Seen[] }> {
  const scripted = await serveScripted(scenarioIn(scratch('scenario'), TASK, STEPS), {
    host: '127.0.0.1',
    port: 0,
  });
  const seen: Seen[] = [];
  const front = http.createServer((request, response) => {
    const { url = '', method = '', headers } = request;
    const isThere = paths.includes(url);
    seen.push({ url, headers, status: isThere ? 200 : 404 });
    if (!isThere) return void response.writeHead(404).end('{"error":{"message":"no such path"}}');
    const on = http.request(`${scripted.url}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    on.once('error', () => response.destroy());
    request.pipe(on);
  });
  await new Promise<void>((resolve) => void front.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    front.closeAllConnections();
    front.close();
    await scripted.close();
  });
  return { url: `http://127.0.0.1:${(front.address() as AddressInfo).port}/v1`, seen };
}

function forgeIn(home: string): string {
  return readdirSync(path.join(home, 'forge')).find((name) => name.endsWith('.git')) ?? '';
}

/** Everything below the data directory: journal, evidence, mirrors, sealed changes. */
function filesOf(home: string): { file: string; bytes: Buffer }[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ file, bytes: readFileSync(file) }));
}
