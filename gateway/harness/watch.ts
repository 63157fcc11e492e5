/**
 * Looks at the harness of every model call before it is made. A harness that this attempt has not
 * shown before is written down once; one that the policy does not want is told of, or refused.
 *
 * Invariant: the verdict is made for each harness and not for the first only, so an agent that starts
 * well and offers more later is seen.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { HarnessNote } from '../../orchestrator/domain/harness.ts';
import type { Digest, RunId } from '../../orchestrator/domain/ids.ts';
import type { ModelRole } from '../../orchestrator/domain/money.ts';
import type { HarnessTerms } from '../../orchestrator/ports/harness.ts';
import type { JsonObject } from '../model/conversation.ts';
import type { Wire } from '../model/protocols/protocol.ts';
import { headerOf, sessionOf } from '../session.ts';
import { type Manifest, manifestOf } from './manifest.ts';
import { OUTLINES, type Outline } from './outline.ts';

/** An agent with more harnesses than this in one attempt changes them to fill our disk. */
const MANIFESTS_MAX = 50;
/** Verdicts that are remembered; further ones are made anew. */
const VERDICTS_MAX = 1_000;

export type HarnessOptions = {
  readonly terms: HarnessTerms;
  readonly run: RunId;
  readonly attempt: number;
  note(kind: 'harness' | 'alarm' | 'harness-refused', text: string): Promise<void>;
};

export type SeenCall = {
  readonly wire: Wire;
  /** From the address. */
  readonly role: ModelRole;
  readonly body: JsonObject;
  readonly headers: IncomingHttpHeaders;
  /** The model that answers. */
  readonly served: string;
  /** As the caller named it in its path; null where it is in the body. */
  readonly model?: string | null;
};

/** Why a call is not made; null when it may be. */
export type HarnessWatch = (call: SeenCall) => Promise<string | null>;

export function watchHarness(options: HarnessOptions): HarnessWatch {
  const verdicts = new Map<string, string | null>();
  const noted = {
    manifests: new Set<string>(),
    alarms: new Set<string>(),
    refusals: new Set<string>(),
  };
  return async (call) => {
    const read = OUTLINES[call.wire](call.body);
    const outline = { ...read, model: read.model || (call.model ?? '') };
    const session = sessionOf(call.headers, call.body);
    const key = fingerprint(session, call, outline);
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const userAgent = headerOf(call.headers, 'user-agent');
    const { run, attempt } = options;
    const { role } = call;
    const facts = {
      run,
      attempt,
      role,
      session,
      protocol: call.wire,
      userAgent,
      served: call.served,
    };
    const { harness } = manifestOf(outline, facts, options.terms);
    await noteOnce(options, noted.manifests, { harness });
    const refused = await judge(options, noted, outline, harness.digest);
    if (verdicts.size < VERDICTS_MAX) verdicts.set(key, refused);
    return refused;
  };
}

type Noted = { readonly alarms: Set<string>; readonly refusals: Set<string> };

async function judge(
  { terms, note }: HarnessOptions,
  noted: Noted,
  { tools }: Outline,
  digest: Digest,
): Promise<string | null> {
  const denied = tools.map(({ name }) => terms.toolProblem(name)).find((why) => why !== null);
  const other = otherThanExpected(terms, digest);
  const why = denied ?? (terms.expected?.onOther === 'refuse' ? other : null) ?? null;
  if (why !== null) {
    await once(noted.refusals, why, () => note('harness-refused', why));
    return why;
  }
  if (other !== null) await once(noted.alarms, other, () => note('alarm', other));
  return null;
}

function otherThanExpected({ expected }: HarnessTerms, digest: Digest): string | null {
  if (expected === null || expected.digests.includes(digest)) return null;
  return `the harness ${digest} is none of those that are expected (${expected.where})`;
}

async function noteOnce(
  { terms, note }: HarnessOptions,
  seen: Set<string>,
  { harness }: Manifest,
): Promise<void> {
  const { digest, role, session } = harness;
  const key = `${role} ${session} ${digest}`;
  if (seen.size > MANIFESTS_MAX || seen.has(key)) return;
  seen.add(key);
  if (seen.size > MANIFESTS_MAX) {
    return note(
      'alarm',
      `more than ${MANIFESTS_MAX} harnesses in one attempt; further ones are not kept`,
    );
  }
  const system = [];
  for (const block of harness.system) {
    const text = block.text === null ? null : await terms.keep(Buffer.from(block.text));
    system.push({ ...block, text });
  }
  const evidence = await terms.keep(Buffer.from(JSON.stringify({ ...harness, system })));
  await note('harness', JSON.stringify({ digest, evidence, role, session } satisfies HarnessNote));
}

async function once(seen: Set<string>, what: string, tell: () => Promise<void>): Promise<void> {
  if (seen.has(what) || seen.size >= MANIFESTS_MAX) return;
  seen.add(what);
  await tell();
}

/** What is looked at, by its bytes: the same again is not looked at twice. */
function fingerprint(session: string, { wire, role }: SeenCall, outline: Outline): string {
  const hash = createHash('sha256').update(`${session}\0${role}\0${wire}\0${outline.model}\0`);
  for (const text of outline.system) hash.update(`${text.length}\0`).update(text);
  return hash.update(JSON.stringify([outline.tools, outline.parameters])).digest('base64');
}
