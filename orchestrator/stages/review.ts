/**
 * Has a model of the route `review` read a sealed change. It is asked once and given no tool: task, change,
 * files and paths are put before it, so it reads and can do nothing. What it says was talked into it by the
 * change, perhaps; it can raise a gate that the policy names for that, and that is all.
 *
 * Invariant: the verdict says whether a review there was, and never what it said. Who edited and who
 * reviewed is told from the ledger; a review that the ledger does not show is none.
 */
import { freeModels, modelRules, modelsFor } from '../../policies/models.ts';
import type { Raised } from '../../policies/raised.ts';
import type { ReviewRule } from '../../policies/schema/review.ts';
import { digestOf } from '../domain/canonical.ts';
import type { Facts } from '../domain/change.ts';
import type { Check, EvidenceFile, Finding } from '../domain/check.ts';
import type { Judgement } from '../domain/judgement.ts';
import { type Remark, Remarks, type Review, Severity } from '../domain/review.ts';
import type { Task } from '../domain/task.ts';
import type { OwnAnswer } from '../ports/own-question.ts';
import type { CheckRequest, ModelCall } from '../ports.ts';
import { reviewInstructions, reviewText } from '../text/review-question.ts';
import type { BaseRules } from './base-rules.ts';
import { callBudget } from './call-budget.ts';
import type { StageTools } from './tools.ts';

const OUTPUT_TOKENS = 4_096;
const THINK_MS = 120_000;
const DIFF_BYTES_MAX = 48_000;
const REMARKS_MAX = 20;
const MESSAGE_CHARACTERS_MAX = 500;
const ABSENT = '000000';

const SCHEMA = {
  type: 'object',
  properties: {
    remarks: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          path: { type: 'string' },
          line: { type: 'integer' },
          severity: { type: 'string', enum: Severity.options },
          message: { type: 'string' },
        },
        required: ['path', 'line', 'severity', 'message'],
        additionalProperties: false,
      },
    },
  },
  required: ['remarks'],
  additionalProperties: false,
} as const;

export type ReviewRequest = Pick<
  CheckRequest<ReviewRule>,
  'place' | 'tree' | 'id' | 'definition'
> & {
  readonly task: Task;
  readonly rules: Pick<BaseRules, 'layers' | 'rules'>;
  readonly facts: Facts;
  readonly judgement: Judgement;
};

export type Reviewed = { readonly check: Check; readonly raised: readonly Raised[] };

type Tools = Pick<StageTools, 'askModel' | 'redact' | 'source' | 'store' | 'evidence'>;

export async function review(
  tools: Tools,
  request: ReviewRequest,
  signal: AbortSignal,
): Promise<Reviewed> {
  const startedMs = performance.now();
  const models = modelsFor(request.rules.layers, 'review', request.judgement.riskClass);
  const answer =
    models === null
      ? { problem: 'the policy has no route for review' }
      : await asked(tools, { request, models }, signal);
  const told = reviewOf(answer, request, await tools.store.calls(request.task.id));
  const { id, definition } = request;
  const found = findingsOf(id, told);
  const isThere = told.problem === null;
  return {
    raised: isThere ? raisedBy(request, told) : [],
    check: {
      ...{ validator: id, kind: 'review', verdict: isThere ? 'passed' : 'unknown', tests: null },
      definition: digestOf('validator', { ...definition, models, asks: reviewInstructions('') }),
      findings: found,
      evidence: [await kept(tools, told)],
      wallMs: Math.round(performance.now() - startedMs),
      ...{ tries: 1, cachedFrom: null, advisory: !definition.required },
    },
  };
}

async function asked(
  tools: Tools,
  { request, models }: { request: ReviewRequest; models: readonly string[] },
  signal: AbortSignal,
): Promise<OwnAnswer> {
  const { task, place, tree, facts, rules } = request;
  const { layers } = rules;
  const files = facts.entries.flatMap(({ path, newMode, newOid }) => {
    const text = newMode === ABSENT ? undefined : facts.texts[newOid];
    return typeof text === 'string' ? [{ path, text }] : [];
  });
  const diff = await tools.source.diff(place, tree, DIFF_BYTES_MAX + 1);
  // What is cut off could be all that matters, and whoever wrote the change chose what comes first.
  if (Buffer.byteLength(diff) > DIFF_BYTES_MAX)
    return {
      problem: `the change is larger than the ${DIFF_BYTES_MAX} bytes that a model is shown`,
    };
  const paths = await tools.source.treePaths(place, tree);
  return tools.askModel(
    {
      ...{ run: task.id, attempt: place.attempt, role: 'review', models },
      ...{ free: freeModels(layers), schema: SCHEMA, thinkMs: THINK_MS },
      instructions: reviewInstructions(tools.redact(rules.rules)),
      text: tools.redact(reviewText({ task, diff, files, paths })),
      outputTokens: OUTPUT_TOKENS,
      budget: callBudget(layers, task),
    },
    signal,
  );
}

