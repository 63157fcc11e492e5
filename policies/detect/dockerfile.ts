/**
 * A Dockerfile as a list of instructions, and the images it builds on. Arguments are put in as far
 * as their defaults tell, so that a default that changes is a base that changes.
 */
import type { Unreadable } from './compare.ts';

export type Instruction = {
  readonly name: string;
  readonly rest: string;
  readonly line: number;
};

export type Stage = {
  /** In lower case; empty when it has none. */
  readonly name: string;
  readonly from: Instruction;
  /** What it builds on: an image, or the name of a stage before it. */
  readonly base: string;
  readonly isImage: boolean;
  readonly instructions: readonly Instruction[];
  readonly arguments: ReadonlyMap<string, string>;
};

export type Dockerfile = {
  readonly stages: readonly Stage[];
  /** The image that reads the file, when it names one. */
  readonly syntax: Instruction | null;
};

const CHARACTERS_MAX = 256 * 1_024;
const STAGES_MAX = 1_000;
const VALUE_MAX = 1_000;

export function readDockerfile(text: string): Dockerfile | Unreadable {
  if (text.length > CHARACTERS_MAX) return { unreadable: 'it is too long' };
  const parts = cut(text);
  if (!parts) return { unreadable: 'what one of its instructions takes in never ends' };
  const stages = stagesOf(parts.instructions);
  if (stages.length === 0) return { unreadable: 'it builds on nothing' };
  if (stages.length > STAGES_MAX) return { unreadable: 'it has too many stages' };
  return { stages, syntax: parts.syntax };
}

type OpenStage = Stage & { instructions: Instruction[]; arguments: Map<string, string> };

function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const global = new Map<string, string>();
  const names = new Set<string>();
  const stages: OpenStage[] = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') {
      const stage = opened(instruction, global, names);
      stages.push(stage);
      names.add(stage.name);
      continue;
    }
    const stage = stages.at(-1);
    stage?.instructions.push(instruction);
    if (instruction.name === 'ARG') declare(instruction, stage?.arguments ?? global, global);
  }
  return stages;
}

function opened(
  from: Instruction,
  global: ReadonlyMap<string, string>,
  names: ReadonlySet<string>,
): OpenStage {
  const words = from.rest.split(/\s+/).filter((word) => !word.startsWith('--'));
  const [image = '', as = '', alias = ''] = words;
  const base = substituted(image, global);
  return {
    name: as.toLowerCase() === 'as' ? alias.toLowerCase() : '',
    from,
    base,
    isImage: base === '' || !names.has(base.toLowerCase()),
    instructions: [],
    arguments: new Map(),
  };
}

/** Other images whose files are taken over. */
export function copiedFrom({ stages }: Dockerfile): { image: string; line: number }[] {
  const names = new Set(stages.map(({ name }) => name));
  return stages.flatMap((stage) =>
    stage.instructions
      .filter(({ name }) => ['COPY', 'ADD', 'RUN'].includes(name))
      .flatMap(({ rest, line }) =>
        [...flagsOf(rest).matchAll(/(?:--|[=,])from=([^\s,]+)/gi)].map(([, image = '']) => {
          return { image: substituted(image, stage.arguments), line };
        }),
      )
      .filter(({ image }) => !/^\d+$/.test(image) && !names.has(image.toLowerCase())),
  );
}

/** The words before the first that is no flag. */
export function flagsOf(rest: string): string {
  return /^(?:--\S+\s*)*/.exec(rest)?.[0] ?? '';
}

/** `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`; what is not known stays as it is. */
export function substituted(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::?([-+])([^{}]*))?\})/g,
    (whole: string, short?: string, long?: string, sign?: string, word = '') => {
      const value = known.get(short ?? long ?? '');
      if (sign === '+') return value === undefined ? '' : word;
      return value || (sign === '-' ? word : (value ?? whole));
    },
  );
}

function declare(
  { rest }: Instruction,
  into: Map<string, string>,
  global: ReadonlyMap<string, string>,
) {
  for (const [, name = '', value] of rest.matchAll(/(\w+)(?:=("[^"]*"|'[^']*'|\S*))?/g)) {
    const plain = value === undefined ? global.get(name) : substituted(unquoted(value), into);
    // Longer than any name of an image: values that take in others could double at each step.
    if (plain !== undefined) into.set(name, plain.slice(0, VALUE_MAX));
  }
}

function unquoted(text: string): string {
  return /^["']/.test(text) ? text.slice(1, -1) : text;
}

type Parts = { instructions: Instruction[]; syntax: Instruction | null };

/** Null when a text that an instruction takes in never ends. */
function cut(text: string): Parts | null {
  const lines = text.replace('\u{feff}', '').split(/\r?\n/);
  const { joint, syntax } = directives(lines);
  const continues = new RegExp(`\\${joint}[ \\t]*$`);
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (/^\s*(#|$)/.test(lines[at] ?? '')) continue;
    const line = at + 1;
    const { text: whole, last } = continued(lines, at, continues);
    const [, name = '', rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(whole) ?? [];
    instructions.push({ name: name.toUpperCase(), rest: rest.trim(), line });
    at = skipHeredocs(lines, last, { name, rest });
    if (Number.isNaN(at)) return null;
  }
  return { instructions, syntax };
}

function continued(lines: readonly string[], from: number, continues: RegExp) {
  const parts: string[] = [];
  for (let at = from; at < lines.length; at++) {
    const part = lines[at] ?? '';
    // A comment or an empty line does not end what is continued.
    if (parts.length > 0 && /^\s*(#|$)/.test(part)) continue;
    parts.push(part.replace(continues, ''));
    if (!continues.test(part)) return { text: parts.join(''), last: at };
  }
  return { text: parts.join(''), last: lines.length };
}

function directives(lines: readonly string[]): { joint: string; syntax: Instruction | null } {
  /** What joins a line to the next. */
  let joint = '\\';
  let syntax: Instruction | null = null;
  for (const [index, line] of lines.entries()) {
    const [, name = '', value = ''] = /^\s*#\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (name === '') break;
    if (name.toLowerCase() === 'escape' && value === '`') joint = '`';
    if (name.toLowerCase() === 'syntax')
      syntax ??= { name: 'syntax', rest: value, line: index + 1 };
  }
  return { joint, syntax };
}

/** The last line of what RUN, COPY and ADD take from the lines that follow; NaN when it never ends. */
function skipHeredocs(
  lines: readonly string[],
  at: number,
  { name, rest }: Pick<Instruction, 'name' | 'rest'>,
): number {
  if (!/^(run|copy|add)$/i.test(name)) return at;
  let last = at;
  for (const [, tag = ''] of rest.matchAll(/(?:^|[\s\d])<<-?["']?(\w+)["']?/g)) {
    do last++;
    while (last < lines.length && lines[last]?.replace(/^\t+/, '') !== tag);
    if (last >= lines.length) return Number.NaN;
  }
  return last;
}
