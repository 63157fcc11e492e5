/**
 * What an agent really ran with, as the gateway saw it go over the wire: its instructions, tools and
 * parameters, the rules that were found among them, and what the controller chose around them.
 *
 * `digest` is of what the agent's program brought, with what differs from run to run taken out, so a
 * policy can name it; `raw` is of the same as it came. Rules, policy, model and image have digests of
 * their own and are in neither: an edit of a rule makes no other harness.
 */
import { z } from 'zod';
import { Digest, RunId } from './ids.ts';

/** Counts what `normalised` in gateway/harness does: digests of another count are of something else. */
export const HARNESS_VERSION = 1;

const Block = z.strictObject({
  bytes: z.int().min(0),
  raw: Digest,
  normal: Digest,
  /** Of the normalised text, kept as evidence; null when it is too long for that. */
  text: Digest.nullable(),
  /** Its first words. */
  begins: z.string().max(120),
});

const Offered = z.strictObject({
  name: z.string().max(200),
  /** Of everything that the request says of it besides its description. */
  schema: Digest,
  description: Digest,
  bytes: z.int().min(0),
});

export const Harness = z.strictObject({
  version: z.int(),
  run: RunId,
  attempt: z.int().min(1),
  role: z.string(),
  /** Tells sessions of a run apart; made from what the agent called it. */
  session: z.string(),
  protocol: z.string(),
  /** What the agent's program calls itself: data, and never believed. */
  userAgent: z.string().max(200),
  agent: z.string(),
  image: z.string(),
  policy: Digest,
  model: z.strictObject({ requested: z.string().max(200), served: z.string() }),
  parameters: z.record(z.string(), z.unknown()),
  system: z.array(Block),
  tools: z.array(Offered),
  rules: z.array(
    z.strictObject({
      path: z.string(),
      digest: Digest,
      found: z.enum(['system', 'user', 'missing']),
    }),
  ),
  /** How many are not listed because there were too many; they count for the digests. */
  leftOut: z.strictObject({ system: z.int().min(0), tools: z.int().min(0) }),
  digest: Digest,
  raw: Digest,
});
export type Harness = z.infer<typeof Harness>;

/** What a line of the trace says of one; the whole of it is in the evidence. */
export const HarnessNote = z.strictObject({
  digest: Digest,
  evidence: Digest,
  role: z.string(),
  session: z.string(),
});
export type HarnessNote = z.infer<typeof HarnessNote>;

export type HarnessChange = {
  /** Where, as in `tool WebFetch`. */
  readonly about: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before: string | null;
  readonly after: string | null;
  /** Texts in the evidence that say what changed in it. */
  readonly texts: readonly [Digest, Digest] | null;
};

/** Every difference, what may do most first: tools, instructions, rules, parameters, surroundings. */
export function harnessDiff(before: Harness, after: Harness): HarnessChange[] {
  return [
    ...toolChanges(before, after),
    ...systemChanges(before, after),
    ...ruleChanges(before, after),
    ...parameterChanges(before, after),
    ...['protocol', 'agent', 'userAgent', 'image', 'policy', 'role'].flatMap((name) => {
      const key = name as 'agent';
      return valueChange(name, before[key], after[key]);
    }),
    ...valueChange('model asked for', before.model.requested, after.model.requested),
    ...valueChange('model that answered', before.model.served, after.model.served),
  ];
}

function toolChanges(before: Harness, after: Harness): HarnessChange[] {
  const [old, now] = [before, after].map(({ tools }) => new Map(tools.map((t) => [t.name, t])));
  const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  return [...names].flatMap((name) => {
    const [had, has] = [old?.get(name), now?.get(name)];
    const about = `tool ${name}`;
    if (had === undefined || has === undefined) return oneSided(about, had, has);
    return (['schema', 'description'] as const).flatMap((part) => {
      return valueChange(`${about}, ${part}`, short(had[part]), short(has[part]));
    });
  });
}

function short(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

function oneSided(
  about: string,
  had: object | undefined,
  has: object | undefined,
): HarnessChange[] {
  const change = had === undefined ? ('added' as const) : ('removed' as const);
  return had === has ? [] : [{ about, change, before: null, after: null, texts: null }];
}

function systemChanges(before: Harness, after: Harness): HarnessChange[] {
  const count = Math.max(before.system.length, after.system.length);
  return Array.from({ length: count }, (_, at) => at).flatMap((at) => {
    const [had, has] = [before.system[at], after.system[at]];
    const about = `system ${at + 1}`;
    if (had === undefined || has === undefined) return oneSided(about, had, has);
    if (had.normal === has.normal) return [];
    const texts = had.text && has.text ? ([had.text, has.text] as const) : null;
    const sizes = { before: `${had.bytes} bytes`, after: `${has.bytes} bytes` };
    return [{ about, change: 'changed' as const, ...sizes, texts }];
  });
}

function ruleChanges(before: Harness, after: Harness): HarnessChange[] {
  const said = ({ rules }: Harness) =>
    new Map(rules.map(({ path, digest, found }) => [path, `${found}, ${short(digest)}`]));
  return mapChanges('rules', said(before), said(after));
}

function parameterChanges(before: Harness, after: Harness): HarnessChange[] {
  const said = ({ parameters }: Harness) =>
    new Map(Object.entries(parameters).map(([name, value]) => [name, JSON.stringify(value)]));
  return mapChanges('parameter', said(before), said(after));
}

function mapChanges(
  what: string,
  old: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): HarnessChange[] {
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    return valueChange(`${what} ${name}`, old.get(name) ?? null, now.get(name) ?? null);
  });
}

function valueChange(about: string, before: string | null, after: string | null): HarnessChange[] {
  if (before === after) return [];
  const change = before === null ? 'added' : after === null ? 'removed' : 'changed';
  return [{ about, change, before, after, texts: null }];
}
