/** `policy import codeowners`: a first policy from the rules that a repository has already. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { OWNERS_FILES, ownersFrom } from '../../policies/codeowners.ts';
import { Fault } from '../domain/faults.ts';
import { ownersPolicy } from '../intake/owners-policy.ts';
import { printable } from '../text/columns.ts';
import { type Context, type Exit, show } from './context.ts';

export type ImportOptions = {
  /** By default the first there is where forges look. */
  readonly file: string | null;
  readonly name: string | null;
  /** Each `ADDRESS=LOGIN`. */
  readonly logins: readonly string[];
};

export async function policyImportOwners(
  context: Context,
  { file, name, logins }: ImportOptions,
): Promise<Exit> {
  const found = await read(context.cwd, file === null ? OWNERS_FILES : [file]);
  const options = { name: name ?? path.basename(context.cwd), logins: loginsFrom(logins) };
  const made = ownersPolicy(ownersFrom(found.file, found.text), options);
  if ('problems' in made) {
    const lines = made.problems.map(({ line, message }) => `${found.file}:${line}: ${message}`);
    throw new Fault(
      'usage',
      ['The file cannot be imported as it is:', ...lines.map(printable)].join('\n'),
    );
  }
  show(
    context,
    () => made.yaml.trimEnd(),
    () => ({ policy: made.yaml }),
  );
  return 0;
}

async function read(
  cwd: string,
  files: readonly string[],
): Promise<{ file: string; text: string }> {
  for (const file of files) {
    try {
      return { file, text: await readFile(path.resolve(cwd, file), 'utf8') };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && files.length > 1) continue;
      throw new Fault('usage', `${printable(file)} cannot be read (${code})`, { cause: error });
    }
  }
  throw new Fault('usage', `there is no CODEOWNERS here; looked at ${files.join(', ')}`);
}

function loginsFrom(given: readonly string[]): Map<string, string> {
  return new Map(
    given.map((pair) => {
      const [, address = '', login = ''] =
        /^([^=\s]+@[^=\s]+)=@?([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(pair) ?? [];
      if (address === '') {
        throw new Fault(
          'usage',
          `"${printable(pair)}": a login is given as ADDRESS=LOGIN, as in ana@example.com=ana`,
        );
      }
      return [address.toLowerCase(), login];
    }),
  );
}
