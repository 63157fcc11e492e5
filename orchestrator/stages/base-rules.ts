/**
 * What holds for a run, read from its base commit and from nowhere else: policy, workspace file, rules
 * for agents. Whatever the agent's tree says about any of these is data.
 */

import { type LoadedPolicy, parsePolicyBytes } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { digestOf, sha256 } from '../domain/canonical.ts';
import type { Finding } from '../domain/check.ts';
import { Fault } from '../domain/faults.ts';
import type { Digest, Sha } from '../domain/ids.ts';
import type { WorkspaceFile } from '../intake/workspace-file.ts';
import type { DependencyPlan } from '../ports.ts';
import { type FedRules, fedRules } from './fed-rules.ts';
import type { StageTools } from './tools.ts';
import { readWorkspace, type SetUp } from './workspace.ts';

export const POLICY_FILE = '.proofhouse/policy.yaml';

export type BaseRules = {
  readonly layers: readonly LoadedPolicy[];
  readonly file: WorkspaceFile;
  /** Text of the rule files, each under its path; empty when there is none. */
  readonly rules: string;
  readonly rulesDigest: Digest | null;
  /** The rule files one by one. */
  readonly ruleTexts: FedRules['texts'];
  readonly plan: DependencyPlan | null;
  /** Files that decide what the plan makes; null when anything in the base commit may. */
  readonly keyedBy: SetUp['keyedBy'];
  /** What the base's files ask of the workspace and is not done. */
  readonly ignored: readonly Finding[];
};

type Reading = Pick<StageTools, 'source' | 'above' | 'image' | 'ownImage'>;

export async function readBaseRules(
  tools: Reading,
  repository: string,
  base: Sha,
): Promise<BaseRules> {
  const read = async (path: string): Promise<string | null> => {
    const bytes = await tools.source.read(repository, base, path);
    return bytes === null ? null : Buffer.from(bytes).toString('utf8');
  };
  const layers = [
    ...tools.above,
    policyOf(await tools.source.read(repository, base, POLICY_FILE), base),
  ];
  const { file, setUp, ignored } = await readWorkspace(tools, read);
  const fed = await fedRules(file, read);
  return {
    layers,
    file,
    rules: fed.text,
    rulesDigest: fed.digest,
    ruleTexts: fed.texts,
    plan: await planOf(tools, { setUp, base, layers }, read),
    keyedBy: setUp?.keyedBy ?? null,
    ignored,
  };
}

/** The layer of a repository, as it stands at the base commit. */
export function policyOf(bytes: Uint8Array | null, base: Sha): LoadedPolicy {
  if (bytes === null) {
    throw new Fault(
      'policy_missing',
      `there is no ${POLICY_FILE} at the base commit ${base.slice(0, 12)}`,
    );
  }
  const parsed = parsePolicyBytes(bytes, POLICY_FILE);
  if ('policy' in parsed) return parsed.policy;
  throw new Fault('policy_invalid', parsed.problems.map(renderProblem).join('\n'));
}

/**
 * Keyed by what decides the outcome: the manifests' bytes, the commands, the image they run in, and
 * what the policy lets them reach.
 */
async function planOf(
  tools: Reading,
  { setUp, base, layers }: Pick<BaseRules, 'layers'> & { setUp: SetUp | null; base: Sha },
  read: (path: string) => Promise<string | null>,
): Promise<DependencyPlan | null> {
  if (setUp === null) return null;
  const { run, keyedBy, image } = setUp;
  const manifests: (readonly [string, string | null])[] = keyedBy === null ? [['', base]] : [];
  for (const path of keyedBy ?? []) {
    const text = await read(path);
    manifests.push([path, text === null ? null : sha256(text)]);
  }
  return {
    run,
    image,
    key: digestOf('dependencies', {
      run,
      manifests,
      image: await tools.image(image),
      reach: layers.map(({ policy }) => policy.network?.setup ?? null),
    }),
  };
}
