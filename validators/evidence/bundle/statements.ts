/**
 * The in-toto statements of a bundle, made from what it says and from nothing else. Pure.
 *
 * Who checks a bundle makes them again and compares bytes, so a statement can neither be added, left
 * out nor say more than the inputs. What is written here is a contract with every bundle there is:
 * another form needs another version of the manifest.
 */
import { canonical, type Json, sha256 } from '../../../orchestrator/domain/canonical.ts';
import type { Check } from '../../../orchestrator/domain/check.ts';
import { type SigningKey, signJson } from '../../../orchestrator/domain/dsse.ts';
import type { SignedApproval } from '../../../orchestrator/domain/records.ts';
import type { Claims } from './claims.ts';
import { evidencePaths } from './paths.ts';

export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
const STATEMENT = 'https://in-toto.io/Statement/v1';
export const PREDICATES = {
  provenance: 'https://slsa.dev/provenance/v1',
  test: 'https://in-toto.io/attestation/test-result/v0.1',
  approval: 'urn:proofhouse:human-approval:v1',
  summary: 'https://slsa.dev/verification_summary/v1',
} as const;
const CONTROLLER = 'urn:proofhouse:controller:v1';
/** Of the tests of one check, in its statement; all that were noted are in its `tests.json`. */
const NAMES_MAX = 1_000;
const NAME_CHARACTERS_MAX = 200;

export type Statement = { readonly label: string; readonly value: Json };

/** What counting came to. */
export type Outcome = {
  readonly isSatisfied: boolean;
  /** Whether an emergency opened a gate. */
  readonly isGlassBroken: boolean;
};

/** All but the summary, in their order. */
export function statementsOf(claims: Claims): Statement[] {
  return [
    { label: 'the provenance', value: provenance(claims) },
    // A review proves nothing, whatever it says.
    ...claims.checks
      .filter(({ kind }) => kind !== 'review')
      .map((check) => ({
        label: `the test result of ${check.validator}`,
        value: testResult(claims, check),
      })),
    ...claims.records.approvals.map((signed) => ({
      label: `the approval ${signed.record.id}`,
      value: humanApproval(claims, signed),
    })),
  ];
}

/** Comes last, because it names all others by the digests of their lines. */
export function summaryOf(claims: Claims, outcome: Outcome, lines: readonly string[]): Statement {
  const { task, decision } = claims;
  const value = statement([subjectTree(claims)], PREDICATES.summary, {
    verifier: { id: CONTROLLER },
    timeVerified: decision.at,
    resourceUri: `${task.repository}@refs/heads/${task.base}`,
    policy: {
      uri: claims.effective.layers.map(({ file }) => file).join(' '),
      digest: sha(decision.judgement.policy),
    },
    inputAttestations: lines.map((line) => ({ digest: sha(sha256(line)) })),
    verificationResult: isPassed(claims, outcome) ? 'PASSED' : 'FAILED',
    verifiedLevels: levels(claims, outcome),
  });
  return { label: 'the verification summary', value };
}

/** One line of `attestations.intoto.jsonl`, without its end. */
export function signedLine({ value }: Statement, key: SigningKey): string {
  return canonical(signJson(STATEMENT_TYPE, value, key));
}

export function isProven({ checks, decision }: Claims): boolean {
  // What is advisory decides nothing, and so was published whatever it said.
  const passed = checks.filter(({ verdict, advisory }) => verdict === 'passed' || advisory);
  return decision.judgement.validators.every((id) =>
    passed.some(({ validator }) => validator === id),
  );
}

function isPassed(claims: Claims, { isSatisfied }: Outcome): boolean {
  const { verdict } = claims.decision.judgement;
  return isProven(claims) && verdict !== 'deny' && (verdict === 'allow' || isSatisfied);
}

function levels(claims: Claims, { isSatisfied, isGlassBroken }: Outcome): string[] {
  const { enforcement, wouldBe } = claims.decision.judgement;
  const isHeldTo = enforcement === 'enforce' || wouldBe === 'allow';
  return [
    ...(isProven(claims) ? ['ORG_SOURCE_PROOFHOUSE_CHECKS_PASSED'] : []),
    ...(isHeldTo && isSatisfied && wouldBe !== 'deny'
      ? ['ORG_SOURCE_PROOFHOUSE_GATES_SATISFIED']
      : []),
    ...(isGlassBroken ? ['ORG_SOURCE_BREAK_GLASS_USED'] : []),
  ];
}

