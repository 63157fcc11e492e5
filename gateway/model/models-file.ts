/**
 * The operator's list of models that a policy may name: where each answers, whose it is, what it costs.
 * It names the variable that holds a key and never the key itself.
 *
 *   models:
 *     frontier: { protocol: anthropic, url: https://api.anthropic.com, model: claude-opus-5, key_from: ANTHROPIC_API_KEY }
 *     local-small: { protocol: openai, url: http://127.0.0.1:11434, model: qwen3-4b, vendor: local }
 */
import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { type Price, type Rates, rateIn } from '../../orchestrator/domain/money.ts';
import { anthropicUpstream, type HttpModel, openAiUpstream } from './http-upstream.ts';
import type { ModelUpstream } from './upstream.ts';

const Usd = z
  .string()
  .refine((text) => rateIn(text) !== null, 'expected dollars for a million tokens, as in "0.25"');

const PriceGiven = z
  .strictObject({
    input: Usd,
    output: Usd,
    cache_write_5m: Usd.optional(),
    cache_write_1h: Usd.optional(),
    cache_read: Usd.optional(),
    reasoning: Usd.optional(),
  })
  .transform((given): Price => ({ rates: ratesOf(given), long: null }));

const Entry = z.strictObject({
  protocol: z.enum(['openai', 'anthropic']),
  url: z.url({ protocol: /^https?$/ }).refine(hasNoSecret, 'a key belongs in a variable: key_from'),
  model: z.string().min(1).max(200),
  vendor: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,60}$/)
    .optional(),
  key_from: z
    .string()
    // By these words the controller knows what it must never store.
    .regex(/^(?=.*(KEY|TOKEN|SECRET))[A-Z][A-Z0-9_]*$/, 'expected a variable as in ACME_API_KEY')
    .optional(),
  price: PriceGiven.optional(),
});
type Entry = z.infer<typeof Entry>;

const Id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);
export const ModelsFile = z.strictObject({
  models: z.record(Id, Entry).refine((all) => Object.keys(all).length > 0, 'it names no model'),
});

type Environment = Readonly<Record<string, string | undefined>>;

export async function readModels(
  file: string,
  environment: Environment,
): Promise<readonly ModelUpstream[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Fault('file_unreadable', `${file} cannot be read`, { cause });
  });
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error) throw new Fault('usage', `${file} is no YAML: ${error.message.split('\n', 1)[0]}`);
  return modelsIn(document.toJS({ maxAliasCount: 0 }), file, environment);
}

/** `data` is what the file holds; the first model is the usual one. Throws a Fault that says where. */
export function modelsIn(
  data: unknown,
  file: string,
  environment: Environment,
): readonly ModelUpstream[] {
  const read = ModelsFile.safeParse(data);
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Fault('usage', [`${file} is no list of models`, ...problems].join('\n'));
  }
  return Object.entries(read.data.models).map(([id, entry]) => upstreamOf(id, entry, environment));
}

function upstreamOf(id: string, entry: Entry, environment: Environment): ModelUpstream {
  const { protocol, url, model, vendor, key_from: variable, price = null } = entry;
  const key = variable === undefined ? null : (environment[variable] ?? '');
  if (key === '')
    throw new Fault('usage', `the model ${id} wants its key in ${variable}, which is empty`);
  const name = `${model} at ${new URL(url).host}`;
  const options: HttpModel = { id, name, model, url, key, price, ...(vendor ? { vendor } : {}) };
  return protocol === 'openai' ? openAiUpstream(options) : anthropicUpstream(options);
}

function hasNoSecret(url: string): boolean {
  const { username, password, search } = new URL(url);
  return username === '' && password === '' && search === '';
}

type Given = z.input<typeof PriceGiven>;

/** What is left out costs the most that it could: a cache written to twice the input, read as much as it. */
function ratesOf(given: Given): Rates {
  const rate = (text: string): number => rateIn(text) ?? 0;
  const [input, output] = [rate(given.input), rate(given.output)];
  const or = (text: string | undefined, other: number) => (text === undefined ? other : rate(text));
  return {
    ...{ input, output },
    cacheWrite5m: or(given.cache_write_5m, input * 2),
    cacheWrite1h: or(given.cache_write_1h, input * 2),
    cacheRead: or(given.cache_read, input),
    reasoning: or(given.reasoning, output),
  };
}
