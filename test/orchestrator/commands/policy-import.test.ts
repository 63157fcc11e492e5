import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  type ImportOptions,
  policyImportOwners,
} from '../../../orchestrator/commands/policy-import.ts';
import { load } from '../../policies/sample.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { desk } from './context.ts';

async function run(files: Record<string, string>, over: Partial<ImportOptions> = {}, json = false) {
  const cwd = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(cwd, name)), { recursive: true });
    writeFileSync(path.join(cwd, name), text);
  }
  const { context, said } = desk({ cwd, json });
  const exit = await policyImportOwners(context, { file: null, name: 'shop', logins: [], ...over });
  return { exit, said: said.join('\n') };
}

test('the first file that a forge would read becomes a policy on stdout', async () => {
  const files = { CODEOWNERS: '* @bo\n', '.github/CODEOWNERS': '* @ana\n' };
  const { exit, said } = await run(files);
  expect(exit).toBe(0);
  expect(load(said).policy.groups).toHaveProperty('ana');
  expect(load((await run(files, { file: 'CODEOWNERS' })).said).policy.groups).toHaveProperty('bo');
  const json = await run(files, {}, true);
  expect(JSON.parse(json.said)).toEqual({ policy: `${said}\n` });
});

test('an address has the login that was given', async () => {
  const { said } = await run(
    { CODEOWNERS: '* ana@example.com\n' },
    { logins: ['Ana@example.com=@ana'] },
  );
  expect(said).toContain('members: ["github:ana"]');
});

test.each<[string, Record<string, string>, Partial<ImportOptions>, RegExp]>([
  ['no file', {}, {}, /there is no CODEOWNERS here/],
  ['a file that is not there', {}, { file: 'none' }, /none cannot be read \(ENOENT\)/],
  ['a line that cannot be imported', { CODEOWNERS: '* @a\n!x @b\n' }, {}, /CODEOWNERS:2: `!`/],
  ['a login without an address', { CODEOWNERS: '* @a\n' }, { logins: ['ana'] }, /ADDRESS=LOGIN/],
])('%s is refused', async (_, files, over, message) => {
  await expect(run(files, over)).rejects.toMatchObject({
    exit: 2,
    message: expect.stringMatching(message),
  });
});
