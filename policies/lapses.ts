/** Every way in which a yes stops counting, in a sentence that says who, what and why. */
import type { LapseCode } from '../orchestrator/domain/approval.ts';

export type Lapsed = { readonly counts: false; readonly code: LapseCode; readonly reason: string };

/** What sentences are made of. `human` is who is excluded, when that is another than who approved. */
export type LapseFacts = {
  readonly by: string;
  readonly gate: string;
  readonly human?: string | undefined;
  readonly detail?: string | undefined;
};

const SENTENCES: Record<LapseCode, (facts: LapseFacts) => string> = {
  bad_signature: ({ by }) => `The signature of ${by}'s approval does not hold.`,
  repeated: ({ by }) => `${by}'s approval is there twice; it is counted once.`,
  other_repository: ({ by }) => `${by} approved this for another repository.`,
  other_target: ({ by }) => `${by} approved this for another branch.`,
  other_task: ({ by }) => `${by} approved another task.`,
  gate_gone: ({ by, gate }) => `Gate ${gate}, which ${by} approved, is not on this change.`,
  revoked: ({ by, gate }) => `${by} took the approval of gate ${gate} back.`,
  superseded: ({ by, gate }) => `${by} decided on gate ${gate} again later.`,
  vetoed: ({ gate, detail }) => `Gate ${gate} is shut by a veto of ${detail}.`,
  operator_unknown: () =>
    'Nobody knows who steered this run, so nobody can be told apart from them.',
  requester: (facts) => `${who(facts)} requested this task and cannot approve it.`,
  operator: (facts) => `${who(facts)} steered this run and cannot approve it.`,
  committer: (facts) => `${who(facts)} has commits in this change and cannot approve it.`,
  agent: (facts) => `${who(facts)} is an agent, and agents approve nothing.`,
  bot: (facts) => `${who(facts)} is a bot, and bots approve nothing.`,
  exemption_author: (facts) =>
    `${who(facts)} granted an exemption that this change uses and cannot approve it.`,
  delegation_forbidden: ({ by, gate, human }) =>
    `${by} acts for ${human}, and the policy lets nobody hand on their vote on gate ${gate}.`,
  delegation_missing: ({ by, gate, human }) =>
    `${human} did not hand their vote on gate ${gate} to ${by}.`,
  delegation_ended: ({ by, human, detail }) =>
    `The time in which ${by} could act for ${human} ended at ${detail}.`,
  not_a_member: ({ by, gate, human, detail }) =>
    `${human ?? by} is not in ${detail}, which gate ${gate} asks for.`,
  left_the_group: ({ by, gate, human, detail }) =>
    `${human ?? by} is no longer in ${detail}, which gate ${gate} asks for.`,
  weak_assurance: ({ by, gate, detail }) =>
    `${by} approved gate ${gate} with a proof of who they are (${detail}) that is too weak for it.`,
  time_unreadable: ({ by }) => `The time of ${by}'s approval cannot be read.`,
  from_the_future: ({ by, detail }) => `${by}'s approval is dated in the future, ${detail}.`,
  expired: ({ by, detail }) => `${by}'s approval expired at ${detail}.`,
  gate_redefined: before('the gate was defined differently'),
  scope_changed: before('what the gate covers changed'),
  change_changed: before('the change got other entries'),
  tree_changed: before('the change got another tree'),
  evidence_changed: before('the checks came to another result'),
};

export function lapsed(code: LapseCode, facts: LapseFacts): Lapsed {
  return { counts: false, code, reason: SENTENCES[code](facts) };
}

function before(what: string): (facts: LapseFacts) => string {
  return ({ by, gate }) => `${by} approved gate ${gate} before ${what}.`;
}

function who({ by, human }: LapseFacts): string {
  return human === undefined || human === by ? by : `${by} stands for ${human}, who`;
}
