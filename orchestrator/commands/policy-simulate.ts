/** `policy simulate`: what a new policy would have said of changes that have landed here. */
import path from 'node:path';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { type Landed, replay } from '../../policies/replay.ts';
import { Duration } from '../../policies/units.ts';
import { Fault } from '../domain/faults.ts';
import type { LocalRepository } from '../ports/source.ts';
import { POLICY_FILE } from '../stages/base-rules.ts';
import { landedFacts } from '../stages/local-facts.ts';
import { printable } from '../text/columns.ts';
import { replayText } from '../text/policy-replay.ts';
import { type Context, type Exit, show } from './context.ts';
import { loadPolicies } from './policy.ts';
import { policyAt, policyIn } from './policy-sides.ts';

export type SimulateOptions = {
  readonly last: number;
  /** As in `90d`; null for however long ago. */
  readonly since: string | null;
  /** The old policy: a file, or the one of a commit. By default the one of HEAD. */
  readonly against: string | null;
  readonly againstRevision: string | null;
  /** The new policy; by default the working file. */
  readonly policy: string | null;
  readonly repository: string;
  /** Branch that the changes are taken to be for. */
  readonly branch: string;
  readonly allowLooser: boolean;
};

const TARGET = /^refs\//;

export async function policySimulate(context: Context, options: SimulateOptions): Promise<Exit> {
  const { against, againstRevision, branch, last } = options;
  if (against !== null && againstRevision !== null) {
    throw new Fault('usage', 'name the old policy with --against or --against-rev, not with both');
  }
  const since = sinceOf(options.since, context.clock());
  const repository = path.resolve(context.cwd, options.repository);
  const local = await context.local(repository);
  try {
    const sides = await sidesOf(context, local, { ...options, repository });
    const target = TARGET.test(branch) ? branch : `refs/heads/${branch}`;
    const changes = landedOn(local, { last, since, target });
    const found = await replay(changes, sides, context.clock().toISOString());
    if (found.judged + found.refused.length === 0) {
      throw new Fault('usage', `${printable(repository)} has no change to replay in this time`);
    }
    show(
      context,
      () => replayText(found, last),
      () => ({ asked: last, ...found }),
    );
    return found.loosened.length > 0 && !options.allowLooser ? 1 : 0;
  } finally {
    await local.close();
  }
}

type Sides = { before: LoadedPolicy[]; after: LoadedPolicy[] };

async function sidesOf(
  context: Context,
  local: LocalRepository,
  { against, againstRevision, policy, repository }: SimulateOptions,
): Promise<Sides> {
  const above = await loadPolicies(context.cwd, context.orgPolicies);
  const before =
    against === null
      ? await policyAt(local, againstRevision ?? 'HEAD', POLICY_FILE)
      : await policyIn(context.cwd, against);
  const after =
    policy === null ? await policyIn(repository, POLICY_FILE) : await policyIn(context.cwd, policy);
  return { before: [...above, before], after: [...above, after] };
}

function sinceOf(given: string | null, now: Date): Date | null {
  if (given === null) return null;
  const read = Duration.safeParse(given);
  if (read.success) return new Date(now.getTime() - read.data);
  throw new Fault('usage', `"${printable(given)}" is no time; write it as in 90d or 12h`);
}

type Range = { readonly last: number; readonly since: Date | null; readonly target: string };

async function* landedOn(
  local: LocalRepository,
  { last, since, target }: Range,
): AsyncGenerator<Landed> {
  const head = await local.resolve('HEAD');
  for await (const change of local.landed(head, last, since)) {
    const { commit, title, when } = change;
    const read = landedFacts(change, target);
    const name = { commit, title, when };
    yield 'facts' in read
      ? { ...name, facts: read.facts }
      : { ...name, refused: read.refused.map(({ message }) => message).join(' ') };
  }
}
