/** Harnesses as people read them: whose, made of what, and what differs. Pure; all of it is untrusted. */
import type { Harness, HarnessChange } from '../domain/harness.ts';
import type { Digest } from '../domain/ids.ts';
import { columns, printable } from './columns.ts';

const LINES_MAX = 12;
const LINE_CHARACTERS_MAX = 160;
const VALUE_CHARACTERS_MAX = 200;

export function harnessText(harnesses: readonly Harness[], alarms: readonly string[]): string {
  return [
    ...alarms.map((alarm) => `ALARM  ${printable(alarm)}`),
    ...harnesses.map((harness, at) => one(harness, at + 1)),
  ].join('\n\n');
}

function one(harness: Harness, number: number): string {
  const { run, attempt, role, session, protocol, digest, leftOut } = harness;
  const told = session === 'one' ? '' : `, session ${session}`;
  return [
    printable(`${run}:${number}  attempt ${attempt}, ${role}${told}, ${protocol}`),
    columns([
      ['  harness', digest],
      ['  agent', `${harness.agent}${harness.userAgent && `, calls itself ${harness.userAgent}`}`],
      ['  image', harness.image],
      ['  model', modelWords(harness)],
      ['  policy', harness.policy],
      ['  parameters', parametersText(harness) || 'none'],
    ]),
    columns([['  rules', harness.rules.length === 0 ? 'none were fed' : ''], ...ruleRows(harness)]),
    columns([['  system', total(harness.system, leftOut.system)], ...systemRows(harness)]),
    columns([['  tools', total(harness.tools, leftOut.tools)], ...toolRows(harness)]),
  ].join('\n');
}

function modelWords({ model }: Harness): string {
  return `${model.served}, asked for as ${model.requested || 'nothing'}`;
}

function parametersText({ parameters }: Harness): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${cut(JSON.stringify(value), VALUE_CHARACTERS_MAX)}`)
    .join(', ');
}

const FOUND = {
  system: 'told in the system prompt',
  user: 'told in a message',
  missing: 'NOT FOUND in what the agent told its model',
} as const;

function ruleRows({ rules }: Harness): string[][] {
  return rules.map(({ path, digest, found }) => [`    ${path}`, short(digest), FOUND[found]]);
}

function systemRows({ system }: Harness): string[][] {
  return system.map(({ bytes, normal, begins }, at) => {
    return [`    ${at + 1}`, size(bytes), short(normal), `"${begins}…"`];
  });
}

function toolRows({ tools }: Harness): string[][] {
  return tools.map(({ name, bytes, schema }) => [`    ${name}`, size(bytes), short(schema)]);
}

function total(parts: readonly { bytes: number }[], leftOut: number): string {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const more = leftOut === 0 ? '' : ` and ${leftOut} more that are not listed`;
  return parts.length === 0 ? `none${more}` : `${parts.length}, ${size(bytes)}${more}`;
}

export type LinesDiff = { readonly removed: readonly string[]; readonly added: readonly string[] };

/** Lines that only one of two texts has. Their order is that of their text. */
export function linesDiff(before: string, after: string): LinesDiff {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return { removed: onlyIn(old, now), added: onlyIn(now, old) };
}

function onlyIn(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  });
}

type Side = { readonly name: string; readonly harness: Harness };
export type HarnessDiff = {
  readonly before: Side;
  readonly after: Side;
  readonly changes: readonly (HarnessChange & { readonly lines: LinesDiff | null })[];
};

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

export function harnessDiffText({ before, after, changes }: HarnessDiff): string {
  const isSame = before.harness.digest === after.harness.digest;
  const head = columns([
    [before.name, before.harness.digest],
    [after.name, after.harness.digest],
  ]);
  const sentence = isSame
    ? 'The agents ran with the same instructions, tools and parameters.'
    : 'The agents did not run with the same instructions, tools and parameters.';
  return [head, '', sentence, ...changes.flatMap(changeLines)].join('\n');
}

function changeLines({
  about,
  change,
  before,
  after,
  lines,
}: HarnessDiff['changes'][number]): string[] {
  const values = [before, after].map((value) => value && cut(value, VALUE_CHARACTERS_MAX));
  const told =
    change === 'changed' ? `: ${values[0]} became ${values[1]}` : withValue(values[0] ?? values[1]);
  return [
    printable(`${SIGNS[change]} ${about}${told}`),
    ...(lines === null ? [] : [...some('-', lines.removed), ...some('+', lines.added)]),
  ];
}

function withValue(value: string | null | undefined): string {
  return value ? `: ${value}` : '';
}

function some(sign: string, lines: readonly string[]): string[] {
  const more = lines.length - LINES_MAX;
  return [
    ...lines.slice(0, LINES_MAX).map((line) => {
      return `    ${sign} ${printable(cut(line, LINE_CHARACTERS_MAX))}`;
    }),
    ...(more > 0 ? [`    ${sign} and ${more} more lines`] : []),
  ];
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}

function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} KB`;
}

function short(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
