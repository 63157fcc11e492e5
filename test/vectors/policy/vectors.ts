/** The vectors of this folder, and who answers them here. README.md has the contract. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const FOLDER = new URL('./', import.meta.url);
const ENDING = '.json';

const Vector = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*-\d{3,}$/),
  why: z.string().min(1),
  input: z.json(),
  expect: z.json(),
});
export type Vector = z.infer<typeof Vector> & { readonly kind: string };

/** Names of the files of vectors, without their ending, in order. */
export const KINDS: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length))
  .sort();

export function vectorsOf(kind: string): Vector[] {
  const text = readFileSync(new URL(`${kind}${ENDING}`, FOLDER), 'utf8');
  return z
    .array(Vector)
    .min(1)
    .parse(JSON.parse(text))
    .map((vector) => ({ ...vector, kind }));
}

/** What our code says to vectors of a kind. */
export async function answerer(kind: string): Promise<(input: unknown) => unknown> {
  const file = `kinds/${kind}.ts`;
  // The kind may come from a stranger's line: a name of a file here, or nothing.
  if (!KINDS.includes(kind) || !existsSync(new URL(file, FOLDER))) {
    throw new Error(`nobody answers vectors of the kind ${JSON.stringify(kind)}: no ${file}`);
  }
  const { answer } = (await import(`./kinds/${kind}.ts`)) as {
    answer?: (input: unknown) => unknown;
  };
  if (answer === undefined) throw new Error(`${file} exports no \`answer\``);
  return answer;
}
