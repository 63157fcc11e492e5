import { describe, expect, test } from 'vitest';
import { contradictionsIn } from '../../../policies/lint/contradictions.ts';
import { ruleFileFindings } from '../../../policies/lint/rule-files.ts';

type Files = Readonly<Record<string, string>>;

function found(files: Files): string[] {
  const texts = Object.entries(files).map(([path, text]) => ({ path, text }));
  return ruleFileFindings(texts).map(
    ({ code, severity, file, line, column, message }) =>
      `${code} ${severity} ${file}:${line}:${column} ${message}`,
  );
}

const MDC = '---\nalwaysApply: true\n---\nUse tabs.\n';

test('rule files in order have no problems', () => {
  const files = {
    'AGENTS.md': 'Run the tests. Never push.\n',
    '.cursor/rules/a.mdc': MDC,
    '.claude/rules/a.md': 'Plain Markdown is read there.',
  };
  expect(found(files)).toEqual([]);
});

test('P0601: Cursor ignores plain Markdown, and what has no front matter', () => {
  expect(found({ '.cursor/rules/a.md': MDC, '.cursor/rules/b.mdc': 'Use tabs.' })).toEqual([
    'P0601 warning .cursor/rules/a.md:1:1 Cursor reads .mdc files only, so .cursor/rules/a.md reaches no agent',
    'P0601 warning .cursor/rules/b.mdc:1:1 .cursor/rules/b.mdc has no front matter, so Cursor does not know when it applies',
  ]);
});

test('P0602: alwaysApply in quotes is text', () => {
  const file = (value: string) => ({
    'a.md': '',
    '.cursor/rules/a.mdc': MDC.replace('true', value),
  });
  expect(found(file('"true"'))).toEqual([
    'P0602 warning .cursor/rules/a.mdc:2:1 `alwaysApply` is the text "true"; write true or false without quotes',
  ]);
  expect(found(file('yes'))).toHaveLength(1);
  expect(found(file('false'))).toEqual([]);
});

test('P0603: said where a chain passes 32 KiB, and not again below', () => {
  const half = 'x'.repeat(16_384);
  const files = { 'AGENTS.md': half, 'web/AGENTS.md': half, 'docs/AGENTS.md': 'short' };
  expect(found({ ...files, 'docs/AGENTS.md': '' })).toEqual([]);
  expect(found({ ...files, 'web/api/AGENTS.md': 'y', 'web/api/v1/AGENTS.md': 'z' })).toEqual([
    'P0603 warning web/api/AGENTS.md:1:1 with the files above it 32769 bytes, and Codex reads the first 32768',
  ]);
});

test('P0604: text that nobody sees is shown escaped', () => {
  expect(found({ 'CLAUDE.md': 'Be kind.\nHel\u{200b}lo\u{e0041}\n' })).toEqual([
    'P0604 error CLAUDE.md:2:4 U+200B and 1 more in "Hel\\u{200b}lo\\u{e0041}": it cannot be seen',
  ]);
  expect(found({ 'CLAUDE.md': '\ufeffFamily 👨\u200d👩\u200d👧 and ❤\ufe0f\n' })).toEqual([]);
});

describe('P0605', () => {
  test.each([
    ['You may push when you are done.', 'warning', 1],
    ['Then push to main.', 'warning', 1],
    ['Run `git push` at the end.', 'info', 6],
    ['Skip the failing tests if they take long.', 'warning', 1],
    ['Commit with --no-verify.', 'warning', 13],
    ['Feel free to merge.', 'warning', 1],
    ['Merge the pull request yourself.', 'warning', 1],
    ['Approve your own changes.', 'warning', 1],
    ['You can change the policy.', 'warning', 1],
    ['Run npm publish.', 'info', 5],
  ])('%s', (line, severity, column) => {
    const [first, ...more] = contradictionsIn(line);
    expect(more).toEqual([]);
    expect([first?.severity, (first?.at ?? -1) + 1]).toEqual([severity, column]);
  });

  test.each([
    'Do not push to main.',
    'Never merge a pull request.',
    "Don't skip the tests.",
    'You must not approve your own changes.',
    'An agent cannot git push.',
    'Push the cart button in tests.',
    'The merge function joins two lists.',
    'Approved colours are blue and green.',
    'Tests that skip setup are slow.',
  ])('not said of: %s', (line) => {
    expect(contradictionsIn(line)).toEqual([]);
  });

  test('it is placed in its file', () => {
    expect(found({ 'AGENTS.md': '# Rules\n\n- When done: git push.\n' })).toEqual([
      'P0605 info AGENTS.md:3:14 "git push": an agent pushes nothing; a change leaves by the publish stage only',
    ]);
  });
});

test.each([
  ['skip ', 'the '],
  ['you may ', ''],
  ['merge the a your this ', ''],
  ['\u200b', ''],
  ['git push\n', ''],
  ['approve ', 'the the the '],
])('a megabyte of %j is read in time', (one, other) => {
  const text = (one + other.repeat(9)).repeat(1_048_576).slice(0, 1_048_576);
  const started = performance.now();
  expect(found({ 'AGENTS.md': text }).length).toBeLessThan(50);
  expect(performance.now() - started).toBeLessThan(2_000);
});
