/** A change under a policy that has it reviewed, as far as the stage that runs its checks. */
import type { Check } from '../../../orchestrator/domain/check.ts';
import type { ModelRole } from '../../../orchestrator/domain/money.ts';
import type { AskModel } from '../../../orchestrator/ports/own-question.ts';
import type { ModelCall, Store } from '../../../orchestrator/ports.ts';
import { validate } from '../../../orchestrator/stages/validate.ts';
import { decide } from '../../../policies/decide.ts';
import { entriesDigest } from '../../../policies/facts.ts';
import { emptyMemory, openMemoryStore } from '../../contracts/memory-store.ts';
import { factsOf, load, sha } from '../../policies/sample.ts';
import { AT, CHANGE, CHECK, RUN, STATES, TASK } from '../fixtures.ts';
import * as tools from './tools.ts';

const { BASE, EDIT, POLICY_PATH, SIGNAL, TREE } = tools;
const GATE = '  - { id: pay, why: Money., class: critical, paths: ["src/pay/"] }\n';

/** `rule` is the rest of the validator, `route` that of the route. */
export function reviewPolicy(rule = '', route = ''): string {
  return `${tools.POLICY.replace('validators:', `${GATE}validators:\n  read: { kind: review${rule} }`)}
models: { routes: [{ stage: review, use: [small]${route} }] }`;
}

export function callOf(role: ModelRole, over: Partial<ModelCall> = {}): ModelCall {
  return {
    ...{ id: `${role}-1`, run: RUN, attempt: 1, at: AT, role, model: `${role}-m`, vendor: 'acme' },
    ...{ state: 'settled', usage: { inputTokens: 1, outputTokens: 1 }, microUsd: 1 },
    ...{ wallMs: 1, failure: null, ...over },
  };
}

/** Of a run whose ledger holds these calls. */
export async function storeWith(calls: readonly ModelCall[]): Promise<Store> {
  const store = openMemoryStore(emptyMemory(), () => new Date(AT));
  await store.addTask(TASK);
  for (const call of calls) {
    const none = { microUsd: null, tokens: null, turns: null };
    await store.ledger.reserve({ ...call, state: 'reserved', failure: null }, none);
    await store.ledger.settle(call);
  }
  return store;
}

export type Reviewing = {
  readonly ask: AskModel;
  readonly store: Store;
  readonly policy?: string;
  readonly text?: string;
  readonly unit?: Partial<Check>;
};

export async function validated({ ask, store, policy = reviewPolicy(), text, unit }: Reviewing) {
  const files: string[] = [];
  const asked: string[] = [];
  const after = text ?? 'const total = 1;\n';
  const source = tools.sourceOf(
    tools.repository({
      files: { [BASE]: { [POLICY_PATH]: policy } },
      blobs: { [sha('2')]: after },
    }),
    { diff: async () => `+${after}` },
  );
  const run = async ({ id }: { id: string }): Promise<Check> => {
    asked.push(id);
    return { ...CHECK, validator: id, ...unit };
  };
  const given = await tools.toolsWith({
    source,
    over: {
      ...{ store, askModel: ask, validators: { command: run, playwright: run } },
      evidence: {
        put: async (bytes) => {
          files.push(Buffer.from(bytes).toString('utf8'));
          return CHECK.definition;
        },
        get: async () => null,
        path: () => '',
      },
    },
  });
  const change = { ...CHANGE, base: BASE, tree: TREE, entries: entriesDigest([EDIT]) };
  const judgement = decide([load(policy, POLICY_PATH)], factsOf([EDIT.path]), AT);
  const state = { ...STATES.validating, change, judgement };
  return { event: await validate(given, state, TASK, SIGNAL), judgement, asked, files };
}
