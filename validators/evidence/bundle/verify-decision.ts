/** Decides again and counts again, by the functions that decided and counted. Pure. */
import { canonical } from '../../../orchestrator/domain/canonical.ts';
import { evidenceDigest } from '../../../orchestrator/domain/evidence-digest.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { counted } from '../../../orchestrator/text/columns.ts';
import { openWords, voterWords } from '../../../orchestrator/text/decisions.ts';
import { decide, policyDigest } from '../../../policies/decide.ts';
import { type LoadedPolicy, parsePolicyBytes } from '../../../policies/parse.ts';
import { renderProblem } from '../../../policies/problems.ts';
import type { Tally } from '../../../policies/tally.ts';
import type { Claims } from './claims.ts';
import * as at from './paths.ts';
import { difference, type RepositoryReading } from './repository.ts';
import { type Step, shown, stepOf, unknown } from './steps.ts';

export type Layers = {
  readonly policies: readonly LoadedPolicy[];
  readonly problems: readonly string[];
};

export function layersOf({ effective, layers }: Claims): Layers {
  const policies: LoadedPolicy[] = [];
  const problems: string[] = [];
  for (const { path, file } of effective.layers) {
    const bytes = layers.get(path);
    const parsed = bytes === undefined ? { problems: [] } : parsePolicyBytes(bytes, file);
    if ('policy' in parsed) policies.push(parsed.policy);
    else problems.push(`${path} is no policy: ${parsed.problems.map(renderProblem).join(' ')}`);
  }
  return { policies, problems };
}

export function policyStep(
  { effective, layers, decision }: Claims,
  { policies, problems }: Layers,
  repository: RepositoryReading | null,
): Step {
  const unlike = effective.layers.flatMap((listed, index) => {
    const policy = policies[index];
    if (policy === undefined || problems.length > 0) return [];
    const differs =
      policy.digest === listed.digest && policy.name === listed.name
        ? []
        : [
            `${listed.path} is ${policy.name} with ${policy.digest}, listed is ${listed.name} with ${listed.digest}`,
          ];
    return [...differs, ...packProblems(listed, policy)];
  });
  const digest = policyDigest(policies);
  const whole = [
    [at.EFFECTIVE, effective.policy],
    [at.DECISION, decision.judgement.policy],
  ].flatMap(([where, said]) =>
    said === digest ? [] : [`${where} names policy ${said}, and the layers come to ${digest}`],
  );
  const last = effective.layers.at(-1);
  const own = last === undefined ? undefined : layers.get(last.path);
  const isBase =
    repository === null ||
    (repository.policy !== null && own !== undefined && Buffer.from(repository.policy).equals(own));
  const base = isBase ? [] : [`${last?.path} is not the policy of the base commit`];
  const note = `${counted(policies.length, 'layer')}, ${digest}`;
  return stepOf('policy', [...problems, ...unlike, ...whole, ...base], note);
}

/** Packs come with the program and not with the bundle. */
function packProblems(
  { path, packs }: Claims['effective']['layers'][number],
  policy: LoadedPolicy,
): string[] {
  const is = policy.packs.map(({ name, digest }) => `${name} ${digest}`);
  const said = packs.map(({ name, digest }) => `${name} ${digest}`);
  return is.join() === said.join()
    ? []
    : [
        `${path} takes in packs that are others in this version of Proofhouse: ${shown(said.join(', '))}`,
      ];
}

export function decisionStep(
  { facts, decision }: Claims,
  { policies, problems }: Layers,
  repository: RepositoryReading | null,
): Step {
  if (problems.length > 0) return unknown('decision', 'nobody can decide by a policy that is none');
  const { judgement, at: when, withheld } = decision;
  if (withheld.length > 0 && repository === null) {
    return unknown(
      'decision',
      `${withheld.length} texts are withheld, because something in them looks like a secret: name the repository with --repo`,
    );
  }
  const again = decide(
    policies,
    withheld.length > 0 && repository !== null ? repository.facts : facts,
    when,
    judgement.advice,
  );
  const note = `${again.verdict}, class ${again.riskClass}, ${counted(again.gates.length, 'gate')}`;
  return stepOf('decision', judgementProblems(judgement, again), note);
}

function judgementProblems(said: Judgement, again: Judgement): string[] {
  if (canonical(said) === canonical(again)) return [];
  const keys = [...new Set([...Object.keys(said), ...Object.keys(again)])] as (keyof Judgement)[];
  return keys.flatMap((key) => {
    const [before, now] = [said[key], again[key]].map((value) => canonical(value ?? null));
    return before === now
      ? []
      : [
          `${at.DECISION} says of ${key} what deciding again does not: ${difference(before ?? '', now ?? '')}`,
        ];
  });
}

export function approvalStep(
  { facts, checks, decision }: Claims,
  { open, counted: agreed, lapsed, vetoes, opened }: Tally,
): Step {
  const { judgement, evidence } = decision;
  const proof = evidenceDigest(checks, facts.change.tree);
  const isHeld = judgement.verdict === 'hold' && open.length > 0;
  const problems = [
    ...(judgement.verdict === 'deny' ? judgement.denials.map(({ message }) => message) : []),
    ...(proof === evidence
      ? []
      : [`${at.DECISION} says that the checks came to ${evidence}, and they come to ${proof}`]),
    ...(isHeld ? [...lapsed.map(({ reason }) => reason), ...openWords({ open, vetoes })] : []),
  ];
  const people = agreed.map(({ approval }) => `${voterWords(approval)} for ${approval.gate}`);
  const glass = opened.map(({ gate, by }) => `break-glass of ${by.join(' and ')} for ${gate}`);
  const none = judgement.verdict === 'hold' ? 'nobody agreed' : 'nobody had to agree';
  const note = [...people, ...glass].join(', ') || none;
  return stepOf('approvals', problems, note);
}
