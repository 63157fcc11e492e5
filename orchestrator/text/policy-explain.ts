/** A policy's answer as people read it: the path or the change first, then who says so, then who is asked. */
import type {
  AskedGroup,
  Outcome,
  PathExplanation,
  People,
  Speaker,
  Terms,
} from '../domain/explanation.ts';
import type { Exemption, NeverDelegated } from '../domain/judgement.ts';
import { columns, printable } from './columns.ts';

export function pathExplanationText(told: PathExplanation): string {
  const { path, validators, models, network, requires, write } = told;
  const may = `${write.isAllowed ? 'yes' : 'no'} (${write.why})`;
  return [
    `${printable(path)}   ${headline(told, told.terms)}`,
    ...indented(speakerRows(told)),
    ...labelled(
      'denied',
      told.denials.map(({ message }) => message),
    ),
    ...peopleLines(told),
    ...labelled('exempted', told.exemptions.map(exemptionText)),
    ...labelled('validators', [validators.join(', ') || 'none']),
    ...labelled('models', [`code: ${models === null ? 'any' : models.join(', ') || 'none'}`]),
    ...labelled('network', [networkText(network)]),
    ...labelled('machine', requires),
    ...labelled('not yet', told.notYet),
    printable(`agent may write: ${may}`),
    ...neverLines(told.neverDelegated),
  ].join('\n');
}

/** As in `critical · held before PR · bind evidence · expires 24h`. */
export function headline(outcome: Outcome, terms: Terms | null): string {
  const { riskClass, enforcement, wouldBe } = outcome;
  return [
    riskClass,
    wouldBe === 'hold' ? HELD[outcome.surface] : wouldBe === 'deny' ? 'forbidden' : OPEN,
    ...(terms === null || wouldBe === 'deny'
      ? []
      : [`bind ${terms.bind}`, `expires ${lasting(terms.expiresMs)}`]),
    ...(enforcement === 'evaluate' ? ['evaluate: only reported, nothing is held'] : []),
  ].join(' · ');
}

const OPEN = 'becomes a pull request';
const HELD: Record<Outcome['surface'], string> = {
  'ready-pr': 'held until people agree',
  'draft-pr': 'held as a draft',
  hold: 'held before PR',
  forbid: 'forbidden',
};

/** Who is asked, whose answer counts, and whose never does. */
export function peopleLines({ needs, choices, distinct, excluded }: People): string[] {
  const asked = needs.map(groupText);
  const either = choices.map(({ gate, anyOf }) => {
    const lists = anyOf.map((list) => list.map(groupText).join(' and '));
    return `${lists.join('   or   ')}   (gate ${gate})`;
  });
  if (asked.length + either.length === 0) return labelled('needs', ['nobody']);
  return [
    ...labelled('needs', [
      [...asked, ...(distinct ? ['distinct people'] : [])].join('   ') || 'one of these',
    ]),
    ...labelled('one of', either),
    ...labelled('excluded', [excludedText(excluded)]),
  ];
}

export function exemptionText({
  id,
  gate,
  expires,
  why,
  ticket,
  grantedBy,
  where,
}: Exemption): string {
  const tracked = ticket === null ? '' : `, ${ticket}`;
  return `from gate ${gate} until ${expires} by ${grantedBy} (${id}${tracked}, ${where}): ${why}`;
}

/** Lines under a label in the margin, with continuation lines below the first. */
export function labelled(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => `${(index === 0 ? label : '').padEnd(12)}${printable(text)}`);
}

export function neverLines(never: readonly NeverDelegated[]): string[] {
  if (never.length === 0) return [];
  const each = never.map(({ action, absolute, approvals }) => {
    if (absolute) return `${action} (nobody can allow it)`;
    return `${action} (${approvals.map(({ group, count }) => `${group} ×${count}`).join(', ')})`;
  });
  return [printable(`never without a human: ${each.join(', ')}`)];
}

export function lasting(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
  ] as const;
  // Two days and more read better in hours until they are many.
  const unit = units.find(([size, name]) => ms % size === 0 && ms / size >= (name === 'd' ? 4 : 1));
  return unit === undefined ? `${Math.round(ms / 1_000)}s` : `${ms / unit[0]}${unit[1]}`;
}

function speakerRows({ speakers, silentPacks }: PathExplanation): string[] {
  const rows = speakers.map((speaker) => {
    const { layer, pack, pattern, where, riskClass, note } = speaker;
    const of = pack === null ? layer : 'pack';
    return [of, nameOf(speaker), pattern === null ? '' : `"${pattern}"`, where, riskClass, note];
  });
  // Not among the columns: what is silent should widen none of them.
  const silent = silentPacks.map((pack) => `pack  no match in ${pack}`);
  return [...(rows.length > 0 ? columns(rows).split('\n') : []), ...silent.map(printable)];
}

function nameOf({ kind, id }: Speaker): string {
  if (kind === 'unmatched') return 'unmatched';
  return kind === 'added' ? `own gate ${id}` : `${kind} ${id}`;
}

function groupText({ group, count, members, from }: AskedGroup): string {
  const who = from === null ? members.join(', ') || 'nobody' : `people of ${from}`;
  const isShort = from === null && members.length < count;
  return `${group} ×${count} (${who}${isShort ? ': too few to fill it' : ''})`;
}

function excludedText(excluded: People['excluded']): string {
  return excluded
    .map(({ as, people }) => (people.length > 0 ? `${people.join(', ')} (${as})` : as))
    .join(', ');
}

function networkText({ setup, agent }: PathExplanation['network']): string {
  return [
    `setup: ${setup.join(', ') || 'nothing'}`,
    `agent: ${agent.join(', ') || 'nothing'}`,
    'checks: nothing',
  ].join('   ');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
