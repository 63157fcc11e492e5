import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AskedOptions } from '../../../orchestrator/commands/policy-explain.ts';
import { FULL } from '../../policies/sample.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { explained, folderWith, POLICY, refused } from './explaining.ts';

describe('paths', () => {
  test('are explained by the policy of the folder, one after the other, and end with 0', async () => {
    const cwd = folderWith({ [POLICY]: FULL });
    const { exit, text } = await explained({ paths: ['src/auth/a.ts', '.proofhouse/a'] }, { cwd });
    expect(exit).toBe(0);
    expect(text).toMatch(/^src\/auth\/a\.ts {3}critical · held before PR · /);
    expect(text).toMatch(/\n\n\.proofhouse\/a {3}critical · forbidden\n/);
  });

  test('are judged by policies above the repository too', async () => {
    const org = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: acme, layer: org, owner: platform }
gates: [{ id: everything, why: x, class: high, paths: ["**"] }]
`;
    const cwd = folderWith({ [POLICY]: FULL, 'org.yaml': org });
    const around = { cwd, orgPolicies: ['org.yaml'] };
    const { text } = await explained({ paths: ['README.md'] }, around);
    expect(text).toContain('org         gate everything  "**"  org.yaml:4:56');
    const alone = await explained({ paths: ['README.md'] }, { cwd });
    expect(alone.text).not.toContain('everything');
  });

  test('are one JSON value for machines, on the ref that is named', async () => {
    const cwd = folderWith({ [POLICY]: FULL });
    const { text } = await explained(
      { paths: ['src/auth/a.ts'], branch: 'next', operation: 'delete', requester: 'rita' },
      { cwd, json: true },
    );
    expect(JSON.parse(text)).toMatchObject([
      { path: 'src/auth/a.ts', operation: 'delete', target: 'refs/heads/next', verdict: 'hold' },
    ]);
  });
});

describe('what cannot be answered says why, and what to do', () => {
  test.each<[string, Partial<AskedOptions>, string]>([
    ['nothing asked', {}, 'name at least one path, or a change with --change BASE..HEAD'],
    ['both', { paths: ['a'], range: 'a..b' }, 'name paths or --change, not both'],
    ['a repository for paths', { paths: ['a'], repository: '.' }, '--repo names the repository'],
    ['a folder', { paths: ['src/'] }, '"src/" is no path of a change; name a file'],
    ['from here', { paths: ['./a'] }, '"./a" is no path of a change'],
    ['from above', { paths: ['../a'] }, '"../a" is no path of a change'],
    ['from the disk', { paths: ['/a'] }, '"/a" is no path of a change'],
    ['no name', { paths: [''] }, '"" is no path of a change'],
    ['no range', { range: 'main' }, '"main" is no range; write BASE..HEAD'],
    ['half a range', { range: 'main..' }, '"main.." is no range'],
    ['three dots', { range: 'a...b' }, '"a...b" is no range'],
    ['three ends', { range: 'a..b..c' }, '"a..b..c" is no range'],
  ])('%s', async (_, over, said) => {
    const text = await refused(over);
    expect(text).toMatch(/^2 error\[usage\]: /);
    expect(text).toContain(said);
  });

  test('a policy file that is not there, or is a folder', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'folder'));
    expect(await refused({ paths: ['a'] }, { cwd })).toContain(
      `error[file_unreadable]: ${POLICY} does not exist`,
    );
    expect(await refused({ paths: ['a'], policies: ['folder'] }, { cwd })).toContain(
      'error[file_unreadable]: folder is a folder, where a file was expected',
    );
    const above = { cwd, orgPolicies: ['org.yaml'] };
    expect(await refused({ paths: ['a'] }, above)).toContain('org.yaml does not exist');
  });
});
