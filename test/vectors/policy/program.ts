/** Proofhouse as the program that run.ts asks: a vector a line on stdin, an answer a line on stdout. */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { answerer } from './vectors.ts';

const Question = z.strictObject({ kind: z.string(), id: z.string(), input: z.unknown() });

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, id, input } = Question.parse(JSON.parse(line));
  const answer = await answerer(kind);
  const output = await answer(input);
  process.stdout.write(`${JSON.stringify({ id, output })}\n`);
}
