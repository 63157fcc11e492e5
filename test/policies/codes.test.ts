import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { codeProse, PROBLEM_CODES } from '../../policies/codes.ts';
import { parsePolicy } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { policyPage } from '../../scripts/policy-reference.ts';
import { FULL, NAME } from './sample.ts';

test('every code that a problem is given anywhere is explained', () => {
  const files = globSync('policies/**/*.ts').filter((file) => file !== 'policies/codes.ts');
  const used = files.flatMap((file) => readFileSync(file, 'utf8').match(/'P0[1-6]\d\d'/g) ?? []);
  expect(used.length).toBeGreaterThan(20);
  expect(used.map((code) => code.slice(1, -1)).filter((code) => codeProse(code) === null)).toEqual(
    [],
  );
});

test('codes are in order, and each says what it is, what it means and what to do', () => {
  expect(PROBLEM_CODES).toEqual([...PROBLEM_CODES].sort());
  for (const code of PROBLEM_CODES) {
    const { title = '', meaning = '', todo = '' } = codeProse(code) ?? {};
    expect(title).toMatch(/^[^.]{5,60}$/);
    expect(meaning).toMatch(/^[A-Z`].+\.$/);
    expect(todo).toMatch(/^[A-Z`].+\.$/);
  }
});

test('a problem is shown with its place, the names around it, and where to read more', () => {
  const parsed = parsePolicy(
    FULL.replace('group: platform, count: 1 }]\n    val', 'group: platform, quroum: 2 }]\n    val'),
    NAME,
  );
  const [first] = 'problems' in parsed ? parsed.problems : [];
  expect(first && renderProblem(first)).toMatchInlineSnapshot(`
    "error[P0103]: unknown key \`quroum\`
       --> .proofhouse/policy.yaml:20:36
        |
     20 |     approvals: [{ group: platform, quroum: 2 }]
        |                                    ^^^^^^ known: group, count, any_of
        = in: gates[0] (auth) › approvals[0]
        = see: proofhouse policy explain-code P0103"
  `);
});

test('a name that is no text, hides something or goes on for ever stays harmless', () => {
  const shown = (id: string): string => {
    const parsed = parsePolicy(FULL.replace('id: auth', `id: ${id}`), NAME);
    return 'problems' in parsed ? parsed.problems.map(renderProblem).join('\n') : '';
  };
  expect(shown('[1]')).toContain('in: gates[0] › id');
  expect(shown('"a\\u202eb"')).toContain('in: gates[0] (a\ufffdb) › id');
  expect(shown('x'.repeat(5_000))).toContain(`in: gates[0] (${'x'.repeat(40)}) › id`);
});

test('docs/policy.md is what the schema, the detectors and the codes say: npm run docs:policy', () => {
  const page = readFileSync('docs/policy.md', 'utf8');
  expect(policyPage(page)).toBe(page);
});

test('a page without its marks is not overwritten', () => {
  expect(() => policyPage('# Policy\n')).toThrow('lacks the marks');
});
