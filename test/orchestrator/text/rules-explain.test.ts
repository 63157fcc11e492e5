import { expect, test } from 'vitest';
import { sha256 } from '../../../orchestrator/domain/canonical.ts';
import { type RulesAnswer, rulesText } from '../../../orchestrator/text/rules-explain.ts';
import { sha } from '../../policies/sample.ts';

const ANSWER: RulesAnswer = {
  commit: sha('a'),
  chains: [
    {
      ...{ path: 'web/a\u001b.ts', agent: 'codex' },
      sources: [
        source('AGENTS.md', 30_000, 30_000, 'at the root'),
        source('web/AGENTS.md', 4_000, 2_768, 'in web/, above the path'),
        source('web/b/AGENTS.md', 10, 0, 'in web/b/, above the path'),
      ],
    },
    { path: 'b.ts', agent: 'cursor', sources: [] },
  ],
  run: {
    ...{ digest: sha256('rules'), bytes: 5, isTooLong: false },
    files: [
      { path: 'AGENTS.md', digest: sha256('a'), bytes: 5 },
      { path: 'GHOST.md', digest: null, bytes: 0 },
    ],
  },
};

function source(path: string, bytes: number, readBytes: number, why: string) {
  return { path, bytes, readBytes, why, digest: sha256(path) };
}

test('path and agent come first, then each file, then what a run gives', () => {
  expect(rulesText(ANSWER)).toMatchInlineSnapshot(`
    "at aaaaaaaaaaaa

    web/a·.ts   codex   3 files, 32768 bytes read
      AGENTS.md        sha256:a54ff182c7e8  30000 bytes              at the root
      web/AGENTS.md    sha256:d0546b0e2b37  4000 bytes, cut at 2768  in web/, above the path
      web/b/AGENTS.md  sha256:37acc66f73c2  10 bytes, not read       in web/b/, above the path

    b.ts   cursor   no rules

    a run is given 5 bytes, sha256:6c621d1a05138a7888d37d9269a9da8e2e11e4aced2f6cfd24b05ab1b9e61bb0
      AGENTS.md  sha256:ca978112ca1b            5 bytes
      GHOST.md   is not there, and is left out"
  `);
});

test.each([
  [{ digest: null, bytes: 0, files: [], isTooLong: false }, 'a run is given no rules'],
  [
    { digest: sha256('x'), bytes: 40_000, files: [], isTooLong: true },
    'a run does not start: its rules are 40000 bytes, more than agents read',
  ],
])('a run that is given nothing, or too much', (run, said) => {
  expect(rulesText({ ...ANSWER, chains: [], run })).toBe(`at aaaaaaaaaaaa\n\n${said}`);
});
