/** Which limits of a layer a change breaks, as sentences. Over the soft ones people are asked; the absolute ones deny. */
import type { Facts } from '../orchestrator/domain/change.ts';
import { fileChange } from './content.ts';
import { newDependencies } from './detect/npm.ts';
import type { Policy } from './schema.ts';

export function brokenLimits(
  limits: Policy['limits'],
  facts: Facts,
): { over: string[]; absolute: string[] } {
  const files = facts.entries.length;
  const lines = facts.change.addedLines + facts.change.removedLines;
  const { absolute } = limits;
  return {
    over: [
      ...exceeds(files, limits.maxFiles, 'files changed'),
      ...exceeds(lines, limits.maxChangedLines, 'lines changed'),
      ...largest(facts, limits.maxFileBytes, 'a file'),
      ...largest(facts, limits.maxBinaryBytes, 'a binary file', new Set<string>(facts.binary)),
      ...tooManyNew(facts, limits.maxNewDependencies),
    ],
    absolute: [
      ...exceeds(files, absolute.maxFiles, 'files changed'),
      ...exceeds(lines, absolute.maxChangedLines, 'lines changed'),
    ],
  };
}

function exceeds(count: number, limit: number | null, what: string): string[] {
  return limit !== null && count > limit ? [`${count} ${what}, the limit is ${limit}.`] : [];
}

function tooManyNew(facts: Facts, limit: number | null): string[] {
  if (limit === null) return [];
  const added = newDependencies(facts.entries.map((entry) => fileChange(facts, entry)));
  const [first] = added;
  if (first === undefined || added.length <= limit) return [];
  return [`${added.length} new dependencies, the limit is ${limit}; the first is ${first}.`];
}

/** The first file over the limit by path. A blob whose size nobody told counts as over. */
function largest(facts: Facts, limit: number | null, what: string, only?: Set<string>): string[] {
  if (limit === null) return [];
  const sizes = new Map(Object.entries(facts.blobBytes));
  const over = facts.entries
    .filter(({ newMode, newOid, oldOid }) => newMode !== '000000' && newOid !== oldOid)
    .filter(({ newOid }) => only?.has(newOid) ?? true)
    .map(({ path, newOid }) => ({ path, bytes: sizes.get(newOid) ?? Number.POSITIVE_INFINITY }))
    .filter(({ bytes }) => bytes > limit)
    .sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  const [worst] = over;
  if (!worst) return [];
  const size = Number.isFinite(worst.bytes) ? `${worst.bytes} bytes` : 'of unknown size';
  return [`${over.length} × ${what} over ${limit} bytes; "${worst.path}" is ${size}.`];
}
