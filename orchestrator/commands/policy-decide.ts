/** `policy decide`: the decision over facts that somebody else read. For scripts and other implementations. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { decide } from '../../policies/decide.ts';
import { explainDecision } from '../../policies/explain.ts';
import { readFacts } from '../../policies/facts-file.ts';
import type { Facts } from '../domain/change.ts';
import { Fault } from '../domain/faults.ts';
import { POLICY_FILE } from '../stages/base-rules.ts';
import { printable } from '../text/columns.ts';
import { decisionText, exitOf } from '../text/policy-decision.ts';
import { type Context, type Exit, show } from './context.ts';
import { loadPolicies, whyUnread } from './policy.ts';

/** What texts of a change may be in all, with room for everything else. */
const FACTS_MAX_BYTES = 64 * 2 ** 20;

export type DecideOptions = {
  /** A file; a lone `-` stands for `input`. */
  readonly facts: string;
  readonly policies: readonly string[];
  /** The moment to decide at, as people write it; null for this one. */
  readonly now: string | null;
  readonly input: AsyncIterable<Uint8Array | string>;
};

export async function policyDecide(context: Context, options: DecideOptions): Promise<Exit> {
  const files = options.policies.length > 0 ? options.policies : [POLICY_FILE];
  const now = options.now === null ? context.clock().toISOString() : momentOf(options.now);
  const layers = await loadPolicies(context.cwd, [...context.orgPolicies, ...files]);
  const name = options.facts === '-' ? 'stdin' : options.facts;
  const facts = factsIn(await textOf(context.cwd, options), name);
  const judgement = decide(layers, facts, now);
  show(
    context,
    () => decisionText(explainDecision(layers, judgement, null)),
    () => judgement,
  );
  return exitOf(judgement);
}

function momentOf(text: string): string {
  // A moment without a zone would be another one on another machine.
  const isWhole = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(
    text,
  );
  const moment = isWhole ? new Date(text) : new Date(Number.NaN);
  if (Number.isFinite(moment.getTime())) return moment.toISOString();
  throw new Fault(
    'usage',
    `--now "${printable(text)}" is no moment with a zone; write it as in 2026-01-31T12:00:00Z`,
  );
}

function factsIn(text: string, name: string): Facts {
  const read = readFacts(jsonOf(text, name));
  if ('facts' in read) return read.facts;
  const each = read.problems.map(({ path: at, message }) => `${at || 'the whole'}: ${message}`);
  throw new Fault('facts_invalid', [`${name} holds no facts of a change:`, ...each].join('\n  '));
}

function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('facts_invalid', `${name} is not JSON: ${printable(why)}`, { cause });
  }
}

async function textOf(cwd: string, { facts, input }: DecideOptions): Promise<string> {
  if (facts === '-') return textFrom(input);
  return readFile(path.resolve(cwd, facts), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Fault('facts_invalid', `${facts} ${whyUnread(cause.code)}`, { cause });
  });
}

async function textFrom(input: DecideOptions['input']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length > FACTS_MAX_BYTES) {
      throw new Fault(
        'facts_invalid',
        `the facts on stdin take more than ${FACTS_MAX_BYTES} bytes`,
      );
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}
