/**
 * When versions were published, by the documents of the registry that this machine's npm is set to. The
 * controller asks itself, with no word from a sandbox but a name and a version out of a lockfile.
 */
import { z } from 'zod';
import type { PackageVersion, PublishedAt } from '../../orchestrator/ports/published.ts';
import { type RegistryUpstream, readDocument } from './proxy.ts';

/** A document with every version of a package that has thousands. */
const BOUND = { bytesMax: 64 * 2 ** 20 } as const;
const ANSWER_MS = 60_000;
const AT_ONCE = 4;
/** Documents of one controller that are remembered. */
const REMEMBERED_MAX = 2_000;

const Document = z.object({ time: z.record(z.string(), z.unknown()) });
type Times = ReadonlyMap<string, Date>;

export function publishedBy(registry: () => Promise<RegistryUpstream>): PublishedAt {
  const remembered = new Map<string, Times>();
  const timesOf = async (name: string, version: string, signal: AbortSignal): Promise<Times> => {
    const known = remembered.get(name);
    // A version that was not there may have been published since.
    if (known?.has(version)) return known;
    const times = await ask(registry, name, signal);
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(name, times);
    return times;
  };
  return async (packages, signal) => {
    const answers: (Date | null)[] = [];
    const names = Map.groupBy(packages, ({ name }) => name);
    const found = new Map<string, Times>();
    const waiting = [...names.values()];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [first] = next as [PackageVersion];
        found.set(first.name, await timesOf(first.name, first.version, signal));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    for (const { name, version } of packages) answers.push(found.get(name)?.get(version) ?? null);
    return answers;
  };
}

async function ask(
  registry: () => Promise<RegistryUpstream>,
  name: string,
  signal: AbortSignal,
): Promise<Times> {
  signal.throwIfAborted();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const bytes = await registry()
    .then((upstream) => readDocument(upstream, name, BOUND, limit))
    .catch(() => null);
  signal.throwIfAborted();
  return bytes === null ? new Map() : timesIn(bytes);
}

function timesIn(bytes: Uint8Array): Times {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return new Map();
  }
  const read = Document.safeParse(json);
  if (!read.success) return new Map();
  const times = new Map<string, Date>();
  for (const [version, at] of Object.entries(read.data.time)) {
    const date = typeof at === 'string' ? new Date(at) : null;
    if (date !== null && !Number.isNaN(date.getTime())) times.set(version, date);
  }
  return times;
}
