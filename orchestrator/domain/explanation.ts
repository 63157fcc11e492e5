/**
 * What a policy says, laid out for a reader: who speaks and where that is written, who is asked and
 * who of them could answer, what must be proved. Values only: words and columns are text's business.
 */
import type { Operation } from './change.ts';
import type { Person } from './ids.ts';
import type { Denial, Exemption, Judgement, NeverDelegated, RiskClass } from './judgement.ts';

/** One thing a layer says of a path. */
export type Speaker = {
  readonly layer: string;
  /** The pack of the layer that says it; null for the layer's own file. */
  readonly pack: string | null;
  readonly kind: 'gate' | 'content rule' | 'unmatched' | 'added';
  /** Name of the gate or rule; of one that Proofhouse adds too. */
  readonly id: string;
  /** The pattern that covers the path; null when no pattern does. */
  readonly pattern: string | null;
  /** As in `.proofhouse/policy.yaml:44:5`. */
  readonly where: string;
  readonly riskClass: RiskClass;
  readonly why: string;
  /** What a reader must know of it besides; empty when nothing. */
  readonly note: string;
};

export type AskedGroup = {
  readonly group: string;
  readonly count: number;
  /** Gates that ask, sorted. */
  readonly gates: readonly string[];
  /** Whose approval would count, without whoever is excluded. */
  readonly members: readonly Person[];
  /** Where members are kept that are not known here, as `github_team:acme/platform`; else null. */
  readonly from: string | null;
};

export type People = {
  readonly needs: readonly AskedGroup[];
  /** Several lists of groups, of which one must be filled. */
  readonly choices: readonly {
    readonly gate: string;
    readonly anyOf: readonly (readonly AskedGroup[])[];
  }[];
  /** One person fills one place only. */
  readonly distinct: boolean;
  /** Whose approval never counts, and who that is where it is known. */
  readonly excluded: readonly { readonly as: string; readonly people: readonly string[] }[];
};

/** Of all gates that ask, the strictest. */
export type Terms = Pick<Judgement['gates'][number], 'bind' | 'expiresMs'>;

export type Rights = {
  /** Whether an agent of this role may change the path, and what says so. */
  readonly write: { readonly role: string; readonly isAllowed: boolean; readonly why: string };
  /** Models that may write code for a change of this class; null when any may. */
  readonly models: readonly string[] | null;
  /** What each phase of a run may reach. */
  readonly network: { readonly setup: readonly string[]; readonly agent: readonly string[] };
  /** What the machine must have; without it no run starts. */
  readonly requires: readonly string[];
  /** What a layer says of these and this version does not act on. */
  readonly notYet: readonly string[];
};

export type Outcome = Pick<
  Judgement,
  'verdict' | 'wouldBe' | 'enforcement' | 'riskClass' | 'surface'
>;

/** What would be said of a change to one path alone, as far as its content does not decide. */
export type PathExplanation = Outcome &
  People &
  Rights & {
    readonly path: string;
    readonly operation: Operation;
    /** Fully qualified ref the change would be meant for. */
    readonly target: string;
    /** Null when nobody is asked. */
    readonly terms: Terms | null;
    readonly speakers: readonly Speaker[];
    /** Packs that say nothing of the path. */
    readonly silentPacks: readonly string[];
    readonly validators: readonly string[];
    readonly exemptions: readonly Exemption[];
    readonly neverDelegated: readonly NeverDelegated[];
    readonly denials: readonly Denial[];
  };

/** A whole decision, with the people it comes down to. */
export type DecisionExplanation = {
  readonly judgement: Judgement;
  readonly people: People;
  readonly terms: Terms | null;
};

/** A file that a gate guards, with a changed one that none does, and the files between the two. */
export type ReachLine = {
  readonly changed: string;
  readonly guarded: string;
  /** From the guarded file to the changed one, without both. */
  readonly via: readonly string[];
  readonly gates: readonly string[];
};

/** What a change reaches over imports. A report, which no verdict hangs on. */
export type Reach = {
  /** The guarded file imports the changed one. */
  readonly reaches: readonly ReachLine[];
  /** The changed file imports the guarded one. */
  readonly uses: readonly ReachLine[];
  /** How many more of both there are. */
  readonly more: number;
  /** False when something was not read, and so could hide more. */
  readonly isWhole: boolean;
};
