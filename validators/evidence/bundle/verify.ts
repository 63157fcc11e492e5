/**
 * Checks a bundle without believing anything that it says: needs its files and the public keys, and a
 * repository where there is one. No data directory, no engine, no network, no clock. Pure but for what
 * `repository` does.
 *
 * Every step is made, whatever the steps before it found: who reads the report sees all that is wrong.
 */

import { canonical } from '../../../orchestrator/domain/canonical.ts';
import { RECORD_TYPES } from '../../../orchestrator/domain/signed.ts';
import { parseRawDiff } from '../../../policies/facts.ts';
import type { Claims } from './claims.ts';
import { countedIn, holdsBy, outcomeOf } from './counted.ts';
import { bundleId, filesStep, jsonIn, type Kept, manifestIn, signatureStep } from './found.ts';
import { type Given, linesIn } from './given.ts';
import type { Manifest } from './manifest.ts';
import * as at from './paths.ts';
import { readClaims } from './read.ts';
import { commitProblems, factProblems, type RepositoryAnswer } from './repository.ts';
import { whyUnsigned } from './signed.ts';
import { STATEMENT_TYPE } from './statements.ts';
import { STEPS, type Step, type StepId, skipped, stepOf, unknown } from './steps.ts';
import { auditStep } from './verify-audit.ts';
import { approvalStep, decisionStep, layersOf, policyStep } from './verify-decision.ts';
import { testStep } from './verify-tests.ts';

export type Verification = {
  readonly bundle: string | null;
  readonly run: string | null;
  readonly tree: string | null;
  readonly steps: readonly Step[];
  /** `waiting`: all that is wrong is that people who must agree did not, or not any more. */
  readonly verdict: 'verified' | 'failed' | 'waiting' | 'unknown';
};

export async function verifyBundle(given: Given): Promise<Verification> {
  const { found, kept, trusted } = given;
  const manifest = manifestIn(kept);
  const steps = [
    filesStep(found, manifest),
    signatureStep(kept, manifest, trusted),
    ...(manifest === null ? notLookedAt('contents') : await inside(given, manifest)),
  ];
  return {
    bundle: bundleId(kept),
    run: manifest?.run ?? null,
    tree: manifest?.tree ?? null,
    steps,
    verdict: verdictOf(steps),
  };
}

function verdictOf(steps: readonly Step[]): Verification['verdict'] {
  const failed = steps.filter(({ verdict }) => verdict === 'failed');
  if (failed.length > 0) return failed.every(({ id }) => id === 'approvals') ? 'waiting' : 'failed';
  return steps.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'verified';
}

const ORDER = Object.keys(STEPS) as StepId[];

/** These and all after them. */
function notLookedAt(from: StepId): Step[] {
  return ORDER.slice(ORDER.indexOf(from)).map((id) =>
    unknown(id, 'not looked at, because what it is about cannot be read'),
  );
}

async function inside(given: Given, manifest: Manifest): Promise<Step[]> {
  const { claims, problems } = readClaims(given.kept, manifest);
  const contents = stepOf('contents', problems, `run ${manifest.run}, attempt ${manifest.attempt}`);
  if (claims === null) {
    const [, ...others] = notLookedAt('contents');
    return [contents, ...others];
  }
  const layers = layersOf(claims);
  const answer =
    given.repository === null ? null : await given.repository(manifest, layers.policies);
  const reading = answer !== null && 'raw' in answer ? answer : null;
  const counted = countedIn(claims, holdsBy(given.trusted));
  return [
    contents,
    envelopeStep(given, manifest, claims),
    subjectStep(given, { claims, manifest, answer }),
    factStep(given.kept, claims, answer),
    policyStep(claims, layers, reading),
    decisionStep(claims, layers, reading),
    approvalStep(claims, counted),
    testStep(given, { claims, layers: layers.policies, outcome: outcomeOf(counted) }),
    auditStep(given, claims),
  ];
}

