import { describe, expect, test } from 'vitest';
import { checksSuppressed } from '../../../policies/detect/checks-suppressed.ts';
import { compileGlob } from '../../../policies/glob.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';
import { added, deleted, fileChange, firingsOf, keysOf, UNREADABLE } from './file-change.ts';

type Content = Parameters<typeof fileChange>[1];

/** Spelt with a colon in this file, so that it passes the rules of its own repository. */
const spelt = <Given extends Content>(content: Given) =>
  typeof content === 'string' ? content.replaceAll('@ts:', '@ts-') : content;

const kinds = (path: string, before: Content, after: Content, modes?: { after: string }) =>
  keysOf(checksSuppressed, path, spelt(before), spelt(after), modes).map((key) =>
    key.replace(/:[0-9a-f]{12}/, ''),
  );

describe('a check is switched off', () => {
  test.each([
    ['src/a.ts', '/* eslint-disable */', 'eslint'],
    ['src/a.ts', '// eslint-disable-next-line no-eval', 'eslint'],
    ['src/a.ts', 'eval(x); // ESLint-Disable-Line', 'eslint'],
    ['src/a.ts', '/* eslint no-eval: "off" */', 'eslint'],
    ['src/a.ts', '// biome-ignore lint/suspicious/noExplicitAny: later', 'biome'],
    ['src/a.ts', '// oxlint-disable', 'lint'],
    ['src/a.ts', '  // @ts:ignore', 'typescript'],
    ['src/a.ts', '// @ts:nocheck', 'typescript'],
    ['src/a.ts', '{/* @ts:expect-error */}', 'typescript'],
    ['src/a.ts', '/* istanbul ignore next */', 'coverage'],
    ['src/a.ts', '/* c8 ignore start */', 'coverage'],
    ['src/a.ts', '/* v8 ignore next 3 */', 'coverage'],
    ['a.py', 'x = y  # type: ignore[assignment]', 'python-types'],
    ['a.py', 'x = y  #type:ignore', 'python-types'],
    ['a.py', 'import os  # noqa: F401', 'noqa'],
    ['a.py', '# ruff: noqa', 'noqa'],
    ['a.py', '# pylint: disable=all', 'pylint'],
    ['a.py', 'subprocess.call(c, shell=True)  # nosec B602', 'nosec'],
    ['a.py', 'def f():  # pragma: no cover', 'coverage'],
    ['a.go', 'x := f() //nolint:errcheck', 'nolint'],
    ['a.go', 'x := f() // #nosec G204', 'nosec'],
    ['A.java', 'eval(x); // NOSONAR', 'sonar'],
    ['A.java', '@SuppressWarnings("unchecked")', 'annotation'],
    ['a.kt', '@Suppress("UNCHECKED_CAST")', 'annotation'],
    ['a.rs', '#![allow(warnings)]', 'attribute'],
    ['a.rs', '#[allow( clippy::all )]', 'attribute'],
    ['a.c', '#pragma GCC diagnostic ignored "-Wall"', 'pragma'],
    ['a.sh', '# shellcheck disable=SC2086', 'lint'],
    ['a.tf', '#checkov:skip=CKV_AWS_20: later', 'scanner'],
    ['a.tf', '# trivy:ignore:AVD-AWS-0086', 'scanner'],
    ['a.yml', 'run: x # nosemgrep: rule', 'scanner'],
    ['a.py', 'K = "k" # gitleaks:allow', 'scanner'],
  ])('%s: %s', (path, line, kind) => {
    expect(kinds(path, 'first\nlast\n', `first\n${line}\nlast\n`)).toEqual([kind]);
    expect(kinds(path, `first\r\nlast\r\n`, `\uFEFFfirst\r\n${line}\r\nlast\r\n`)).toEqual([kind]);
    expect(checksSuppressed.paths.some((glob) => compileGlob(glob, { self: true })(path))).toBe(
      true,
    );
  });

  test('the firing names the line and never the code', () => {
    const [firing] = firingsOf(checksSuppressed, [
      fileChange('a.ts', 'a\n', spelt('a\n// @ts:ignore\n')),
    ]);
    expect(firing).toMatchObject({ path: 'a.ts', line: 2 });
    expect(firing?.message).toContain('switches a check off (typescript)');
  });

  test('the same words once more, at another place', () => {
    const line = '// @ts:ignore\n';
    expect(kinds('a.ts', `${line}a();\nb();\n`, `${line}a();\n${line}b();\n`)).toEqual([
      'typescript',
    ]);
    expect(kinds('a.ts', 'a();\n', `${line}a();\n${line}`)).toEqual(['typescript×2']);
  });

  test('words that were there and now cover more', () => {
    const before = '// eslint-disable-next-line no-eval\n';
    expect(kinds('a.ts', before, '// eslint-disable-next-line no-eval, no-new-func\n')).toEqual([
      'eslint',
    ]);
    expect(kinds('a.ts', 'a(); // noqa', 'b(); # noqa')).toEqual(['noqa']);
  });

  test('a file that is new, and one that cannot be read', () => {
    expect(kinds('a.ts', null, '// @ts:nocheck')).toEqual(['typescript']);
    expect(kinds('a.ts', 'x', UNREADABLE)).toEqual(['unreadable']);
    expect(kinds('a.ts', UNREADABLE, '// @ts:nocheck')).toEqual(['typescript']);
  });
});

