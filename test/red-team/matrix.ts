/** Every family of attacks whose rows are tests. A new family is a new line here. */
import { AGENT_ATTACKS } from './agents/rows.ts';
import type { Family } from './attack.ts';
import { BASE_FILES } from './devcontainer-attack.ts';
import { EGRESS } from './egress/rows.ts';
import { SUPPLY } from './egress/supply-rows.ts';
import { EVIDENCE } from './evidence/rows.ts';
import { INJECTION } from './injection/rows.ts';
import { LIFECYCLE } from './lifecycle/rows.ts';
import { BESIDE } from './sandbox/beside.ts';
import { CALLS } from './sandbox/calls.ts';
import { FIELDS } from './sandbox/fields.ts';
import { HOST_SERVICES, NETWORK, OTHER_DOOR } from './sandbox/network.ts';
import { SOURCE } from './source/rows.ts';

export const FAMILIES: readonly Family[] = [
  { title: 'Sandboxes', rows: [...CALLS, ...FIELDS, ...BESIDE] },
  BASE_FILES,
  SOURCE,
  { ...EGRESS, rows: [...NETWORK, HOST_SERVICES, OTHER_DOOR, ...EGRESS.rows] },
  SUPPLY,
  LIFECYCLE,
  INJECTION,
  AGENT_ATTACKS,
  EVIDENCE,
];

/** The families as tables of a page. */
export function matrix(families: readonly Family[]): string {
  return families
    .map(({ title, rows }) => [`### ${title}`, '', tableOf(rows)].join('\n'))
    .join('\n\n');
}

function tableOf(rows: Family['rows']): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['attack', 'what', 'works when', 'ours'];
  const sorted = rows.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return [
    line(head),
    line(head.map(() => '---')),
    ...sorted.map(({ id, attack, weak, ours }) => line([id, attack, weak, ours])),
  ].join('\n');
}
