/** What a new policy changes on past changes, as text: what it lets go of first. Pure. */
import type { LandedName, Loosening, Replay } from '../domain/policy-change.ts';
import { columns, printable } from './columns.ts';

const SHOWN_MAX = 20;
const PATHS_MAX = 3;

/** `asked` is how many changes were asked for. */
export function replayText(replay: Replay, asked: number): string {
  const { judged, loosened, gated, refused } = replay;
  const free = loosened.filter(({ isFree }) => isFree).length;
  const all = judged + refused.length;
  const summary = [
    `${judged} ${judged === 1 ? 'change' : 'changes'}`,
    `${loosened.length} loosened (${free} newly free)`,
    `${gated.length} newly gated`,
  ].join(' · ');
  return [
    summary + (all < asked ? `\nThe history has ${all}; ${asked} were asked for.` : ''),
    section('Loosened: the new policy asks for less', loosened, (one) => [
      head(one, one.paths),
      ...one.loosenings.map((loosening) => `    ${loosenedText(loosening)}`),
    ]),
    section('Newly gated', gated, (one) => [
      `${head(one, one.paths)}: ${one.gates.join(', ') || 'denied'}`,
    ]),
    gateTable(replay),
    loadTable(replay),
    section('Judged by neither: entries that are never let in', refused, (one) => [
      `${head(one, [])}: ${printable(one.why)}`,
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function loosenedText({ part, gate, before, after, where }: Loosening): string {
  const place = where === '' ? '' : `  ${where}`;
  return printable(`${what({ part, gate, before, after, where })}${place}`);
}

function what({ part, gate, before, after }: Loosening): string {
  if (part === 'gate') return `gate ${gate} is lost on ${before}`;
  if (part === 'denial') return `no longer denied: ${before}`;
  if (part === 'validator') return `validator ${before} is no longer required`;
  if (part === 'distinct') return 'one person may fill several places';
  const of = gate === null ? '' : `gate ${gate}: `;
  if (part === 'needs') return `${of}asked ${before}, now ${after || 'nobody'}`;
  return `${of}${part} ${before} became ${after}`;
}

function head({ commit, title }: LandedName, paths: readonly string[]): string {
  const more = paths.length - PATHS_MAX;
  const shown = paths.slice(0, PATHS_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return printable(`  ${commit.slice(0, 9)} ${shorten(title)}${shown === '' ? '' : `  ${shown}`}`);
}

const TITLE_MAX = 60;

function shorten(title: string): string {
  return title.length > TITLE_MAX ? `${title.slice(0, TITLE_MAX)}…` : title;
}

function section<T>(title: string, items: readonly T[], lines: (item: T) => string[]): string {
  if (items.length === 0) return '';
  const more = items.length - SHOWN_MAX;
  return [
    `${title} (${items.length})`,
    ...items.slice(0, SHOWN_MAX).flatMap(lines),
    ...(more > 0 ? [`  and ${more} more; --json has them all`] : []),
  ].join('\n');
}

function gateTable({ gates }: Replay): string {
  if (gates.length === 0) return '';
  const rows = gates.map(({ id, before, after }) => [id, String(before), String(after)]);
  return columns([['gate', 'before', 'after'], ...rows]);
}

function loadTable({ load, weeks }: Replay): string {
  if (load.length === 0) return '';
  const rows = load.map(({ group, before, after }) => [group, before.toFixed(1), after.toFixed(1)]);
  const over = `approvals a week, over ${weeks.toFixed(1)} weeks`;
  return `${columns([['group', 'before', 'after'], ...rows])}\n(${over})`;
}
