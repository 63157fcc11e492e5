/**
 * Asks a program every vector of this folder, and compares:
 *
 *   node test/vectors/policy/run.ts [--kind KIND]... [-- PROGRAM ARG...]
 *
 * Without a program it asks ours. Exit code: 0 all the same, 1 differences, 2 usage, 4 the program
 * broke off or answered what cannot be understood.
 */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { columns, printableJson } from '../../../orchestrator/text/columns.ts';
import { type Answers, ask, Incomprehensible } from './conversation.ts';
import { KINDS, type Vector, vectorsOf } from './vectors.ts';

const OURS = [process.execPath, fileURLToPath(new URL('program.ts', import.meta.url))] as const;
const DIFFERENCES_MAX = 10;
const SHOWN_CHARACTERS = 400;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const asked = parse(args);
  if ('problem' in asked) return end(2, asked.problem);
  const [command, ...rest] = asked.program;
  try {
    const vectors = asked.kinds.flatMap(vectorsOf);
    const answers = await ask(command === undefined ? OURS : [command, ...rest], vectors);
    return report(vectors, answers);
  } catch (error) {
    if (error instanceof Incomprehensible) return end(4, error.message);
    return end(4, error instanceof Error && error.stack ? error.stack : String(error));
  }
}

type Asked = { kinds: readonly string[]; program: readonly string[] } | { problem: string };

function parse(args: readonly string[]): Asked {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { kind: { type: 'string', multiple: true } },
      allowPositionals: true,
    });
    const kinds = [...new Set(values.kind ?? KINDS)];
    const unknown = kinds.find((kind) => !KINDS.includes(kind));
    if (unknown === undefined) return { kinds, program: positionals };
    return { problem: `no kind "${unknown}"; known: ${KINDS.join(', ')}` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function report(vectors: readonly Vector[], answers: Answers): number {
  const wrong = vectors.filter(({ id, expect }) => !isDeepStrictEqual(answers.get(id), expect));
  const rows = [...new Set(vectors.map(({ kind }) => kind))].map((kind) => {
    const asked = vectors.filter((vector) => vector.kind === kind).length;
    const failed = wrong.filter((vector) => vector.kind === kind).length;
    return [kind, String(asked - failed), String(failed)];
  });
  const differences = wrong.slice(0, DIFFERENCES_MAX).map((one) => difference(one, answers));
  const more = wrong.length - differences.length;
  const text = [
    columns([['KIND', 'PASSED', 'FAILED'], ...rows]),
    ...differences,
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
  process.stdout.write(`${text.join('\n\n')}\n`);
  return wrong.length > 0 ? 1 : 0;
}

function difference({ id, why, input, expect }: Vector, answers: Answers): string {
  const lines = [
    `${id}: ${why}`,
    `input    ${short(input)}`,
    `expected ${short(expect)}`,
    `answered ${short(answers.get(id))}`,
  ];
  return lines.join('\n  ');
}

function short(value: unknown): string {
  const text = printableJson(value ?? null);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function end(code: number, message: string): number {
  process.stderr.write(`${message}\n`);
  return code;
}
