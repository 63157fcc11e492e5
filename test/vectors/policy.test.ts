/** Every vector against our code, and the runner that other implementations use against programs that are wrong. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ask } from './policy/conversation.ts';
import { answerer, KINDS, vectorsOf } from './policy/vectors.ts';

const RUNNER = fileURLToPath(new URL('policy/run.ts', import.meta.url));
const all = KINDS.flatMap(vectorsOf);

describe.each(KINDS)('%s', (kind) => {
  test.each(vectorsOf(kind))('$id: $why', async ({ input, expect: expected }) => {
    const answer = await answerer(kind);
    // As a program says it: what JSON cannot carry is no answer.
    const said: unknown = JSON.parse(JSON.stringify(await answer(input)));
    expect(said).toEqual(expected);
  });
});

test('an id belongs to one vector, and begins with its kind', () => {
  const ids = all.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  expect(all.filter(({ id, kind }) => !/^\d+$/.test(id.slice(kind.length + 1)))).toEqual([]);
  expect(all.filter(({ id, kind }) => !id.startsWith(`${kind}-`))).toEqual([]);
});

test('no two vectors ask the same', () => {
  const asked = all.map(({ kind, input }) => JSON.stringify([kind, input]));
  expect(asked.filter((one, at) => asked.indexOf(one) !== at)).toEqual([]);
});

test('a kind that nobody answers is an error, not a pass', async () => {
  await expect(answerer('no-such-kind')).rejects.toThrow('nobody answers');
  await expect(answerer('../vectors')).rejects.toThrow('nobody answers');
});

describe('the runner', () => {
  test('ends with 0 when every answer is right, as ours are', async () => {
    const { exit, stdout } = await runner([]);
    expect(stdout.split('\n')[0]).toMatch(/^KIND +PASSED +FAILED$/);
    for (const kind of KINDS) expect(stdout).toMatch(new RegExp(`^${kind} +[1-9]\\d* +0$`, 'm'));
    expect(exit).toBe(0);
  });

  test('ends with 1 and shows what differs when a program says yes to everything', async () => {
    const { exit, stdout } = await runner(program('say(id, { match: true })'));
    const no = vectorsOf('path').find(
      (vector) => 'match' in Object(vector.expect) && !matches(vector),
    );
    expect(stdout).toContain(`${no?.id}: ${no?.why}`);
    expect(stdout).toMatch(/^path +[1-9]\d* +[1-9]\d*$/m);
    expect(stdout).toMatch(/expected \{"match":false\}\n +answered \{"match":true\}/);
    expect(stdout).toMatch(/^and \d+ more$/m);
    expect(exit).toBe(1);
  });

  test('ends with 4 and says why when a program cannot be understood', async () => {
    const { exit, stderr } = await runner(program('console.log(1)'));
    expect(stderr).toBe('this is no answer: "1"\n');
    expect(exit).toBe(4);
  });

  test.each([
    [['--kind', 'no-such-kind'], 'no kind "no-such-kind"'],
    [['--all'], '--all'],
  ])('ends with 2 when it is called with %j', async (args, reason) => {
    const { exit, stderr } = await runner(args);
    expect(stderr).toContain(reason);
    expect(exit).toBe(2);
  });
});

describe('a program', () => {
  const vectors = vectorsOf('path').slice(0, 3);
  const right = 'say(id, {})';

  test.each([
    ['ends before it was asked', 'process.exit(0)', 'have no answer'],
    ['leaves one vector out', `if (id !== 'path-002') ${right}`, '1 vectors have no answer'],
    ['answers twice', `${right}; ${right}`, 'a second answer to "path-001"'],
    ['answers what nobody asked', "say('path-0000', {})", 'which nobody asked'],
    ['writes something else', `${right}; console.log('done')`, 'this is no answer: "done"'],
    [
      'says more than an answer',
      'console.log(JSON.stringify({ id, output: 1, a: 1 }))',
      'no answer',
    ],
    ['says less than an answer', 'console.log(JSON.stringify({ id }))', 'no answer'],
    ['answers and then breaks', `${right}; process.exitCode = 3`, 'the program ended with 3'],
    ['dies', "process.kill(process.pid, 'SIGKILL')", 'the program ended with SIGKILL'],
  ])('is not believed when it %s', async (_, code, reason) => {
    await expect(ask([process.execPath, '-e', source(code)], vectors)).rejects.toThrow(reason);
  });

  test('is not believed when it cannot be started', async () => {
    await expect(ask(['/no/such/program'], vectors)).rejects.toThrow('could not be started');
  });

  test('is believed when it answers each once, in any order', async () => {
    const last = 'all.push(id); if (all.length === 3) for (const one of all.reverse()) say(one, 1)';
    const answers = await ask([process.execPath, '-e', source(last)], vectors);
    expect([...answers.keys()]).toEqual(['path-003', 'path-002', 'path-001']);
  });
});

function matches({ expect: expected }: { expect: unknown }): boolean {
  return JSON.stringify(expected) === '{"match":true}';
}

function program(code: string): string[] {
  return ['--kind', 'path', '--', process.execPath, '-e', source(code)];
}

/** A program that does this for each vector. */
function source(code: string): string {
  return `
    const say = (id, output) => console.log(JSON.stringify({ id, output }));
    const all = [];
    const lines = require('node:readline').createInterface({ input: process.stdin });
    lines.on('line', (line) => { const { id } = JSON.parse(line); ${code}; });
  `;
}

function runner(
  args: readonly string[],
): Promise<{ exit: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [RUNNER, ...args], (error, stdout, stderr) => {
      resolve({ exit: error?.code ?? 0, stdout, stderr });
    });
  });
}
