/**
 * `policy explain`: what a policy would say of paths, or says of a change between two commits of a
 * local repository. A change is judged by the policy of the commit it started from, as a run's is.
 */
import path from 'node:path';
import { decide } from '../../policies/decide.ts';
import { explain, explainDecision } from '../../policies/explain.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { type ReadTree, reachOf, SOURCES_BYTES_MAX, sourcesOf } from '../../policies/reach.ts';
import type { Operation } from '../domain/change.ts';
import { Fault } from '../domain/faults.ts';
import type { Sha } from '../domain/ids.ts';
import type { LocalRepository } from '../ports/source.ts';
import { POLICY_FILE, policyOf } from '../stages/base-rules.ts';
import type { ReadFacts } from '../stages/facts.ts';
import { groupSnapshot } from '../stages/groups.ts';
import { landingFacts, localFacts } from '../stages/local-facts.ts';
import { printable } from '../text/columns.ts';
import { type ChangeAnswer, changeText, type Landing, worstExit } from '../text/policy-change.ts';
import { pathExplanationText } from '../text/policy-explain.ts';
import { type Context, type Exit, show } from './context.ts';
import { loadPolicies } from './policy.ts';

type ExplainOptions = {
  /** Empty: those of the base, or the one in this folder. */
  readonly policies: readonly string[];
  readonly requester: string | null;
  /** A branch or a whole ref. */
  readonly branch: string | null;
};

/** Either paths or a range. */
export type AskedOptions = Omit<PathOptions & ChangeOptions, 'range' | 'repository'> & {
  readonly range: string | null;
  readonly repository: string | null;
};

export async function explainAsked(context: Context, options: AskedOptions): Promise<Exit> {
  const { range, repository, ...rest } = options;
  if (range === null) {
    if (repository !== null) throw new Fault('usage', '--repo names the repository of --change');
    if (rest.paths.length > 0) return policyExplain(context, rest);
    throw new Fault('usage', 'name at least one path, or a change with --change BASE..HEAD');
  }
  if (rest.paths.length === 0) {
    return policyExplainChange(context, { ...rest, range, repository: repository ?? '.' });
  }
  throw new Fault('usage', 'name paths or --change, not both: a change has its own paths');
}

type PathOptions = ExplainOptions & {
  readonly paths: readonly string[];
  readonly operation: Operation;
};

async function policyExplain(context: Context, options: PathOptions): Promise<Exit> {
  const { paths, policies, operation, requester, branch } = options;
  for (const named of paths) mustBeFile(named);
  const files = policies.length > 0 ? policies : [POLICY_FILE];
  const layers = await loadPolicies(context.cwd, [...context.orgPolicies, ...files]);
  const now = context.clock().toISOString();
  const told = explain(layers, paths, {
    operation,
    requester,
    now,
    target: refOf(branch ?? 'main'),
  });
  show(
    context,
    () => told.map(pathExplanationText).join('\n\n'),
    () => told,
  );
  return 0;
}

/** A gate may cover a folder, but a change is made of files. */
function mustBeFile(named: string): void {
  if (named !== '' && !/^\.{0,2}\/|\/$/.test(named)) return;
  throw new Fault(
    'usage',
    `"${printable(named)}" is no path of a change; name a file from the root of the repository, as in src/auth/login.ts`,
  );
}

type ChangeOptions = ExplainOptions & {
  /** As in `main..feature`. */
  readonly range: string;
  readonly repository: string;
};

async function policyExplainChange(context: Context, options: ChangeOptions): Promise<Exit> {
  const ends = endsOf(options.range);
  const local = await context.local(path.resolve(context.cwd, options.repository));
  try {
    const answer = await answerFor(context, local, { ...options, ...ends });
    show(
      context,
      () => changeText(answer),
      () => answer,
    );
    return worstExit(answer);
  } finally {
    await local.close();
  }
}

