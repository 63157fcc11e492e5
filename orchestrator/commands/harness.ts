/** `run harness` and `run harness diff`: with what agents really ran, and how that differs. */
import { Fault } from '../domain/faults.ts';
import { Harness, type HarnessChange, HarnessNote, harnessDiff } from '../domain/harness.ts';
import type { Digest } from '../domain/ids.ts';
import type { Activity, EvidenceStore } from '../ports.ts';
import { harnessDiffText, harnessText, type LinesDiff, linesDiff } from '../text/harness.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';

export async function runHarness(context: Context, named: string): Promise<Exit> {
  const found = await harnessesOf(context, named);
  const alarms = found.activity.filter(isAlarm).map(({ text }) => text);
  show(
    context,
    () => harnessText(found.harnesses, alarms),
    () => ({ run: named, harnesses: found.harnesses, alarms }),
  );
  return 0;
}

export async function runHarnessDiff(context: Context, a: string, b: string): Promise<Exit> {
  const [before, after] = [await oneHarness(context, a), await oneHarness(context, b)];
  const { evidence } = context.reading();
  const changes = await Promise.all(
    harnessDiff(before, after).map(async (change) => ({
      ...change,
      lines: await linesIn(evidence, change.texts),
    })),
  );
  const sides = { before: { name: a, harness: before }, after: { name: b, harness: after } };
  show(
    context,
    () => harnessDiffText({ ...sides, changes }),
    () => ({
      before: { named: a, digest: before.digest },
      after: { named: b, digest: after.digest },
      isSame: changes.length === 0,
      changes,
    }),
  );
  return 0;
}

export function isAlarm({ source, kind }: Pick<Activity, 'source' | 'kind'>): boolean {
  return source === 'gateway' && (kind === 'alarm' || kind === 'harness-refused');
}

/** RUN is its first harness, RUN:2 its second, as `run harness` numbers them. */
async function oneHarness(context: Context, named: string): Promise<Harness> {
  const [run = '', number = '1'] = named.split(':');
  const { harnesses } = await harnessesOf(context, run);
  const found = /^[1-9]\d{0,3}$/.test(number) ? harnesses[Number(number) - 1] : undefined;
  if (found !== undefined) return found;
  throw new Fault(
    'usage',
    `${named} names no harness; ${run} has ${harnesses.length}: see proofhouse run harness ${run}`,
  );
}

async function harnessesOf(
  context: Context,
  named: string,
): Promise<{ harnesses: Harness[]; activity: readonly Activity[] }> {
  const { store } = context.ledgers();
  const { id } = await knownRun(store, named);
  const { evidence } = context.reading();
  const activity = await store.activity(id);
  const seen = new Set<string>();
  const harnesses: Harness[] = [];
  for (const { source, kind, attempt, text } of activity) {
    if (source !== 'gateway' || kind !== 'harness') continue;
    const note = HarnessNote.safeParse(jsonIn(text)).data;
    // A controller that took over writes them down again.
    const key = `${attempt} ${note?.role} ${note?.session} ${note?.digest}`;
    if (note === undefined || seen.has(key)) continue;
    seen.add(key);
    harnesses.push(await readHarness(evidence, note.evidence));
  }
  if (harnesses.length > 0) return { harnesses, activity };
  throw new Fault('not_now', `${id} has no harness: its agent has asked no model yet`);
}

async function readHarness(evidence: EvidenceStore, digest: Digest): Promise<Harness> {
  const bytes = await evidence.get(digest);
  const read = Harness.safeParse(jsonIn(Buffer.from(bytes ?? []).toString('utf8')));
  if (read.success) return read.data;
  throw new Fault('store_failed', `the evidence ${digest} of a harness is missing or was changed`, {
    cause: read.error,
  });
}

async function linesIn(
  evidence: EvidenceStore,
  texts: HarnessChange['texts'],
): Promise<LinesDiff | null> {
  if (texts === null) return null;
  const [before, after] = await Promise.all(texts.map((digest) => evidence.get(digest)));
  if (!before || !after) return null;
  return linesDiff(Buffer.from(before).toString('utf8'), Buffer.from(after).toString('utf8'));
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