function provenance(claims: Claims): Json {
  const { task, agent, effective, facts } = claims;
  const named = (name: string, digest: string | null): Json[] =>
    digest === null ? [] : [{ name, digest: sha(digest) }];
  return statement([subjectTree(claims), subjectChange(claims)], PREDICATES.provenance, {
    buildDefinition: {
      buildType: 'urn:proofhouse:run:v1',
      externalParameters: {
        task: task.id,
        text: task.text,
        requester: task.requester,
        repository: task.repository,
        ref: `refs/heads/${task.base}`,
      },
      internalParameters: { attempt: agent.attempt, agent: agent.agent, model: agent.model },
      resolvedDependencies: [
        { name: 'base', uri: task.repository, digest: { gitCommit: facts.change.base } },
        ...imageOf(agent.image),
        ...named('rules', agent.rules),
        ...effective.layers.flatMap(({ file, digest }) => named(`policy ${file}`, digest)),
        ...agent.harnesses.flatMap((digest) => named('harness', digest)),
        // A model has no digest that anybody outside could compute.
        ...agent.models.map(({ role, model }) => ({ name: `model for ${role}`, uri: model })),
      ],
    },
    runDetails: {
      builder: { id: CONTROLLER },
      metadata: {
        invocationId: task.id,
        startedOn: agent.startedAt,
        finishedOn: agent.sealedAt,
      },
    },
  });
}

function imageOf(image: string): Json[] {
  return /^sha256:[0-9a-f]{64}$/.test(image)
    ? [{ name: 'image', digest: sha(image) }]
    : [{ name: 'image', uri: image }];
}

/** There is no word for "nobody knows", and it is not passed. */
function resultOf({ verdict, tests }: Check): 'PASSED' | 'WARNED' | 'FAILED' {
  if (verdict !== 'passed') return 'FAILED';
  return (tests?.flaky ?? 0) > 0 ? 'WARNED' : 'PASSED';
}

function testResult(claims: Claims, check: Check): Json {
  const { validator, kind, definition, verdict, tests, tries, advisory, cachedFrom } = check;
  const names = claims.names.get(validator);
  const annotations = { kind, verdict, advisory, tests, tries, cachedFrom };
  return statement([subjectTree(claims)], PREDICATES.test, {
    result: resultOf(check),
    configuration: [
      { name: 'definition', digest: sha(definition), annotations },
      ...evidencePaths(check).map(([name, { digest, mediaType }]) => ({
        ...{ name, digest: sha(digest), mediaType },
      })),
    ],
    ...(names === undefined
      ? {}
      : {
          passedTests: bounded(names.passed),
          warnedTests: bounded(names.flaky),
          failedTests: bounded(names.failed),
        }),
  });
}

function bounded(names: readonly string[]): string[] {
  return names
    .slice(0, NAMES_MAX)
    .map((name) => [...name.toWellFormed()].slice(0, NAME_CHARACTERS_MAX).join(''));
}

function humanApproval(claims: Claims, { record, envelope }: SignedApproval): Json {
  return statement([subjectTree(claims), subjectChange(claims)], PREDICATES.approval, {
    approval: { name: record.id, digest: sha(sha256(canonical(envelope))) },
    decision: record.decision,
    gate: record.gate,
    approver: record.approver.id,
    onBehalfOf: record.onBehalfOf,
    groups: record.approver.groups,
    assurance: record.auth.assurance,
    // What was in front of the person, which need not be what is published: the gate says what counts.
    seen: { tree: record.subject.tree, change: record.subject.change },
    createdAt: record.createdAt,
    expiresAt: record.expiresAt,
  });
}

function statement(subject: Json[], predicateType: string, predicate: Json): Json {
  return { _type: STATEMENT, subject, predicateType, predicate };
}

const subjectTree = ({ facts }: Claims): Json => ({
  ...{ name: 'tree', digest: { gitTree: facts.change.tree } },
});
const subjectChange = ({ facts }: Claims): Json => ({
  ...{ name: 'change', digest: sha(facts.change.entries) },
});

const sha = (digest: string): { sha256: string } => ({ sha256: digest.slice('sha256:'.length) });
