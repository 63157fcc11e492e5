/**
 * One process is asked everything, and its answers are believed only when there is one for each
 * question and none besides: what cannot be understood is no difference but the end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { printableJson } from '../../../orchestrator/text/columns.ts';
import type { Vector } from './vectors.ts';

/** By id. */
export type Answers = ReadonlyMap<string, unknown>;

const TIME_MAX_MS = 300_000;
const OUTPUT_MAX_CHARACTERS = 64 * 2 ** 20;

const SHOWN_CHARACTERS = 200;

const Answer = z.strictObject({ id: z.string(), output: z.unknown() });

/** Throws `Incomprehensible` when the program broke off or said what nobody asked. */
export async function ask(
  [program, ...args]: readonly [string, ...string[]],
  vectors: readonly Vector[],
): Promise<Answers> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: TIME_MAX_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) =>
      resolve(code === 0 ? '' : `ended with ${signal ?? code}`),
    );
  });
  await once(child, 'spawn').catch((cause: Error) => {
    throw new Incomprehensible(`the program could not be started: ${cause.message}`, { cause });
  });
  // A program that ends early no longer reads; what it did not answer is said below.
  child.stdin.on('error', () => {});
  child.stdin.end(vectors.map(question).join(''));
  try {
    const said = await read(child.stdout);
    const answers = understood(said, new Set(vectors.map(({ id }) => id)));
    const end = await ended;
    const missing = vectors.filter(({ id }) => !answers.has(id)).map(({ id }) => id);
    if (missing.length > 0) {
      const left = `${missing.length} vectors have no answer, ${missing[0]} first`;
      throw new Incomprehensible(end === '' ? left : `the program ${end}; ${left}`);
    }
    if (end !== '') throw new Incomprehensible(`the program ${end}`);
    return answers;
  } finally {
    child.kill('SIGKILL');
  }
}

export class Incomprehensible extends Error {
  override readonly name = 'Incomprehensible';
}

function question({ kind, id, input }: Vector): string {
  return `${JSON.stringify({ kind, id, input })}\n`;
}

async function read(stdout: NodeJS.ReadableStream): Promise<string> {
  stdout.setEncoding('utf8');
  let text = '';
  for await (const chunk of stdout) {
    text += String(chunk);
    if (text.length > OUTPUT_MAX_CHARACTERS) throw new Incomprehensible('the program never ends');
  }
  return text;
}

function understood(said: string, ids: ReadonlySet<string>): Answers {
  const answers = new Map<string, unknown>();
  const lines = said.split('\n');
  // What follows the last line break: nothing, or a line that was broken off.
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    const { id, output } = answerOf(line);
    if (!ids.has(id)) throw new Incomprehensible(`an answer to ${short(id)}, which nobody asked`);
    if (answers.has(id)) throw new Incomprehensible(`a second answer to ${short(id)}`);
    answers.set(id, output);
  }
  return answers;
}

function answerOf(line: string): z.infer<typeof Answer> {
  try {
    return Answer.parse(JSON.parse(line));
  } catch (cause) {
    throw new Incomprehensible(`this is no answer: ${short(line)}`, { cause });
  }
}

function short(text: string): string {
  return printableJson(text.slice(0, SHOWN_CHARACTERS));
}
