/**
 * What holds for a run, read from its base commit and from nowhere else: policy, workspace file, rules
 * for agents. Whatever the agent's tree says about any of these is data.
 */

import { type LoadedPolicy, parsePolicyBytes } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { digestOf, sha256 } from '../domain/canonical.ts';
import { Fault } from '../domain/faults.ts';
import type { Digest, Sha } from '../domain/ids.ts';
import {
  NO_WORKSPACE_FILE,
  parseWorkspaceFile,
  WORKSPACE_FILE,
  type WorkspaceFile,
} from '../intake/workspace-file.ts';
import type { DependencyPlan } from '../ports.ts';
import type { StageTools } from './tools.ts';

export const POLICY_FILE = '.proofhouse/policy.yaml';
/** What agents read of rules, in all; more than this displaces the task. */
const RULES_BYTES_MAX = 32_768;

export type BaseRules = {
  readonly layers: readonly LoadedPolicy[];
  readonly file: WorkspaceFile;
  /** Text of the rule files, each under its path; empty when there is none. */
  readonly rules: string;
  readonly rulesDigest: Digest | null;
  readonly plan: DependencyPlan | null;
};

type Reading = Pick<StageTools, 'source' | 'above' | 'image'>;

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
  const workspace = await read(WORKSPACE_FILE);
  const file =
    workspace === null ? NO_WORKSPACE_FILE : parseWorkspaceFile(workspace, WORKSPACE_FILE);
  const rules = await rulesOf(file, read);
  return {
    layers,
    file,
    rules,
    rulesDigest: rules === '' ? null : sha256(rules),
    plan: await planOf(tools, file, read),
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

async function rulesOf(
  file: WorkspaceFile,
  read: (path: string) => Promise<string | null>,
): Promise<string> {
  const parts: string[] = [];
  for (const path of file.rules) {
    const text = await read(path);
    if (text !== null) parts.push(`<!-- ${path} -->\n${text.trim()}\n`);
  }
  const rules = parts.join('\n');
  if (Buffer.byteLength(rules) > RULES_BYTES_MAX) {
    throw new Fault(
      'workspace_invalid',
      `the rule files named in ${WORKSPACE_FILE} hold more than ${RULES_BYTES_MAX} bytes`,
    );
  }
  return rules;
}

/** Keyed by what decides the outcome: the manifests' bytes, the commands and the image they run in. */
async function planOf(
  tools: Reading,
  file: WorkspaceFile,
  read: (path: string) => Promise<string | null>,
): Promise<DependencyPlan | null> {
  if (file.dependencies === null) return null;
  const { run, keyedBy } = file.dependencies;
  const manifests: (readonly [string, string | null])[] = [];
  for (const path of keyedBy) {
    const text = await read(path);
    manifests.push([path, text === null ? null : sha256(text)]);
  }
  return {
    run,
    key: digestOf('dependencies', { run, manifests, image: await tools.image('base') }),
  };
}
