/**
 * The files that a scripted model answers from: what to look for in a task, and what to do then,
 * step by step. Read strictly: a slip in a scenario would otherwise look like an agent's failure.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import { Fault } from '../../orchestrator/domain/faults.ts';

const DELAY_MS_MAX = 600_000;
const FILE_BYTES_MAX = 16 * 2 ** 20;

const Keys = z.strictObject({
  say: z.string().optional(),
  /** A command line for whatever shell the agent has. */
  shell: z.string().min(1).optional(),
  write: z.strictObject({ path: z.string().min(1), content: z.string() }).optional(),
  /** A tool by its name, for the one agent that has it. */
  call: z
    .strictObject({
      tool: z.string().min(1),
      input: z.union([z.record(z.string(), z.unknown()), z.string()]),
    })
    .optional(),
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
});
const Step = Keys.refine((step) => Object.keys(step).length > 0, 'a step must do something').refine(
  (step) => [step.shell, step.write, step.call].filter((one) => one !== undefined).length <= 1,
  'a step has a shell, a write or a call, and one of them only',
);
export type Step = z.infer<typeof Step>;

const Outline = z.strictObject({
  scenario: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and dashes'),
  when: z.strictObject({
    prompt_contains: z.array(z.string().min(1)).min(1),
    attempt: z.int().min(1).optional(),
  }),
  steps: z.array(Step).min(1),
});
export const Scenario = Outline;
export type Scenario = z.infer<typeof Scenario>;

/** The scenario of a file, or all of a folder in the order of their names. */
export async function loadScenarios(named: string): Promise<readonly Scenario[]> {
  const found = await stat(named).catch((cause: unknown) => {
    throw new Fault('usage', `there is no file or folder ${named} to read scenarios from`, {
      cause,
    });
  });
  if (!found.isDirectory()) return [await loadScenario(named)];
  const names = (await readdir(named)).filter((name) => /\.ya?ml$/.test(name)).sort();
  if (names.length === 0) throw new Fault('usage', `${named} holds no scenario (*.yaml)`);
  return Promise.all(names.map((name) => loadScenario(path.join(named, name))));
}

async function loadScenario(file: string): Promise<Scenario> {
  const { size } = await stat(file);
  if (size <= FILE_BYTES_MAX) return parseScenario(await readFile(file, 'utf8'), file);
  throw new Fault('usage', `${file} has ${size} bytes; a scenario has at most ${FILE_BYTES_MAX}`);
}

export function parseScenario(source: string, file: string): Scenario {
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, prettyErrors: false });
  const line = (offset: number) => lineCounter.linePos(offset).line;
  const [broken] = document.errors;
  if (broken) throw new Fault('usage', `${file}:${line(broken.pos[0])}: ${broken.message}`);
  const read = Scenario.safeParse(dataIn(document, file));
  if (read.success) return read.data;
  const { issues } = read.error;
  // A key that was misspelt is missing too; what it is instead says more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const at = issue?.path ?? [];
  const where = at.length === 0 ? '' : `${at.join('.')}: `;
  const message = issue === undefined ? 'not a scenario' : sentence(issue);
  throw new Fault('usage', `${file}:${line(nearest(document, at))}: ${where}${message}`);
}

/** As a file that `parseScenario` reads, under a comment. */
export function writeScenario(scenario: Scenario, comment: string): string {
  const above = comment.split('\n').map((text) => `# ${text}\n`);
  return above.join('') + stringify(scenario, { lineWidth: 0 });
}

/** Names that stand for others a thousandfold are not followed. */
function dataIn(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new Fault('usage', `${file}:1: its names (&name, *name) cannot be followed`, { cause });
  }
}

const KEYS: readonly (readonly [where: RegExp, keys: string])[] = [
  [/^$/, Object.keys(Outline.shape).join(', ')],
  [/^when$/, Object.keys(Outline.shape.when.shape).join(', ')],
  [/^steps\.\d+$/, Object.keys(Keys.shape).join(', ')],
];

function sentence(issue: z.core.$ZodIssue): string {
  const [, keys] = KEYS.find(([where]) => where.test(issue.path.join('.'))) ?? [];
  if (issue.code !== 'unrecognized_keys' || keys === undefined) return issue.message;
  return `${issue.message}; there are: ${keys}`;
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
