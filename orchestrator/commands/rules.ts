/**
 * `rules explain`: which rule files an agent would get for some paths, and what a run would give it.
 * Read from a commit and never from the working tree, as a run reads them.
 */
import path from 'node:path';
import { pathProblem } from '../../policies/paths.ts';
import {
  isRuleFile,
  namedFiles,
  RULE_AGENTS,
  type RuleAgent,
  type RuleFile,
  ruleChain,
} from '../../policies/rules-chain.ts';
import { Fault } from '../domain/faults.ts';
import type { Sha } from '../domain/ids.ts';
import type { LocalRepository } from '../ports/source.ts';
import { RULES_BYTES_MAX, readWorkspaceFile, rulesIn } from '../stages/fed-rules.ts';
import { printable } from '../text/columns.ts';
import { type RulesAnswer, rulesText } from '../text/rules-explain.ts';
import { type Context, type Exit, show } from './context.ts';

export type { RuleAgent };

export type RulesOptions = {
  readonly paths: readonly string[];
  /** Null: every agent that we know of. */
  readonly agent: RuleAgent | null;
  readonly revision: string;
  /** A folder of the repository. */
  readonly repository: string;
};

/** A repository with more than these is not one that agents read. */
const FILES_MAX = 2_000;

export async function rulesExplain(context: Context, options: RulesOptions): Promise<Exit> {
  for (const named of options.paths) mustBeFile(named);
  const local = await context.local(path.resolve(context.cwd, options.repository));
  try {
    const answer = await answerFor(local, options);
    show(
      context,
      () => rulesText(answer),
      () => answer,
    );
    return 0;
  } finally {
    await local.close();
  }
}

function mustBeFile(named: string): void {
  const why = named.endsWith('/') ? 'names a folder' : pathProblem(named);
  if (why === null) return;
  throw new Fault(
    'usage',
    `"${printable(named)}" ${why}; name a file from the root of the repository, as in src/auth/login.ts`,
  );
}

async function answerFor(local: LocalRepository, options: RulesOptions): Promise<RulesAnswer> {
  const { paths, agent, revision } = options;
  const commit = await local.resolve(revision);
  const files = await ruleFilesAt(local, commit);
  const agents = agent === null ? RULE_AGENTS : [agent];
  const chains = paths.flatMap((file) =>
    agents.map((name) => ({ path: file, agent: name, sources: ruleChain(name, file, files) })),
  );
  const read = async (file: string): Promise<string | null> => {
    const bytes = await local.read(commit, file);
    return bytes === null ? null : Buffer.from(bytes).toString('utf8');
  };
  const fed = await rulesIn(await readWorkspaceFile(read), read);
  const { digest, bytes } = fed;
  const run = { digest, bytes, files: fed.files, isTooLong: bytes > RULES_BYTES_MAX };
  return { commit, chains, run };
}

async function ruleFilesAt(local: LocalRepository, commit: Sha): Promise<RuleFile[]> {
  const all = await local.paths(commit);
  const known = await filesOf(local, commit, all.filter(isRuleFile));
  const names = namedFiles(known);
  const seen = new Set(known.map((file) => file.path));
  const more = all.filter((file) => names.includes(path.posix.basename(file)) && !seen.has(file));
  return [...known, ...(await filesOf(local, commit, more))];
}

async function filesOf(
  local: LocalRepository,
  commit: Sha,
  paths: readonly string[],
): Promise<RuleFile[]> {
  if (paths.length > FILES_MAX) {
    throw new Fault('usage', `the commit holds more than ${FILES_MAX} rule files`);
  }
  const files: RuleFile[] = [];
  for (const file of paths) {
    const bytes = await local.read(commit, file);
    if (bytes !== null) files.push({ path: file, bytes });
  }
  return files;
}
