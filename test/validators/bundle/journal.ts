/** What the journal of a run says that is about to be published, with evidence that is really kept. */
import type { Check, EvidenceFile } from '../../../orchestrator/domain/check.ts';
import { evidenceDigest } from '../../../orchestrator/domain/evidence-digest.ts';
import type { Person, Sha } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Task } from '../../../orchestrator/domain/task.ts';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import type { StageTools } from '../../../orchestrator/stages/tools.ts';
import { decide, policyDigest } from '../../../policies/decide.ts';
import { approval, ENDING, LATER, PREPARED } from '../../orchestrator/fixtures.ts';
import { digest, load } from '../../policies/sample.ts';

const JUNIT =
  '<testsuites><testsuite><testcase name="rounds"/><testcase name="adds"/></testsuite></testsuites>';
const NAMES = { passed: ['adds', 'rounds'], failed: [], skipped: [], flaky: [] };

export async function checksIn(
  { evidence }: StageTools,
  { checks }: { readonly checks?: ((check: Check) => Check[]) | undefined },
): Promise<Check[]> {
  const keep = async (name: string, text: string): Promise<EvidenceFile> => {
    const bytes = Buffer.from(text);
    const mediaType = name.endsWith('.xml') ? 'application/xml' : 'application/json';
    return { name, digest: await evidence.put(bytes), bytes: bytes.length, mediaType };
  };
  const check: Check = {
    ...{ validator: 'unit', kind: 'command', definition: digest('5'), verdict: 'passed' },
    ...{ tests: { run: 2, failed: 0, skipped: 0, flaky: 0 }, findings: [], wallMs: 900 },
    ...{ cachedFrom: null, advisory: false },
    tries: 1,
    evidence: [
      await keep('junit.xml', JUNIT),
      await keep('tests.json', JSON.stringify(NAMES)),
      await keep('screens/a b.txt', 'what it printed'),
    ],
  };
  return checks?.(check) ?? [check];
}

type Told = {
  readonly task: Task;
  readonly base: Sha;
  readonly tree: Sha;
  readonly policy: string;
  readonly checks: Check[];
  readonly by: readonly Person[];
};

export async function journalOf(tools: StageTools, told: Told): Promise<RunEvent[]> {
  const { task, base, tree, checks, by } = told;
  const layers = [load(told.policy)];
  const place = { run: task.id, attempt: 1, repository: task.repository, base };
  const read = await factsOf(tools.source, place, tree, { base: task.base, layers });
  if ('refused' in read) throw new Error('the sample is refused');
  const { facts } = read;
  const { change } = facts;
  const judgement = decide(layers, facts, tools.clock().toISOString());
  const evidence = evidenceDigest(checks, tree);
  const gate = judgement.gates.find(({ id }) => id === 'auth');
  const prepared = { ...PREPARED, base, policy: policyDigest(layers) };
  const passed = { evidence, expiresAt: LATER, carried: [], lapsed: [] };
  const openSlots = gate === undefined ? 0 : 1;
  return [
    { type: 'claimed' },
    { type: 'workspace_ready', prepared },
    { type: 'agent_finished', ending: ENDING },
    { type: 'change_sealed', change },
    { type: 'judged', judgement },
    { type: 'validation_passed', checks, ...passed, openSlots },
    ...(gate === undefined ? [] : by).map((person, index): RunEvent => {
      const { record } = approval(person, {
        subject: {
          ...{ repo: task.repository, base, tree },
          ...{ change: change.entries, scope: gate?.scope ?? change.entries },
        },
        policy: { effective: judgement.policy, gate: gate?.definition ?? judgement.policy },
        evidence: { digest: evidence },
      });
      const signed = tools.signatures.sign('approval', record);
      return {
        type: 'approved',
        approval: signed,
        delegation: null,
        openSlots: by.length - index - 1,
      };
    }),
  ];
}
