/** The ways to a model and to the network: the doors of sandboxes, and the controller's own questions. */
import path from 'node:path';
import { nameServers } from '../gateway/egress/resolve.ts';
import type { EgressOptions } from '../gateway/egress/tunnel.ts';
import { modelAsker } from '../gateway/model/ask-own.ts';
import { routedBy } from '../gateway/model/routing.ts';
import type { ModelUpstream } from '../gateway/model/upstream.ts';
import { hostRegistry } from '../gateway/registry/host.ts';
import { openTarballs } from '../gateway/registry/tarballs.ts';
import { secretSearches } from '../gateway/secret-search.ts';
import { openGateway } from '../gateway/server.ts';
import type { AskModel } from './ports/own-question.ts';
import type { Activity, Doors, Store } from './ports.ts';
import { openRunTokens } from './store/run-tokens.ts';

export type WaysOut = {
  readonly home: string;
  /** The usual model. */
  readonly model: ModelUpstream;
  /** Every model of this controller, the usual one among them. */
  readonly models: readonly ModelUpstream[];
  /** Values that no request may carry to a model. */
  readonly secrets: readonly string[];
  readonly clock: () => Date;
  /** Left out, the name servers of this machine and addresses of the public network. */
  readonly outside?: Pick<EgressOptions, 'resolve' | 'isGlobal'> | undefined;
};

type Noting = Pick<WaysOut, 'clock'> & { readonly store: Store };

export function doorsOf(ways: WaysOut, store: Store): Doors {
  const registry = hostRegistry();
  const tarballs = openTarballs(path.join(ways.home, 'packages'));
  const outside = ways.outside ?? { resolve: nameServers() };
  const fleet = { usual: ways.model, named: ways.models };
  const token = openRunTokens(ways.home);
  const secrets = secretSearches(ways.secrets);
  return {
    token,
    open: async ({ socketPath, run, attempt, to, reaches, packages, budget, harness, models }) =>
      openGateway({
        socketPath,
        run,
        attempt,
        role: to === 'package-registry' ? 'dependencies' : 'agent',
        model: to === 'model' ? ways.model : null,
        token: token(run, attempt),
        secrets: secrets[models?.secretShapes ?? 'block'],
        registry:
          to === 'package-registry' ? { upstream: await registry(), packages, tarballs } : null,
        egress: { ...outside, reaches },
        ...routedBy(fleet, models),
        budget,
        harness,
        ledger: store.ledger,
        note: await notesInto({ store, clock: ways.clock }, { run, attempt }),
      }),
  };
}

/** Under kinds of their own: what no sandbox did is no try to get out of one. */
export function askerOf(ways: WaysOut, store: Store): AskModel {
  return modelAsker({
    fleet: { usual: ways.model, named: ways.models },
    ledger: store.ledger,
    note: async ({ run, attempt, role }, text) => {
      const note = await notesInto({ store, clock: ways.clock }, { run, attempt });
      await note(role, text);
    },
  });
}

/** Lines go on after those that were stored before, by whichever controller. */
async function notesInto(
  { store, clock }: Noting,
  { run, attempt }: Pick<Activity, 'run' | 'attempt'>,
): Promise<(kind: string, text: string) => Promise<void>> {
  const before = (await store.activity(run)).filter(
    (one) => one.attempt === attempt && one.source === 'gateway',
  );
  let index = before.length;
  return async (kind, text) => {
    const at = clock().toISOString();
    await store.note({ run, attempt, source: 'gateway', index: index++, at, kind, text });
  };
}
