import { describe, expect, test } from 'vitest';
import { type MatchOptions, policyMatch } from '../../../orchestrator/commands/policy-match.ts';
import { asFault } from '../../../orchestrator/domain/faults.ts';
import { desk } from './context.ts';

type Over = Partial<MatchOptions> & { json?: boolean; stdin?: readonly (string | Buffer)[] };

async function match({ json = false, stdin = [], ...over }: Over) {
  const notes: string[] = [];
  const { context, said } = desk({ json, err: (text) => notes.push(text) });
  const options = { pattern: 'src/auth/', paths: [], isCodeowners: false, input: flow(stdin) };
  const exit = await policyMatch(context, { ...options, ...over });
  return { exit, said, notes };
}

async function* flow(chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

test('every path gets one line, and the exit code is 0 whatever they say', async () => {
  const { exit, said, notes } = await match({ paths: ['src/auth/a.ts', 'src/b.ts'] });
  expect(said).toEqual(['match     src/auth/a.ts', 'no match  src/b.ts']);
  expect({ exit, notes }).toEqual({ exit: 0, notes: [] });
});

test('a gate covers the folder itself, and CODEOWNERS does not', async () => {
  const paths = ['src/auth'];
  expect((await match({ paths })).said).toEqual(['match     src/auth']);
  expect((await match({ paths, isCodeowners: true })).said).toEqual(['no match  src/auth']);
});

test('what only looks like a match is no match, and says that a gate asks for it all the same', async () => {
  const { said } = await match({ paths: ['src/Auth/a.ts'] });
  expect(said).toEqual([
    expect.stringMatching(/^no match {2}src\/Auth\/a\.ts: .*a gate asks for it$/),
  ]);
  const plain = await match({ paths: ['src/Auth/a.ts'], isCodeowners: true });
  expect(plain.said).toEqual(['no match  src/Auth/a.ts']);
});

test.each([
  ['', '', 'has an empty part'],
  ['/src/auth/a', '/src/auth/a', 'has an empty part'],
  ['src/auth/../b', 'src/auth/../b', 'has the part ".."'],
  ['src\\auth', 'src\\u{005c}auth', 'holds a backslash'],
  ['src/auth/a\nb', 'src/auth/a\\u{000a}b', 'holds a control character'],
  ['src/auth/\u001b[2J', 'src/auth/\\u{001b}[2J', 'holds a control character'],
  ['src/auth/.git/config', 'src/auth/.git/config', 'names a git folder'],
])('%j is refused, as a change that holds it would be', async (path, shown, why) => {
  const { exit, said } = await match({ paths: [path] });
  expect(said).toEqual([`refused   ${shown}: ${why}`]);
  expect(exit).toBe(0);
});

test('with --json there is one object a line', async () => {
  const { said } = await match({ paths: ['src/auth', 'src/AUTH', 'a//b'], json: true });
  const common = { pattern: 'src/auth/', mode: 'gate' };
  expect(said.map((line) => JSON.parse(line))).toEqual([
    { ...common, path: 'src/auth', verdict: 'match' },
    { ...common, path: 'src/AUTH', verdict: 'no match', why: expect.stringContaining('case') },
    { ...common, path: 'a//b', verdict: 'refused', why: 'has an empty part' },
  ]);
  const owners = await match({ paths: ['src/auth'], json: true, isCodeowners: true });
  expect(JSON.parse(owners.said[0] ?? '')).toEqual({
    ...common,
    mode: 'codeowners',
    path: 'src/auth',
    verdict: 'no match',
  });
});

describe('a lone - reads the paths from stdin', () => {
  const read = async (...stdin: (string | Buffer)[]) =>
    (await match({ pattern: '*', paths: ['-'], stdin })).said;

  test('a path a line, with or without a last line break', async () => {
    expect(await read('a\nb c\n')).toEqual(['match     a', 'match     b c']);
    expect(await read('a\n\nb')).toEqual(['match     a', 'match     b']);
  });

  test('with a NUL after each, so that a line break is part of a path', async () => {
    expect(await read('a\nb\0c\0')).toEqual([
      'refused   a\\u{000a}b: holds a control character',
      'match     c',
    ]);
  });

  test('a path that comes in two pieces is one', async () => {
    expect(await read('src/a', 'uth\nb', '\n')).toEqual(['match     src/auth', 'match     b']);
  });

  test('bytes that are no UTF-8 are refused and spelt out', async () => {
    expect(await read(Buffer.from([0x61, 0xff, 0x0a]))).toEqual(['refused   a\\xff: is not UTF-8']);
  });

  test('no path, no verdict', async () => {
    expect(await read()).toEqual([]);
  });

  test('more than 64 MiB is refused', async () => {
    const mebibyte = Buffer.alloc(2 ** 20, 'a');
    const much = Array.from({ length: 65 }, () => mebibyte);
    await expect(read(...much)).rejects.toMatchObject({ code: 'usage' });
  });

  test('beside other paths it is a name', async () => {
    const { said } = await match({ pattern: '*', paths: ['-', 'a'], stdin: ['b'] });
    expect(said).toEqual(['match     -', 'match     a']);
  });
});

test.each([
  ['', 'empty'],
  ['src\\auth', 'folders part with'],
  ['./src', 'leave it out'],
  ['a\u001b[2J', '"a·[2J": a pattern holds no control characters'],
])('the pattern %j is refused before any path is looked at', async (pattern, reason) => {
  const fault = await match({ pattern, paths: ['a'] }).catch(asFault);
  expect(fault).toMatchObject({ code: 'usage', exit: 2, message: expect.stringContaining(reason) });
});

test('a pattern of another dialect that matches nothing gets advice on stderr', async () => {
  const idle = await match({ pattern: 'src/{a,b}', paths: ['src/a'] });
  expect(idle.notes).toEqual(['braces are literal here\n  instead:\n  src/a\n  src/b']);
  const meant = await match({ pattern: 'src/{a,b}', paths: ['src/{a,b}'] });
  expect(meant.notes).toEqual([]);
});