function endsOf(range: string): { from: string; to: string } {
  const [from = '', to = '', ...more] = range.split('..');
  if (from !== '' && to !== '' && !to.startsWith('.') && more.length === 0) return { from, to };
  throw new Fault(
    'usage',
    `"${printable(range)}" is no range; write BASE..HEAD, as in main..my-branch`,
  );
}

type Asked = ChangeOptions & { readonly from: string; readonly to: string };

async function answerFor(
  context: Context,
  local: LocalRepository,
  asked: Asked,
): Promise<ChangeAnswer> {
  const [tip, head] = [await local.resolve(asked.from), await local.resolve(asked.to)];
  const target = asked.branch === null ? await targetOf(local, asked.from) : refOf(asked.branch);
  const { base, tree, raw } = await local.change(tip, head);
  if (raw.length === 0) {
    const what = `${printable(asked.to)} changes nothing since it parted from ${printable(asked.from)}`;
    throw new Fault('usage', `${what}; name a commit with a change`);
  }
  const layers = await layersAt(context, local, base, asked.policies);
  const groups = await groupsAt(local, base, layers);
  const judge = async (read: ReadFacts): Promise<Landing> => {
    if ('refused' in read) return { refused: read.refused };
    const facts = { ...read.facts, groups };
    const judgement = decide(layers, facts, context.clock().toISOString());
    const { files, addedLines, removedLines, entries } = facts.change;
    return {
      ...explainDecision(layers, judgement, asked.requester),
      change: { tree: facts.change.tree, entries, files, addedLines, removedLines },
      reach: reachOf(layers, facts, await treeAt(local, facts.change.tree)),
    };
  };
  const read = await localFacts(local, tip, head, target);
  const lands = await landsAs(local, { tip, head, target, read }, judge);
  const range = { from: asked.from, to: asked.to, base, tree, target };
  return { range, decision: await judge(read), lands };
}

async function treeAt(local: LocalRepository, tree: Sha): Promise<ReadTree> {
  const paths = await local.paths(tree);
  const { wanted } = sourcesOf(paths);
  return { paths, texts: await local.texts(tree, wanted, SOURCES_BYTES_MAX) };
}

type Ends = { tip: Sha; head: Sha; target: string; read: ReadFacts };

/** Null when what would land is what was judged. */
async function landsAs(
  local: LocalRepository,
  { tip, head, target, read }: Ends,
  judge: (read: ReadFacts) => Promise<Landing>,
): Promise<ChangeAnswer['lands']> {
  const landing = await landingFacts(local, tip, head, target);
  if ('conflicts' in landing) return landing;
  const isSame =
    'facts' in landing &&
    'facts' in read &&
    landing.facts.change.entries === read.facts.change.entries;
  return isSame ? null : judge(landing);
}

async function layersAt(
  context: Context,
  local: LocalRepository,
  base: Sha,
  policies: readonly string[],
): Promise<LoadedPolicy[]> {
  if (policies.length > 0) {
    return loadPolicies(context.cwd, [...context.orgPolicies, ...policies]);
  }
  const above = await loadPolicies(context.cwd, context.orgPolicies);
  return [...above, policyOf(await local.read(base, POLICY_FILE), base)];
}

function groupsAt(local: LocalRepository, base: Sha, layers: readonly LoadedPolicy[]) {
  const groups = layers.flatMap(({ policy }) => Object.values(policy.groups));
  return groupSnapshot(
    (file) => textAt(local, base, file),
    groups.flatMap(({ file }) => file ?? []),
  );
}

async function textAt(local: LocalRepository, commit: Sha, file: string): Promise<string | null> {
  const bytes = await local.read(commit, file);
  return bytes === null ? null : Buffer.from(bytes).toString('utf8');
}

/** A base that is a branch says where the change goes. */
async function targetOf(local: LocalRepository, from: string): Promise<string> {
  const ref = refOf(from);
  const isBranch = await local.resolve(ref).then(
    () => true,
    () => false,
  );
  return isBranch ? ref : refOf('main');
}

function refOf(branch: string): string {
  return branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
}
