/** `policy fmt`: policies and their cases in one form. A file is replaced whole or not at all. */
import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Fixtures } from '../../policies/fixtures.ts';
import { CASE_KEYS, POLICY_KEYS } from '../../policies/json-schema.ts';
import { parsePolicyBytes } from '../../policies/parse.ts';
import { type Problem, renderProblem } from '../../policies/problems.ts';
import { formatYaml } from '../../policies/yaml-format.ts';
import { parseYaml } from '../../policies/yaml-source.ts';
import { Fault } from '../domain/faults.ts';
import { POLICY_FILE } from '../stages/base-rules.ts';
import { printable } from '../text/columns.ts';
import { type Context, type Exit, show } from './context.ts';
import { readPolicy } from './policy.ts';

type Formatted = { readonly file: string; readonly source: string; readonly text: string };

/** Nothing is written before every file could be formatted. */
export async function policyFormat(
  context: Context,
  files: readonly string[],
  isCheck: boolean,
): Promise<Exit> {
  const named = files.length > 0 ? files : [POLICY_FILE];
  const formatted = await Promise.all(named.map((file) => format(context.cwd, file)));
  const others = formatted.filter(({ source, text }) => source !== text);
  if (!isCheck)
    for (const one of others) await replace(path.resolve(context.cwd, one.file), one.text);
  const did = isCheck ? 'is in another form; see: policy fmt' : 'is written in its one form now';
  show(
    context,
    () => others.map(({ file }) => printable(`${file} ${did}`)).join('\n') || 'nothing to change',
    () => ({ changed: others.map(({ file }) => file), written: !isCheck }),
  );
  return isCheck && others.length > 0 ? 1 : 0;
}

async function format(cwd: string, file: string): Promise<Formatted> {
  const bytes = await readPolicy(cwd, file);
  const source = Buffer.from(bytes).toString('utf8');
  const problems = problemsIn(bytes, source, file);
  if (problems.length > 0) {
    throw new Fault('policy_invalid', problems.map(renderProblem).join('\n\n'));
  }
  const text = formatYaml(source, isCases(source) ? CASE_KEYS : POLICY_KEYS);
  if (text !== null) return { file, source, text };
  throw new Fault(
    'usage',
    `${printable(file)} cannot be written in another form without a loss; it is left as it is (a text block with |+ is one reason)`,
  );
}

function problemsIn(bytes: Uint8Array, source: string, file: string): Problem[] {
  const parsed = isCases(source)
    ? parseYaml(source, file, Fixtures)
    : parsePolicyBytes(bytes, file);
  return 'problems' in parsed ? parsed.problems : [];
}

/** A policy has no such key. */
function isCases(source: string): boolean {
  return /^cases:/m.test(source);
}

/** A reader sees the old file or the new one. A link stays one, and the file keeps its mode. */
async function replace(file: string, text: string): Promise<void> {
  const target = await realpath(file);
  const { mode } = await stat(target);
  const beside = `${target}.${randomUUID()}.tmp`;
  try {
    const handle = await open(beside, 'wx', mode & 0o777);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, target);
  } catch (cause) {
    await rm(beside, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    throw new Fault('usage', `${printable(file)} cannot be written (${code})`, { cause });
  }
}
