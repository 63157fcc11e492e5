/**
 * The files that a scripted model answers from: what to look for in a task, and what to do then,
 * step by step. Read strictly: a slip in a scenario would otherwise look like an agent's failure.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Fault } from '../../orchestrator/domain/faults.ts';

const DELAY_MS_MAX = 600_000;

const Step = z
  .strictObject({
    say: z.string().optional(),
    /** A command line for whatever shell the agent has. */
    shell: z.string().min(1).optional(),
    write: z.strictObject({ path: z.string().min(1), content: z.string() }).optional(),
    delay_ms: z.int().min(0).max(DELAY_MS_MAX).optional(),
    /** Refused this many times in a run's attempt; then the rest of the step is done. */
    error: z
      .strictObject({
        status: z.int().min(400).max(599),
        message: z.string().default('busy'),
        times: z.int().min(1).default(1),
      })
      .optional(),
    /** Never answers. */
    silent: z.literal(true).optional(),
    /** Answers something that is not the protocol. */
    garbage: z.literal(true).optional(),
  })
  .refine((step) => Object.keys(step).length > 0, 'a step must do something')
  .refine((step) => !(step.shell && step.write), 'a step has a shell or a write, not both');
export type Step = z.infer<typeof Step>;

export const Scenario = z.strictObject({
  scenario: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and dashes'),
  when: z.strictObject({
    prompt_contains: z.array(z.string().min(1)).min(1),
    attempt: z.int().min(1).optional(),
  }),
  steps: z.array(Step).min(1),
});
export type Scenario = z.infer<typeof Scenario>;

/** All scenarios of a folder in the order of their file names. */
export async function loadScenarios(folder: string): Promise<readonly Scenario[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new Fault('usage', `the folder of scenarios ${folder} cannot be read`, { cause });
  });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  if (files.length === 0) throw new Fault('usage', `${folder} holds no scenario (*.yaml)`);
  const texts = files.map(async (name) => {
    const file = path.join(folder, name);
    return parseScenario(await readFile(file, 'utf8'), file);
  });
  return Promise.all(texts);
}

export function parseScenario(source: string, file: string): Scenario {
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, prettyErrors: false });
  const line = (offset: number) => lineCounter.linePos(offset).line;
  const [broken] = document.errors;
  if (broken) throw new Fault('usage', `${file}:${line(broken.pos[0])}: ${broken.message}`);
  const read = Scenario.safeParse(document.toJS());
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const at = issue?.path ?? [];
  const where = at.length === 0 ? '' : `${at.join('.')}: `;
  const offset = nearest(document, at);
  throw new Fault(
    'usage',
    `${file}:${line(offset)}: ${where}${issue?.message ?? 'not a scenario'}`,
  );
}

/** Where the named value begins; of one that is missing, where the nearest thing around it does. */
function nearest(document: ReturnType<typeof parseDocument>, at: readonly PropertyKey[]): number {
  for (let length = at.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(at.slice(0, length), true);
    const range = (node as { range?: unknown } | null | undefined)?.range;
    if (Array.isArray(range) && typeof range[0] === 'number') return range[0];
  }
  return 0;
}
