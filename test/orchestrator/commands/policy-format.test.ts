import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { policyFormat } from '../../../orchestrator/commands/policy-format.ts';
import { asFault } from '../../../orchestrator/domain/faults.ts';
import { FULL } from '../../policies/sample.ts';
import { writeAll } from '../intake/repositories.ts';
import { desk } from './context.ts';

const LOOSE = FULL.replace('[local:rita, local:sam]', '[ local:rita,   local:sam ]');

function withFiles(files: Record<string, string>) {
  const { context, said } = desk();
  writeAll(context.cwd, files);
  const at = (file: string): string => join(context.cwd, file);
  return { context, said, at, text: (file: string) => readFileSync(at(file), 'utf8') };
}

test('a file in another form is rewritten, keeps its mode, and nothing else is left beside it', async () => {
  const { context, said, at, text } = withFiles({ 'p.yaml': LOOSE });
  chmodSync(at('p.yaml'), 0o640);
  const before = readdirSync(context.cwd);
  expect(await policyFormat(context, ['p.yaml'], false)).toBe(0);
  expect(text('p.yaml')).toContain('security: { members: [local:rita, local:sam] }');
  expect(statSync(at('p.yaml')).mode & 0o777).toBe(0o640);
  expect(readdirSync(context.cwd)).toEqual(before);
  expect(said).toEqual(['p.yaml is written in its one form now']);
});

test('a second time there is nothing to do', async () => {
  const { context, said } = withFiles({ '.proofhouse/policy.yaml': LOOSE });
  await policyFormat(context, [], false);
  expect(await policyFormat(context, [], false)).toBe(0);
  expect(said.at(-1)).toBe('nothing to change');
});

test('with --check nothing is written, and another form ends with 1', async () => {
  const { context, said, text } = withFiles({ 'p.yaml': LOOSE });
  expect(await policyFormat(context, ['p.yaml'], true)).toBe(1);
  expect(text('p.yaml')).toBe(LOOSE);
  expect(said).toEqual(['p.yaml is in another form; see: policy fmt']);
  await policyFormat(context, ['p.yaml'], false);
  expect(await policyFormat(context, ['p.yaml'], true)).toBe(0);
});

test('a link stays a link to the file that is rewritten', async () => {
  const { context, at, text } = withFiles({ 'real.yaml': LOOSE });
  symlinkSync('real.yaml', at('p.yaml'));
  await policyFormat(context, ['p.yaml'], false);
  expect(lstatSync(at('p.yaml')).isSymbolicLink()).toBe(true);
  expect(text('real.yaml')).not.toBe(LOOSE);
});

test('a file that would lose something is refused and stays as it is', async () => {
  const kept = LOOSE.replace(
    /^metadata: .*$/m,
    `metadata:
  name: shop
  layer: standalone
  owner: platform
  why: |+
    Guardrails.

`,
  );
  const { context, text } = withFiles({ 'p.yaml': kept });
  const fault = await policyFormat(context, ['p.yaml'], false).then(() => null, asFault);
  expect(fault?.message).toContain('p.yaml cannot be written in another form without a loss');
  expect(text('p.yaml')).toBe(kept);
});

test('a file of cases has one form as well, and stays a file of cases', async () => {
  const cases = `cases:\n    - name: a page\n      change:\n          - { modify: a.md }\n      expect: { decision: allow }\napiVersion: proofhouse/v1\n`;
  const { context, text } = withFiles({ 'c.yaml': cases, 'bad.yaml': `${cases}zzz: 1\n` });
  expect(await policyFormat(context, ['c.yaml'], false)).toBe(0);
  expect(text('c.yaml')).toMatchInlineSnapshot(`
    "apiVersion: proofhouse/v1
    cases:
      - name: a page
        change:
          - { modify: a.md }
        expect: { decision: allow }
    "
  `);
  const fault = await policyFormat(context, ['bad.yaml'], true).then(() => null, asFault);
  expect(fault?.message).toContain('unknown key `zzz`');
  expect(fault?.message).not.toContain('`kind`');
});

test.each([
  ['a file that does not parse', 'bad.yaml', 'policy_invalid'],
  ['a file that is not there', 'no.yaml', 'file_unreadable'],
  ['a folder', 'folder', 'file_unreadable'],
])('%s is refused, and none of the files is touched', async (_, file, code) => {
  const { context, at, text } = withFiles({ 'p.yaml': LOOSE, 'bad.yaml': `${FULL}zzz: 1\n` });
  mkdirSync(at('folder'));
  const fault = await policyFormat(context, ['p.yaml', file], false).then(() => null, asFault);
  expect(fault?.code).toBe(code);
  expect(text('p.yaml')).toBe(LOOSE);
});
