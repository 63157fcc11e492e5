/**
 * `verify BUNDLE`: whether a bundle proves what it says. Needs its files and public keys, and a repository
 * where one is named: no data directory, no engine, no network.
 */
import path from 'node:path';
import type { LoadedPolicy } from '../../policies/parse.ts';
import type { Manifest } from '../../validators/evidence/bundle/manifest.ts';
import type { RepositoryAnswer } from '../../validators/evidence/bundle/repository.ts';
import { type Verification, verifyBundle } from '../../validators/evidence/bundle/verify.ts';
import { readReport } from '../compose.ts';
import { KeyRole, type TrustedKey } from '../domain/dsse.ts';
import { asFault, Fault } from '../domain/faults.ts';
import type { LocalRepository } from '../ports/source.ts';
import { POLICY_FILE } from '../stages/base-rules.ts';
import { factsOf } from '../stages/facts.ts';
import { branchOf } from '../stages/publish.ts';
import { verifyReport } from '../text/verify-report.ts';
import { keysFrom } from './audit.ts';
import { readBundleFolder } from './bundle-folder.ts';
import { type Context, type Exit, show } from './context.ts';

export type VerifyOptions = {
  readonly bundle: string;
  readonly repository: string | null;
  /** Whose tree must be the bundle's; null for the run's own branch, where there is one. */
  readonly commit: string | null;
  /** Null for the keys of this data directory. */
  readonly trust: readonly string[] | null;
};

const EXITS = { verified: 0, failed: 1, waiting: 3, unknown: 4 } as const;

export async function verify(context: Context, options: VerifyOptions): Promise<Exit> {
  const folder = path.resolve(context.cwd, options.bundle);
  const trusted = await trustedKeys(context, options.trust);
  const files = await readBundleFolder(folder);
  const local =
    options.repository === null
      ? null
      : await context.local(path.resolve(context.cwd, options.repository));
  try {
    const report = await verifyBundle({
      ...files,
      trusted,
      readReport,
      repository:
        local === null
          ? null
          : (manifest, layers) => answerOf(local, manifest, { layers, commit: options.commit }),
    });
    show(
      context,
      () => verifyReport(report, folder),
      () => report satisfies Verification,
    );
    return EXITS[report.verdict];
  } finally {
    await local?.close();
  }
}

async function trustedKeys(
  context: Context,
  named: readonly string[] | null,
): Promise<readonly TrustedKey[]> {
  if (named !== null) return (await Promise.all(named.map((one) => keysFrom(context, one)))).flat();
  const { keys } = context.audit();
  const own = KeyRole.options.flatMap((role) => keys.trusted(role));
  if (own.length > 0) return own;
  // A bundle does not bring the keys that it is to be believed by.
  throw new Fault(
    'usage',
    'there are no keys to believe; name those of who made the bundle with --trust KEYS.json, as "proofhouse audit keys" prints them there',
  );
}

type Asked = { readonly layers: readonly LoadedPolicy[]; readonly commit: string | null };

/** What git refuses to read is told as an answer: the rest of the bundle is checked all the same. */
async function answerOf(
  local: LocalRepository,
  manifest: Manifest,
  asked: Asked,
): Promise<RepositoryAnswer> {
  try {
    return await readingOf(local, manifest, asked);
  } catch (thrown) {
    return { lacks: `the repository could not be read: ${asFault(thrown).message}` };
  }
}

async function readingOf(
  local: LocalRepository,
  manifest: Manifest,
  { layers, commit }: Asked,
): Promise<RepositoryAnswer> {
  const { base, tree, run, attempt, repository, targetRef } = manifest;
  const change = await local.between(base, tree);
  if ('lacks' in change) {
    return {
      lacks: `this repository has no ${change.lacks}; fetch the branch ${branchOf({ id: run })} of the pull request`,
    };
  }
  const place = { run, attempt, repository, base };
  const meant = { base: targetRef.replace(/^refs\/heads\//, ''), layers };
  const source = {
    rawEntries: async () => change.raw,
    measure: async () => change.measured,
    treePaths: () => local.paths(tree),
    read: (_: string, at: typeof base, file: string) => local.read(at, file),
  };
  const read = await factsOf(source, place, tree, meant);
  if ('refused' in read)
    return {
      lacks: `tree ${tree} is refused: ${read.refused.map((one) => one.message).join(' ')}`,
    };
  return {
    raw: change.raw,
    facts: read.facts,
    policy: await local.read(base, POLICY_FILE),
    commit:
      commit === null ? await local.commit(branchOf({ id: run })) : await named(local, commit),
  };
}

async function named(local: LocalRepository, revision: string) {
  return local.commit(await local.resolve(revision));
}
