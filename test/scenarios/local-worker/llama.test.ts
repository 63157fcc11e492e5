/**
 * Each of the four protocols at a local worker that really infers: llama.cpp on a model that was
 * made up here. What it says is nonsense; that it comes as it is said, is counted and can be
 * stopped is what is looked at.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAiUpstream } from '../../../gateway/model/http-upstream.ts';
import { DIALECTS, WIRES } from '../../gateway/callers.ts';
import { gatewayWith, HASTY, post } from '../../gateway/open.ts';
import { writeTinyModel } from './tiny-model.ts';

const PACKAGES = fileURLToPath(new URL('../../../bench/peers/node_modules', import.meta.url));
const DRIVER = fileURLToPath(new URL('driver.ts', import.meta.url));

type Line = {
  readonly port?: number;
  readonly ended?: string;
  readonly pieces?: number;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
};

const worker = { lines: [] as Line[], folder: '', process: null as ChildProcess | null };

beforeAll(async () => {
  worker.folder = mkdtempSync(path.join(os.tmpdir(), 'proofhouse-llama-'));
  const model = path.join(worker.folder, 'tiny.gguf');
  writeTinyModel(model);
  const child = spawn(process.execPath, [DRIVER, PACKAGES, model], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  worker.process = child;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => void worker.lines.push(JSON.parse(line) as Line));
  const ended = once(child, 'exit').then(() => {
    throw new Error('no local worker: run scripts/setup --dev');
  });
  await Promise.race([once(lines, 'line'), ended]);
});

afterAll(() => {
  worker.process?.kill();
  rmSync(worker.folder, { recursive: true, force: true });
});

async function gatewayToWorker() {
  const url = `http://127.0.0.1:${worker.lines[0]?.port}`;
  const options = { name: 'llama.cpp', model: 'tiny', url, key: null, price: null };
  const before = worker.lines.length;
  const opened = await gatewayWith({ model: openAiUpstream({ ...options, patience: HASTY }) });
  return { ...opened, said: () => worker.lines.slice(before) };
}

describe.each(WIRES)('%s at llama.cpp', (wire) => {
  const { path: at, long } = DIALECTS[wire];

  it.each([
    ['as a stream', true],
    ['in one piece', false],
  ])('what was inferred comes back and is counted, %s', async (_how, stream) => {
    const { url, ledger, said } = await gatewayToWorker();
    const short = JSON.stringify(long(stream)).replace('500', '40');
    const answer = await post(url + at(stream), short);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    const [line] = said();
    expect(line?.pieces).toBeGreaterThan(10);
    // Each piece that the model said is an event of its own.
    if (stream) expect(text.split('\n\n').length).toBeGreaterThan(line?.pieces ?? 0);
    const { prompt_tokens, completion_tokens } = line?.usage ?? {};
    await expect
      .poll(() => ledger.calls())
      .toMatchObject([
        {
          state: 'settled',
          usage: { inputTokens: prompt_tokens, outputTokens: completion_tokens },
        },
      ]);
  });

  it('a caller that leaves stops the inference', async () => {
    const { url, ledger, said } = await gatewayToWorker();
    const leaving = new AbortController();
    const endless = JSON.stringify(long(true)).replace('500', '3500');
    const answer = await post(url + at(true), endless, { signal: leaving.signal });
    const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
    expect((await reader.read()).done).toBe(false);
    leaving.abort();
    await expect.poll(said, { timeout: 20_000 }).toEqual([{ ended: 'aborted' }]);
    await expect.poll(() => ledger.calls()).toMatchObject([{ state: 'settled' }]);
  });
});
