/** What stages work with. Everything is a port or pure; adapters meet in `compose.ts`. */

import type { LoadedPolicy } from '../../policies/parse.ts';
import type { ValidatorRule } from '../../policies/schema.ts';
import type { Signatures } from '../domain/signed.ts';
import type { Inspector } from '../ports/inspection.ts';
import type { Machine } from '../ports/machine.ts';
import type { AskModel } from '../ports/own-question.ts';
import type { Source } from '../ports/source.ts';
import type {
  Agent,
  Doors,
  EvidenceStore,
  Forge,
  Keys,
  Store,
  Validator,
  Workspaces,
} from '../ports.ts';
import type { ChosenAgent } from './chosen-agent.ts';

type Rule<K extends ValidatorRule['kind']> = Extract<ValidatorRule, { kind: K }>;

export type ModelFact = { readonly id: string; readonly shown: string; readonly isPriced: boolean };

export type StageTools = {
  readonly store: Store;
  readonly forge: Forge;
  readonly source: Source;
  readonly workspaces: Workspaces;
  readonly doors: Doors;
  readonly askModel: AskModel;
  readonly evidence: EvidenceStore;
  readonly signatures: Signatures;
  /** What the controller signs evidence with. Nothing that runs in a sandbox can reach it. */
  readonly keys: Pick<Keys, 'signer' | 'trusted'>;
  readonly agentFor: (chosen: ChosenAgent) => Agent;
  readonly validators: {
    readonly command: Validator<Rule<'command'>>;
    readonly playwright: Validator<Rule<'playwright'>>;
  };
  /** Validators that run nothing of the change. */
  readonly inspectors: {
    readonly secrets: Inspector<Rule<'secrets'>>;
    readonly testsWeakened: Inspector<Rule<'tests-weakened'>>;
    readonly dependencies: Inspector<Rule<'dependencies'>>;
    readonly size: Inspector<Rule<'size'>>;
  };
  /** What the sandboxes of one change's checks may hold together. */
  readonly checksMemoryBytes: number;
  /** What answers where the policy says nothing. */
  readonly model: {
    readonly id: string;
    /** Name sent to the server. */
    readonly model: string;
    /** What people are told, as in `scripted (examples/shop/models)`. */
    readonly shown: string;
    readonly isPriced: boolean;
  };
  /** Every model of this controller by the name that a policy has for it, the usual one among them. */
  readonly models: readonly ModelFact[];
  readonly machine: Machine;
  /** Engine id of an image of ours. */
  readonly image: (name: string) => Promise<string>;
  /** Engine id of an image that is there and was made from one of ours; null when it is neither. */
  readonly ownImage: (name: string) => Promise<string | null>;
  /** Policies above the repository's own, tightest reading wins. */
  readonly above: readonly LoadedPolicy[];
  readonly gatewayUrl: string;
  readonly redact: (text: string) => string;
  /** What kind of secret a text holds, in words that do not hold it; null when it holds none. */
  readonly secretIn: (text: string) => string | null;
  readonly clock: () => Date;
};
