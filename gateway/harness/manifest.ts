/** The manifest of one harness, from the outline of a request and from what the controller chose. Pure. */
import { canonical, digestOf, type Json, sha256 } from '../../orchestrator/domain/canonical.ts';
import { HARNESS_VERSION, type Harness } from '../../orchestrator/domain/harness.ts';
import type { Digest, RunId } from '../../orchestrator/domain/ids.ts';
import type { HarnessTerms } from '../../orchestrator/ports/harness.ts';
import { type KnownRules, normalised } from './normal.ts';
import type { Outline } from './outline.ts';

const SYSTEM_MAX = 64;
const TOOLS_MAX = 512;
const NAME_CHARACTERS_MAX = 200;
const PARAMETER_CHARACTERS_MAX = 2_000;
const TEXT_BYTES_MAX = 256 * 1024;
const TEXTS_MAX = 16;
const BEGINS_CHARACTERS = 80;
/** Deeper than any schema; what is deeper counts as its text. */
const DEPTH_MAX = 40;

export type Call = {
  readonly run: RunId;
  readonly attempt: number;
  /** What the model was asked for. */
  readonly role: string;
  readonly session: string;
  readonly protocol: string;
  readonly userAgent: string;
  readonly served: string;
};

export type Manifest = {
  readonly harness: Omit<Harness, 'system'> & {
    readonly system: readonly (Omit<Harness['system'][number], 'text'> & { text: string | null })[];
  };
};

export function manifestOf(outline: Outline, call: Call, terms: HarnessTerms): Manifest {
  const { run, attempt, role, session, protocol, userAgent, served } = call;
  const system = outline.system.map((text, at) => block(text, at, terms.rules));
  const tools = outline.tools.map(offered);
  const parameters = parametersOf(outline);
  const harness = {
    ...{ version: HARNESS_VERSION, run, attempt, role, session, protocol },
    ...{ userAgent: cut(userAgent), agent: terms.agent, image: terms.image, policy: terms.policy },
    model: { requested: cut(outline.model), served },
    parameters,
    system: system.slice(0, SYSTEM_MAX),
    tools: tools.slice(0, TOOLS_MAX),
    rules: terms.rules.map(({ path, digest, text }) => ({
      ...{ path, digest, found: foundIn(text, outline) },
    })),
    leftOut: {
      system: Math.max(0, system.length - SYSTEM_MAX),
      tools: Math.max(0, tools.length - TOOLS_MAX),
    },
    digest: digestOf('harness', {
      ...{ protocol, parameters: parameters as Json },
      system: system.map(({ normal }) => normal),
      tools: tools.map(({ name, schema, description }) => [name, schema, description]),
    }),
    raw: digestOf('harness-raw', {
      ...{ protocol, parameters: plain(outline.parameters) },
      system: system.map(({ raw }) => raw),
      tools: tools.map(({ name, schema, description }) => [name, schema, description]),
    }),
  };
  return { harness };
}

function block(text: string, at: number, rules: KnownRules) {
  const normal = normalised(text, rules);
  const isKept = at < TEXTS_MAX && Buffer.byteLength(normal) <= TEXT_BYTES_MAX;
  return {
    bytes: Buffer.byteLength(text),
    raw: sha256(text),
    normal: sha256(normal),
    text: isKept ? normal : null,
    begins: normal.trimStart().slice(0, BEGINS_CHARACTERS),
  };
}

function offered({ name, description, schema }: Outline['tools'][number]) {
  const json = canonical(plain(schema));
  return {
    name: cut(name),
    schema: sha256(json),
    description: sha256(description),
    bytes: Buffer.byteLength(json) + Buffer.byteLength(description),
  };
}

function parametersOf({ parameters }: Outline): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, given]) => {
      const value = plain(given);
      const json = canonical(value);
      const isShort = json.length <= PARAMETER_CHARACTERS_MAX;
      return [cut(name), isShort ? value : (sha256(json) satisfies Digest as string)];
    }),
  );
}

/** Agents lead their own lines around a rule's text, and keep those of the text itself. */
function foundIn(text: string, { system, user }: Outline): Harness['rules'][number]['found'] {
  const told = text.trim();
  if (told === '') return 'missing';
  if (system.some((one) => one.includes(told))) return 'system';
  return user.some((one) => one.includes(told)) ? 'user' : 'missing';
}

/** Any JSON in a form that has a canonical one. */
function plain(value: unknown, depth = 0): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return value ?? null;
  if (depth >= DEPTH_MAX) return 'too deep';
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), plain(item, depth + 1)]),
  );
}

function cut(text: string): string {
  return text.toWellFormed().slice(0, NAME_CHARACTERS_MAX).toWellFormed();
}
