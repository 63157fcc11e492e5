/** A change that no gate matched, as its pull request tells it. */
import { Person, RunId } from '../../../orchestrator/domain/ids.ts';
import type { PullRequestFacts } from '../../../orchestrator/text/pull-request.ts';
import { digest, sha } from '../../policies/sample.ts';

export const PULL_REQUEST: PullRequestFacts = {
  task: {
    id: RunId.parse('r0000001'),
    title: 'Round prices to whole cents',
    text: 'Round prices to whole cents\n\nSee `src/price.ts`.',
    source: 'cli',
    repository: '/repositories/shop',
    base: 'main',
    requester: Person.parse('local:rita'),
    operator: Person.parse('local:rita'),
    queuedAt: '2026-03-01T10:00:00.000Z',
  },
  attempt: 1,
  manifests: [],
  prepared: {
    ...{ base: sha('a'), policy: digest('b'), rules: null, agent: 'codex 0.169.0' },
    ...{ image: 'sha256:1234', model: 'scripted/demo', machine: null, ignored: [], attemptsMax: 3 },
  },
  change: {
    ...{ base: sha('a'), tree: sha('c'), entries: digest('d') },
    ...{ files: 1, addedLines: 4, removedLines: 2 },
  },
  entries: [
    {
      ...{ path: 'src/price.ts', operation: 'modify', oldMode: '100644', newMode: '100644' },
      ...{ oldOid: sha('1'), newOid: sha('2') },
    },
  ],
  judgement: {
    ...{ verdict: 'allow', enforcement: 'enforce', wouldBe: 'allow' },
    ...{ riskClass: 'low', surface: 'ready-pr', gates: [], validators: ['unit'], denials: [] },
    ...{ distinct: true, needs: [], policy: digest('b'), groups: {}, exemptions: [] },
    separation: {
      ...{ exclude: ['requester'], unknownOperator: 'block', botsNeverApprove: true },
      escalation: [],
    },
    ...{ neverDelegated: [], delegation: null, breakGlass: null },
  },
  checks: [
    {
      ...{ validator: 'unit', kind: 'command', definition: digest('3'), verdict: 'passed' },
      ...{ findings: [], tries: 1, cachedFrom: null, advisory: false },
      ...{ tests: { run: 12, failed: 0, skipped: 1, flaky: 0 }, evidence: [], wallMs: 1_234 },
    },
  ],
  evidence: digest('e'),
  approvals: [],
  opened: [],
  cost: { calls: 1, inputTokens: 900, outputTokens: 80, microUsd: null, scripted: true, rows: [] },
  harnesses: [],
  alarms: [],
  refusedConnections: 0,
  related: [],
  titled: null,
  ran: new Map([['unit', 'npx vitest run']]),
  bundle: { digest: digest('9'), audit: `17:${digest('8')}` },
  said: 'I rounded it.',
};
