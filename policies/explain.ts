/**
 * What a policy says, told before it is needed: of one path, or of a whole change.
 *
 * Of a path alone nobody knows the content, so rules on content are named and never asked, and the
 * limits of a whole change are left out.
 */
import { Entry, type Facts, type Operation } from '../orchestrator/domain/change.ts';
import type { DecisionExplanation, PathExplanation } from '../orchestrator/domain/explanation.ts';
import type { Denial, Judgement, Verdict } from '../orchestrator/domain/judgement.ts';
import { decide } from './decide.ts';
import { membersOf } from './declared.ts';
import { peopleOf, termsOf } from './explain-people.ts';
import { rightsOf } from './explain-rights.ts';
import { addedSpeakers, speakersOf } from './explain-speakers.ts';
import { entriesDigest } from './facts.ts';
import { subjectsOf } from './gates.ts';
import { sorted } from './join.ts';
import type { LoadedPolicy } from './parse.ts';

/** The role that a run's agent has. */
const ROLE = 'coder';

export type Question = {
  readonly operation: Operation;
  /** Fully qualified ref the change would be meant for. */
  readonly target: string;
  /** Who asks for the change: a person, or a name whoever knows them; null for nobody in particular. */
  readonly requester: string | null;
  /** ISO 8601, UTC. */
  readonly now: string;
};

/** What would be said of a change to each path alone. */
export function explain(
  layers: readonly LoadedPolicy[],
  paths: readonly string[],
  question: Question,
): PathExplanation[] {
  return paths.map((path) => explainPath(layers, path, question));
}

/** What was said of a change, with the people it comes down to. */
export function explainDecision(
  layers: readonly LoadedPolicy[],
  judgement: Judgement,
  requester: string | null,
): DecisionExplanation {
  return {
    judgement,
    people: peopleOf(layers, judgement, requester),
    terms: termsOf(judgement),
  };
}

function explainPath(
  layers: readonly LoadedPolicy[],
  path: string,
  { operation, target, requester, now }: Question,
): PathExplanation {
  const facts = { ...factsOf(path, operation), target };
  const judgement = judgedByPlace(layers, facts, now);
  const members = (group: string) => membersOf(layers, group);
  const asked = { facts, subjects: subjectsOf(facts.entries), now, members };
  const speakers = [
    ...layers.flatMap((loaded) => speakersOf(loaded, path, asked)),
    ...addedSpeakers(judgement),
  ];
  const speaking = new Set(speakers.map(({ pack }) => pack));
  const packs = sorted(layers.flatMap((loaded) => loaded.packs.map(({ name }) => name)));
  const { verdict, wouldBe, enforcement, riskClass, surface } = judgement;
  return {
    ...{ path, operation, target, verdict, wouldBe, enforcement, riskClass, surface },
    ...peopleOf(layers, judgement, requester),
    ...rightsOf(layers, { path, role: ROLE, riskClass }),
    terms: termsOf(judgement),
    speakers,
    silentPacks: packs.filter((pack) => !speaking.has(pack)),
    validators: judgement.validators,
    exemptions: judgement.exemptions,
    neverDelegated: judgement.neverDelegated,
    denials: judgement.denials,
  };
}

function judgedByPlace(layers: readonly LoadedPolicy[], facts: Facts, now: string): Judgement {
  const judgement = decide(layers.map(placesOnly), facts, now);
  const denials = judgement.denials.filter((denial) => !isOfContent(denial, facts));
  if (denials.length === judgement.denials.length) return judgement;
  const isHeld = judgement.gates.some(({ approvals }) => approvals.length > 0);
  const wouldBe: Verdict = denials.length > 0 ? 'deny' : isHeld ? 'hold' : 'allow';
  const enforcement = layers.some(({ policy }) => policy.enforcement === 'enforce');
  return enforcement
    ? { ...judgement, denials, wouldBe, verdict: wouldBe, enforcement: 'enforce' }
    : { ...judgement, denials, wouldBe, verdict: 'allow', enforcement: 'evaluate' };
}

/** A link's target and a new policy's text are judged when there are some. */
function isOfContent({ code }: Denial, { entries }: Facts): boolean {
  const isNewText = entries.some(({ newMode }) => newMode.startsWith('100'));
  return code === 'symlink_unread' || (code === 'policy_proposed' && isNewText);
}

function placesOnly(loaded: LoadedPolicy): LoadedPolicy {
  const { policy, packs } = loaded;
  const limits = Object.fromEntries(
    Object.entries(policy.limits).map(([name, limit]) => [
      name,
      typeof limit === 'number' ? null : limit,
    ]),
  ) as typeof policy.limits;
  const absolute = { maxFiles: null, maxChangedLines: null };
  return {
    ...loaded,
    policy: { ...policy, content: [], limits: { ...limits, absolute } },
    packs: packs.map((pack) => ({ ...pack, policy: { ...pack.policy, content: [] } })),
  };
}

/** One small text file at the path, on object ids that stand for no object. */
function factsOf(path: string, operation: Operation): Facts {
  const [before, after, none] = ['1', '2', '0'].map((digit) => digit.repeat(40));
  const newModes = { delete: '000000', mode: '100755', type: '120000', add: null, modify: null };
  const entry = Entry.parse({
    path,
    operation,
    oldMode: operation === 'add' ? '000000' : '100644',
    newMode: newModes[operation] ?? '100644',
    oldOid: operation === 'add' ? none : before,
    newOid: operation === 'delete' ? none : operation === 'mode' ? before : after,
  });
  const entries = [entry];
  const counts = { files: 1, addedLines: 0, removedLines: 0 };
  return {
    change: { base: entry.oldOid, tree: entry.newOid, entries: entriesDigest(entries), ...counts },
    entries,
    blobBytes: { [entry.newOid]: 0 },
    binary: [],
    target: '',
    texts: {},
    roots: [],
    history: [],
    groups: {},
    madeBy: ROLE,
  };
}
