/**
 * What a change did to pages: what is wrong now and was not at the base is a finding; what was already
 * so is said. Pure.
 */
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import { type Look, type Problem, WIDTHS } from './report.ts';

export type Page = { readonly name: string; readonly path: string };
export type Said = { readonly code: FaultCode; readonly message: string; readonly where: string };
export type Judged = { readonly findings: readonly Said[]; readonly notes: readonly Said[] };

type Compared = {
  readonly pages: readonly Page[];
  /** Null where the base could not be looked at: then everything is the change's. */
  readonly before: readonly Look[] | null;
  readonly after: readonly Look[];
  /** In percent; null for a difference that fails nothing. */
  readonly failAbove: number | null;
};

export function judgedPages({ pages, before, after, failAbove }: Compared): Judged {
  const each = pages.map((page) => {
    const looks = after.filter(({ name }) => name === page.name);
    const earlier = (before ?? []).filter(({ name }) => name === page.name);
    const problems = problemsOf(page, looks, earlier);
    const { findings, notes } = changeOf(page, looks, failAbove);
    return {
      findings: [...missing(page, looks), ...problems.findings, ...findings],
      notes: [...problems.notes, ...notes, ...cuts(page, looks)],
    };
  });
  return {
    findings: each.flatMap(({ findings }) => findings),
    notes: each.flatMap(({ notes }) => notes),
  };
}

/** A page that nobody looked at is not a page without problems. */
function missing({ path }: Page, looks: readonly Look[]): Said[] {
  const unseen = WIDTHS.filter((width) => looks.every((look) => look.width !== width));
  const failed = looks.flatMap((look) =>
    look.unseen.map((what) => `${path} on ${shown([look.width])}: ${what}`),
  );
  return [
    ...unseen.map((width) => `${path} on ${shown([width])} was not looked at`),
    ...failed,
  ].map((message) => ({ code: 'page_not_seen', message, where: path }));
}

function problemsOf(page: Page, looks: readonly Look[], earlier: readonly Look[]): Judged {
  const known = new Map<string, number>();
  for (const { width, problems } of earlier)
    for (const problem of problems) known.set(idOf(width, problem), problem.count);
  const isOld = (width: string, problem: Problem): boolean =>
    (known.get(idOf(width, problem)) ?? 0) >= problem.count;
  const all = looks.flatMap(({ width, problems }) =>
    problems.map((problem) => ({ width, problem, old: isOld(width, problem) })),
  );
  return {
    findings: merged(
      page,
      all.filter(({ old }) => !old),
      '',
    ),
    notes: merged(
      page,
      all.filter(({ old }) => old),
      '; it was so at the base',
    ),
  };
}

const idOf = (width: string, { code, key }: Problem): string => JSON.stringify([width, code, key]);

/** One sentence for what is the same at both widths. */
function merged(
  { path }: Page,
  all: readonly { readonly width: Look['width']; readonly problem: Problem }[],
  more: string,
): Said[] {
  const groups = Map.groupBy(all, ({ problem }) => JSON.stringify([problem.code, problem.key]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { code, message } = first.problem;
    const on = shown(group.map(({ width }) => width));
    return [{ code, message: `${path} on ${on}: ${message}${more}`, where: path }];
  });
}

function changeOf({ path }: Page, looks: readonly Look[], failAbove: number | null): Judged {
  const changed = looks.flatMap(({ width, change }) =>
    change === null || change.pixels === 0 ? [] : [{ width, ...change }],
  );
  if (changed.length === 0) return { findings: [], notes: [] };
  const parts = changed.map(
    ({ width, share, picture }) =>
      `${percent(share)} of its picture on ${shown([width])}${picture === null ? '' : ` (${picture})`}`,
  );
  const said = {
    ...{ code: 'page_changed' as const, where: path },
    message: `${path} looks different: ${parts.join(', ')}`,
  };
  const isTooMuch = failAbove !== null && changed.some(({ share }) => share * 100 > failAbove);
  if (!isTooMuch) return { findings: [], notes: [said] };
  const message = `${said.message}; the policy allows ${failAbove} %`;
  return { findings: [{ ...said, message }], notes: [] };
}

function cuts({ path }: Page, looks: readonly Look[]): Said[] {
  return looks.flatMap(({ width, cut }) =>
    cut.map((what) => ({
      ...{ code: 'evidence_cut' as const, where: path },
      message: `${path} on ${shown([width])}: ${what}`,
    })),
  );
}

function shown(widths: readonly Look['width'][]): string {
  return [...new Set(widths)].map((width) => `a ${width}`).join(' and ');
}

function percent(share: number): string {
  const value = share * 100;
  return value < 0.01 ? 'less than 0.01 %' : `${value.toFixed(2)} %`;
}