function envelopeStep({ kept, trusted }: Given, manifest: Manifest, claims: Claims): Step {
  const { records } = claims;
  const lines = linesIn(kept, at.ATTESTATIONS);
  const statements = lines.flatMap((line, index) => {
    const why = whyUnsigned(jsonIn(Buffer.from(line)), trusted, STATEMENT_TYPE, manifest.at);
    return why === null ? [] : [`${at.ATTESTATIONS}, line ${index + 1} ${why}`];
  });
  const signed = [
    ...records.approvals.map((one) => ['approval', one] as const),
    ...records.revocations.map((one) => ['revocation', one] as const),
    ...records.lifts.map((one) => ['veto_lift', one] as const),
    ...records.delegations.map((one) => ['delegation', one] as const),
    ...records.glass.map((one) => ['break_glass', one] as const),
  ];
  const holds = holdsBy(trusted);
  const decisions = signed.flatMap(([kind, { record, envelope }]) => {
    const why = whyUnsigned(envelope, trusted, RECORD_TYPES[kind], record.createdAt);
    if (why !== null) return [`${kind} ${record.id} ${why}`];
    return holds(kind, { record, envelope } as never)
      ? []
      : [`${kind} ${record.id} says something else than what was signed`];
  });
  const note = `${lines.length} statements, ${signed.length} decisions of people`;
  return stepOf('envelopes', [...statements, ...decisions], note);
}

type About = {
  readonly claims: Claims;
  readonly manifest: Manifest;
  readonly answer: RepositoryAnswer | null;
};

function subjectStep({ kept }: Given, { claims, manifest, answer }: About): Step {
  const subjects = linesIn(kept, at.ATTESTATIONS).flatMap((line, index) => {
    const trees = treesIn(line);
    const isOurs = trees.length > 0 && trees.every((tree) => tree === manifest.tree);
    return isOurs
      ? []
      : [
          `${at.ATTESTATIONS}, line ${index + 1} is about ${trees.map((tree) => `tree ${tree}`).join(' and ') || 'no tree'}, not about tree ${manifest.tree}`,
        ];
  });
  const { tree } = claims.facts.change;
  const own =
    tree === manifest.tree ? [] : [`${at.FACTS} is about tree ${tree}, not about ${manifest.tree}`];
  const lacking = answer !== null && 'lacks' in answer ? [answer.lacks] : [];
  const commit =
    answer !== null && 'raw' in answer ? commitProblems(claims, answer, bundleId(kept) ?? '') : [];
  const where = repositoryNote(answer);
  return stepOf('subjects', [...subjects, ...own, ...lacking, ...commit], `tree ${tree}; ${where}`);
}

function repositoryNote(answer: RepositoryAnswer | null): string {
  if (answer === null) return 'no repository was named';
  if ('lacks' in answer) return 'not in this repository';
  return answer.commit === null
    ? 'the repository has it'
    : `the repository has it, in commit ${answer.commit.id}`;
}

/** What a statement says it is about; empty when it says nothing that can be read. */
function treesIn(line: string): string[] {
  const envelope = jsonIn(Buffer.from(line)) as { payload?: unknown } | undefined;
  const payload = typeof envelope?.payload === 'string' ? envelope.payload : '';
  const value = jsonIn(Buffer.from(payload, 'base64')) as { subject?: unknown } | undefined;
  const subjects: unknown[] = Array.isArray(value?.subject) ? value.subject : [];
  return subjects.flatMap((one) => {
    const { digest } = (one ?? {}) as { digest?: { gitTree?: unknown } };
    return typeof digest?.gitTree === 'string' ? [digest.gitTree] : [];
  });
}

function factStep(kept: Kept, claims: Claims, answer: RepositoryAnswer | null): Step {
  const raw = kept.get(at.RAW) ?? Buffer.alloc(0);
  const own = rawProblems(raw, claims);
  if (answer === null) {
    return own.length > 0 ? stepOf('facts', own, '') : skipped('facts', 'no repository was named');
  }
  if ('lacks' in answer)
    return own.length > 0 ? stepOf('facts', own, '') : unknown('facts', answer.lacks);
  const isSame = Buffer.from(answer.raw).equals(raw);
  const theirs = [
    ...(isSame ? [] : [`${at.RAW} is not what git says of the base and the tree`]),
    ...factProblems(claims, answer),
  ];
  return stepOf('facts', [...own, ...theirs], `${claims.facts.entries.length} entries`);
}

function rawProblems(raw: Uint8Array, { facts }: Claims): string[] {
  try {
    const parsed = parseRawDiff(raw);
    if ('refused' in parsed) return parsed.refused.map(({ message }) => message);
    const isSame = canonical(parsed.entries) === canonical(facts.entries);
    return isSame ? [] : [`${at.FACTS} lists other entries than ${at.RAW}`];
  } catch {
    return [`${at.RAW} is nothing that git writes`];
  }
}
