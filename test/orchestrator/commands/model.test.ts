import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { modelRecord, modelServe } from '../../../orchestrator/commands/model.ts';
import type { Activity } from '../../../orchestrator/ports.ts';
import { AT, RUN, WAITING } from '../fixtures.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { type Desk, desk, journaled } from './context.ts';

const answer = (at: number, command: string): string =>
  JSON.stringify({
    ...{ conversation: 'c', at, say: `step ${at}` },
    calls: [{ tool: 'Bash', input: { command } }],
  });

async function asked(lines: readonly Partial<Activity>[]): Promise<Desk> {
  const one = desk();
  await journaled(one, WAITING);
  for (const [index, line] of lines.entries()) {
    const source = line.kind === 'said' ? 'agent' : 'gateway';
    const whole = {
      run: RUN,
      attempt: 1,
      at: AT,
      source,
      kind: 'answer',
      text: '',
      index,
    } as const;
    await one.store.note({ ...whole, ...line });
  }
  return one;
}

const WANTED = { run: RUN, attempt: null, out: null };

describe('model record', () => {
  test('prints the scenario of the last attempt that asked', async () => {
    const one = await asked([
      { text: answer(0, 'old') },
      { text: answer(0, 'ls'), attempt: 2 },
      { kind: 'said', text: 'Finished.', attempt: 2 },
    ]);
    expect(await modelRecord(one.context, WANTED)).toBe(0);
    expect(one.said.join('\n')).toMatchInlineSnapshot(`
      "# Recorded from run r0000001, attempt 2: codex 1.2.3 on scripted.
      # Secrets were taken out. It repeats what the model did then, whatever it is asked now.
      scenario: run-r0000001
      when:
        prompt_contains:
          - Round the total
        attempt: 2
      steps:
        - say: step 0
          shell: ls
        - say: Finished."
    `);
  });

  test('writes a file that model serve can answer from, and never over another', async () => {
    const one = await asked([{ text: answer(0, 'ls') }]);
    const out = path.join(one.context.home, 'a.yaml');
    expect(await modelRecord(one.context, { ...WANTED, out: 'a.yaml' })).toBe(0);
    expect(readFileSync(out, 'utf8')).toContain('shell: ls');
    await expect(modelRecord(one.context, { ...WANTED, out: 'a.yaml' })).rejects.toThrow(
      /a\.yaml is there already; name another/,
    );
    const served = desk({ cwd: one.context.home, signal: AbortSignal.timeout(1) });
    expect(await modelServe(served.context, { scenario: 'a.yaml', port: 0 })).toBe(130);
    expect(served.said[0]).toMatch(
      /^The scripted model answers at http:\/\/127\.0\.0\.1:\d+: from files, no AI/,
    );
    expect(served.said[0]).toContain('1 scenario: run-r0000001');
  });

  test('takes out what has become a secret since', async () => {
    const one = await asked([{ text: answer(0, 'echo hunter22') }]);
    const context = {
      ...one.context,
      redact: (text: string) => text.replaceAll('hunter22', '«secret:known»'),
    };
    await modelRecord(context, WANTED);
    expect(one.said.join('\n')).toContain('shell: echo «secret:known»');
  });

  test('of a run or attempt that asked nothing says so', async () => {
    const one = await asked([{ text: answer(0, 'ls') }]);
    await expect(modelRecord(one.context, { ...WANTED, attempt: 3 })).rejects.toThrow(
      `${RUN} has no answer of a model to make a scenario of in attempt 3`,
    );
    await expect(modelRecord((await asked([])).context, WANTED)).rejects.toMatchObject({
      code: 'not_now',
    });
  });
});

describe('model serve', () => {
  test('answers agents until it is stopped', async () => {
    const stop = new AbortController();
    const folder = temporaryFolder();
    writeFileSync(
      path.join(folder, 'a.yaml'),
      'scenario: a\nwhen: { prompt_contains: [task] }\nsteps: [{ say: hello }]\n',
    );
    const one = desk({ cwd: folder, json: true, signal: stop.signal });
    const ended = modelServe(one.context, { scenario: '.', port: 0 });
    await expect.poll(() => one.said).toHaveLength(1);
    const { url, scripted } = JSON.parse(one.said[0] ?? '');
    expect(scripted).toBe(true);
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'a task' }] });
    const answered = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
    expect(await answered.json()).toMatchObject({
      model: 'scripted',
      choices: [{ message: { content: 'hello' } }],
    });
    const port = Number(new URL(url).port);
    await expect(modelServe(one.context, { scenario: '.', port })).rejects.toThrow(
      `port ${port} is taken; leave --port out for a free one`,
    );
    stop.abort();
    expect(await ended).toBe(130);
  });

  test.each([
    ['gone.yaml', 0, 'there is no file or folder'],
    ['.', 70_000, 'there is no port 70000'],
    ['.', 0, 'holds no scenario'],
  ])('%s at port %d: %s', async (scenario, port, sentence) => {
    const one = desk({ cwd: temporaryFolder() });
    await expect(modelServe(one.context, { scenario, port })).rejects.toThrow(sentence);
  });
});
