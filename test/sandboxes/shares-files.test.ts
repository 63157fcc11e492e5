/** What a look at an engine's folders may be concluded from. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { SandboxEnd } from '../../orchestrator/ports.ts';
import type { Engine } from '../../sandboxes/docker.ts';
import { sharesFiles } from '../../sandboxes/shares-files.ts';
import { strict } from '../orchestrator/strict.ts';

const never = new AbortController().signal;

async function looked(end: SandboxEnd): Promise<boolean> {
  const home = mkdtempSync(path.join(tmpdir(), 'proofhouse-test-shares-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const engine = strict<Engine>('engine', {
    ensure: async () => {},
    follow: async () => end,
    remove: async () => {},
  });
  const runtime = path.join(home, 'runtime');
  const shared = { engine, image: async () => `sha256:${'1'.repeat(64)}`, home, runtime };
  try {
    return await sharesFiles(shared, never);
  } finally {
    expect(readdirSync(home)).toEqual(['runtime']);
    expect(readdirSync(runtime)).toEqual([]);
  }
}

test.each([
  [0, true],
  [1, false],
])('its exit code %d is an answer', async (exitCode, answer) => {
  expect(await looked({ ended: 'exited', exitCode, wallMs: 1 })).toBe(answer);
});

test.each(['lost', 'timed_out', 'oom', 'exited'] as const)(
  'one that was killed, %s, is none',
  async (ended) => {
    await expect(looked({ ended, exitCode: 137, wallMs: 1 })).rejects.toMatchObject({
      code: 'engine_failed',
      message: expect.stringContaining(ended),
    });
  },
);
