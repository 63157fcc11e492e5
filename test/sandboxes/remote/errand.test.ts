/** What is concluded when the stream of a carrier ends. */
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { Sha } from '../../../orchestrator/domain/ids.ts';
import type { SandboxEnd } from '../../../orchestrator/ports.ts';
import type { Engine } from '../../../sandboxes/docker.ts';
import { send } from '../../../sandboxes/remote/exchange.ts';
import { strict } from '../../orchestrator/strict.ts';
import { SPEC } from '../sample.ts';

const PLACE = { run: SPEC.run, attempt: 1, repository: '/r', base: Sha.parse('a'.repeat(40)) };
const ERRAND = { place: PLACE, part: 'look', script: 'whole.sh', mounts: [], bytesMax: 8 } as const;
const GOOD: SandboxEnd = { ended: 'exited', exitCode: 0, wallMs: 1 };

function framed(text: string): Buffer {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** Sends through a stream that does this, in a sandbox that then ended so. */
function sent(begin: (stream: Duplex) => void, end: SandboxEnd = GOOD, over: object = {}) {
  const stream = new Duplex({ read: () => {}, write: (_, __, done) => done() });
  const removed: string[] = [];
  const engine = strict<Engine>('engine', {
    remove: async (name) => void removed.push(name),
    join: async () => {
      process.nextTick(begin, stream);
      return stream;
    },
    follow: async () => end,
  });
  const shop = { engine, image: async () => SPEC.image, uidOf: async () => 20_000 };
  const errand = { ...ERRAND, code: 'git_failed', ...over } as const;
  return { printed: send(shop, errand, new AbortController().signal), removed };
}

test('what it printed is given, and its sandbox goes', async () => {
  const { printed, removed } = sent((stream) => {
    stream.push(framed('whole'));
    stream.push(null);
  });
  expect((await printed).toString()).toBe('whole');
  expect(removed).toHaveLength(2);
});

test.each<[string, (stream: Duplex) => void, SandboxEnd, string]>([
  ['an engine that went away', (stream) => stream.destroy(), GOOD, 'docker_missing'],
  [
    'a connection that was reset',
    (stream) => stream.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
    GOOD,
    'docker_missing',
  ],
  ['a script that failed', (stream) => stream.push(null), { ...GOOD, exitCode: 1 }, 'git_failed'],
  [
    'a sandbox that vanished',
    (stream) => stream.push(null),
    { ended: 'lost', exitCode: null, wallMs: 0 },
    'engine_failed',
  ],
  ['more than it may print', (stream) => stream.push(framed('123456789')), GOOD, 'git_failed'],
])('%s is told apart', async (_, begin, end, code) => {
  const { printed, removed } = sent(begin, end);
  await expect(printed).rejects.toMatchObject({ code });
  expect(removed).toHaveLength(2);
});

test('one that says nothing is given up at its limit, by its own code', async () => {
  const end: SandboxEnd = { ended: 'timed_out', exitCode: 137, wallMs: 50 };
  const { printed } = sent(() => {}, end, { wallMs: 50 });
  await expect(printed).rejects.toMatchObject({ code: 'git_failed' });
});
