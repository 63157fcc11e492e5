/** The `size` validator: entries, lines and bytes of a change against what the policy lets through. */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Inspector } from '../orchestrator/ports/inspection.ts';
import { type Found, type InspectionTools, inspectedCheck } from './inspected.ts';

export type SizeDefinition = {
  readonly kind: 'size';
  readonly advisory: boolean;
  readonly maxFiles: number | null;
  readonly maxChangedLines: number | null;
  readonly maxBytes: number | null;
  readonly maxFileBytes: number | null;
};

export function sizeValidator(tools: InspectionTools): Inspector<SizeDefinition> {
  return async (inspection) => {
    const found = sizeFindings(inspection.facts, inspection.definition);
    return inspectedCheck(tools, inspection, { found, wallMs: 0 });
  };
}

export function sizeFindings(
  { change, entries, blobBytes }: Pick<Facts, 'change' | 'entries' | 'blobBytes'>,
  limits: SizeDefinition,
): Found[] {
  const fresh = entries.filter(({ operation }) => operation !== 'delete');
  const sized = fresh.map(({ path, newOid }) => ({ path, bytes: blobBytes[newOid] ?? null }));
  const unsized = sized.filter(({ bytes }) => bytes === null);
  const largest = sized.reduce((a, b) => ((b.bytes ?? 0) > (a.bytes ?? 0) ? b : a), NOTHING);
  const all = sized.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const asksBytes = limits.maxBytes !== null || limits.maxFileBytes !== null;
  return [
    ...over('the change has', entries.length, [limits.maxFiles, 'entries']),
    ...over('the change has', change.addedLines + change.removedLines, [
      limits.maxChangedLines,
      'changed lines',
    ]),
    ...over('its new files have', all, [limits.maxBytes, 'bytes']),
    ...over(`${largest.path} has`, largest.bytes ?? 0, [limits.maxFileBytes, 'bytes']),
    ...(asksBytes ? unsized : []).map(({ path }): Found => {
      return { code: 'check_unknown', message: `nobody knows how large ${path} is`, where: path };
    }),
  ];
}

const NOTHING: { path: string; bytes: number | null } = { path: 'nothing', bytes: 0 };

function over(
  what: string,
  count: number,
  [limit, unit]: readonly [number | null, string],
): Found[] {
  if (limit === null || count <= limit) return [];
  return [
    { code: 'too_large', message: `${what} ${count} ${unit}; the policy lets ${limit} through` },
  ];
}