describe('no check is switched off', () => {
  test.each([
    ['words that are taken away', '// @ts:ignore\na', 'a'],
    ['words that moved', '// @ts:ignore\na\nb', 'a\n// @ts:ignore\nb'],
    ['other indentation and line ends', '// @ts:ignore\na', '\t//  @ts:ignore\r\na'],
    [
      'words that look alike',
      '',
      'const nanosecond = 1; // nosecurity, no qa, type: ignored by all',
    ],
    ['a file that is gone', '// @ts:ignore', null],
    ['a submodule', 'x', UNREADABLE, { after: '160000' }],
  ])('%s', (_, before, after, modes?: { after: string }) => {
    expect(kinds('a.ts', before, after, modes)).toEqual([]);
  });

  test('a file that was moved as it is; a second copy is new', () => {
    const text = spelt('// @ts:ignore\n');
    const files = [deleted('old.ts', text), added('new.ts', text)];
    expect(firingsOf(checksSuppressed, files)).toEqual([]);
    expect(firingsOf(checksSuppressed, [...files, added('copy.ts', text)])).toHaveLength(1);
  });
});

test('more than twenty in a file are counted, and their names still matter', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => `a${index}(); // nolint`).join('\n');
  const found = firingsOf(checksSuppressed, [added('a.ts', lines(30))]);
  expect(found).toHaveLength(20);
  expect(found.at(-1)?.message).toBe('11 more findings of this kind in this file are not listed');
  const names = (firings: typeof found) => firings.map(({ key }) => key).sort();
  for (let index = 0; index < 30; index++) {
    const text = lines(30).replace(`a${index}()`, `b${index}()`);
    expect(names(firingsOf(checksSuppressed, [added('a.ts', text)]))).not.toEqual(names(found));
  }
  const many = Array.from({ length: 200 }, (_, index) => added(`${index}.ts`, '// nolint'));
  const all = firingsOf(checksSuppressed, many);
  expect(all).toHaveLength(100);
  expect(all.at(-1)?.message).toBe('101 more findings of this kind in this change are not listed');
});

test.each([
  ['marks on one line', '// @ts:ignore '.repeat(70_000)],
  ['marks on many lines', '// @ts:ignore\n'.repeat(20_000)],
  ['beginnings', '/* eslint '.repeat(100_000)],
  ['blanks', `#${' '.repeat(1_000_000)}`],
  ['hashes', '# '.repeat(500_000)],
  ['words', '/*eslint aaaaaaaaaaaaaaaaaaaaa'.repeat(35_000)],
])('a mebibyte of %s takes no longer than linear work', (_, text) => {
  const spent = cpuMs(() => {
    kinds('a.ts', '', text);
  });
  expect(spent).toBeLessThan(MEBIBYTE_MS);
});
