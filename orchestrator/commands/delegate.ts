/** `delegate`: hands a vote to one named person, for certain gates, for a while. */
import { Duration } from '../../policies/units.ts';
import { Fault } from '../domain/faults.ts';
import { type Context, type Exit, show } from './context.ts';
import { recordHead } from './desk.ts';
import { personNamed } from './names.ts';

export type Delegate = {
  readonly to: string;
  readonly gates: readonly string[];
  /** As in `3d`. */
  readonly for: string;
  readonly as: string | null;
};

/** What a policy allows may be less, and then that holds. */
const LONGEST_MS = 90 * 86_400_000;

export async function delegate(context: Context, wanted: Delegate): Promise<Exit> {
  const { store } = context.ledgers();
  const from = wanted.as === null ? context.person() : personNamed(wanted.as);
  const to = personNamed(wanted.to);
  if (from === to) throw new Fault('usage', `${from} cannot hand a vote to themselves`);
  if (/^(bot|agent):/.test(to)) throw new Fault('not_eligible', `${to} is no person`);
  const head = recordHead(context, 'dlg');
  const ends = Date.parse(head.createdAt) + lengthMs(wanted.for);
  const gates = [...new Set(wanted.gates)].sort();
  const expiresAt = new Date(ends).toISOString();
  const signed = context.signatures().sign('delegation', { ...head, from, to, gates, expiresAt });
  await store.keep({ kind: 'delegation', id: signed.record.id, signed });
  const until = expiresAt.slice(0, 16).replace('T', ' ');
  show(
    context,
    () =>
      `${to} may approve gate ${gates.join(', ')} for ${from} until ${until}, or as long as the policy allows: ` +
      `${context.command} approve RUN --tree TREE --as ${to} --on-behalf-of ${from}`,
    () => signed.record,
  );
  return 0;
}

function lengthMs(text: string): number {
  const parsed = Duration.safeParse(text);
  if (!parsed.success || parsed.data <= 0 || parsed.data > LONGEST_MS)
    throw new Fault('usage', `--for takes a time of at most 90d, as in 3d; "${text}" is none`);
  return parsed.data;
}
