/** Which of the files that a check left are kept: the telling ones first, within bounds. Pure. */
import type { FaultCode } from '../orchestrator/domain/faults.ts';
import type { OutFile } from '../orchestrator/ports.ts';

const MIB = 2 ** 20;
export const KEPT = { files: 200, bytes: 64 * MIB } as const;
const FIRST = ['xml', 'json', 'txt', 'png', 'jpeg', 'zip'];

export type KeptFiles = {
  readonly kept: readonly OutFile[];
  readonly notes: readonly { readonly code: FaultCode; readonly message: string }[];
};

/** `left` counts files that were not even read. */
export function keptOf(files: readonly OutFile[], left: number): KeptFiles {
  const kept: OutFile[] = [];
  let bytes = 0;
  for (const file of files.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    if (kept.length >= KEPT.files || bytes + file.bytes.length > KEPT.bytes) continue;
    bytes += file.bytes.length;
    kept.push(file);
  }
  const lost = files.length - kept.length + left;
  if (lost === 0) return { kept, notes: [] };
  const most = `at most ${KEPT.files} files and ${KEPT.bytes / MIB} MiB`;
  const message = `${kept.length} of ${kept.length + lost} files were kept, for a check keeps ${most}`;
  return { kept, notes: [{ code: 'evidence_cut', message }] };
}

function rankOf({ name }: OutFile): number {
  const at = FIRST.indexOf(name.split('.').at(-1) ?? '');
  return at < 0 ? FIRST.length : at;
}