/** Looked at again here: what was asked for is the gateway's to hold, and what is done is ours. */
function remarksIn(text: string): readonly Remark[] | null {
  try {
    return Remarks.parse(JSON.parse(text)).remarks;
  } catch {
    return null;
  }
}

function reviewOf(
  answer: OwnAnswer,
  { facts, rules }: Pick<ReviewRequest, 'facts' | 'rules'>,
  calls: readonly ModelCall[],
): Review {
  const [edited, reviewed] = [answerersOf(calls, 'edit'), answerersOf(calls, 'review')];
  const isAsked = modelRules(rules.layers).apart.some(([role]) => role === 'review');
  const isShown = isOther(edited, reviewed);
  const remarks = 'problem' in answer ? null : remarksIn(answer.text);
  const problem = problemOf(answer, remarks, { reviewed, isAsked, isShown });
  const paths = new Set(facts.entries.map(({ path }) => path));
  return {
    ...{ by: 'by' in answer ? answer.by : null, problem, edited, reviewed },
    remarks: (problem === null ? (remarks ?? []) : [])
      .toSorted((a, b) => height(b.severity) - height(a.severity))
      .slice(0, REMARKS_MAX)
      .map((remark) => ({
        ...remark,
        message: oneLine(remark.message),
        path: paths.has(remark.path) ? remark.path : null,
      })),
    otherVendor: { asked: isAsked, shown: isShown },
  };
}

type Shown = Pick<Review, 'reviewed'> & { isAsked: boolean; isShown: boolean | null };

function problemOf(
  answer: OwnAnswer,
  remarks: readonly Remark[] | null,
  { reviewed, isAsked, isShown }: Shown,
): string | null {
  if ('problem' in answer) return oneLine(answer.problem);
  if (remarks === null) return 'the answer is not what was asked for';
  if (reviewed.length === 0) return 'the ledger of this run shows no review';
  if (isAsked && isShown !== true) {
    return 'the ledger does not show that another vendor reviewed than edited';
  }
  return null;
}

/** Everybody who answered, once each, in order. */
function answerersOf(calls: readonly ModelCall[], role: 'edit' | 'review'): Review['edited'] {
  const answered = calls.filter((call) => call.role === role && call.state === 'settled');
  const keyed = new Map(
    answered.map(({ model, vendor }) => [JSON.stringify([vendor, model]), { model, vendor }]),
  );
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** Null where a role has no call, or one of a vendor that nobody named. */
function isOther(edited: Review['edited'], reviewed: Review['reviewed']): boolean | null {
  const all = [...edited, ...reviewed];
  if (edited.length === 0 || reviewed.length === 0) return null;
  if (all.some(({ vendor }) => vendor === '')) return null;
  return !reviewed.some(({ vendor }) => edited.some((one) => one.vendor === vendor));
}

function findingsOf(
  validator: string,
  { problem, remarks, otherVendor, reviewed }: Review,
): Finding[] {
  if (problem !== null) {
    return [{ validator, code: 'review_missing', message: `no review: ${problem}` }];
  }
  const vendors = [...new Set(reviewed.map(({ vendor }) => vendor))].join(', ');
  const same = `models of one vendor edited and reviewed (${vendors}); the policy does not ask for another`;
  return [
    ...remarks.map(({ path, line, severity, message }) => ({
      ...{ validator, code: 'review_remark', message: `${severity}: ${message}` },
      ...(path === null ? {} : { where: line === 0 ? path : `${path}:${line}` }),
    })),
    ...(otherVendor.shown === false
      ? [{ validator, code: 'review_same_vendor', message: same }]
      : []),
  ];
}

function raisedBy({ id, definition }: ReviewRequest, { by, remarks }: Review): Raised[] {
  const least = height(definition.raisesFrom);
  const isRaised = remarks.some(({ severity }) => height(severity) >= least);
  if (!isRaised || by === null) return [];
  return definition.raises.map((gate) => ({ gate, validator: id, by }));
}

async function kept({ evidence, redact }: Tools, told: Review): Promise<EvidenceFile> {
  const bytes = Buffer.from(redact(JSON.stringify(told)));
  const digest = await evidence.put(bytes);
  return { name: 'review.json', digest, bytes: bytes.length, mediaType: 'application/json' };
}

function height(severity: Severity): number {
  return Severity.options.indexOf(severity);
}

/** Without what moves a cursor or turns letters round; a remark needs one line. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '');
  return [...line.trim()].slice(0, MESSAGE_CHARACTERS_MAX).join('');
}
