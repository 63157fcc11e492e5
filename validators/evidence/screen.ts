/**
 * Looks through what a check left before any of it is kept: text loses its secrets on the way into the
 * store, but a picture and an archive cannot, so they are withheld as a whole when they hold one.
 *
 * What is drawn in the pixels of a picture is not seen here; docs/security.md says so.
 */
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import { KNOWN_SECRET, type Redact } from '../../orchestrator/ports/redact.ts';
import type { OutFile } from '../../orchestrator/ports.ts';
import { isArchive, readArchive } from './archive.ts';

type Said = { readonly code: FaultCode; readonly message: string };

export type Screened = {
  readonly files: readonly OutFile[];
  readonly findings: readonly Said[];
  readonly notes: readonly Said[];
};

export async function screened(
  files: readonly OutFile[],
  redact: Redact['bytes'],
): Promise<Screened> {
  const kept: OutFile[] = [];
  const findings: Said[] = [];
  const notes: Said[] = [];
  for (const file of files) {
    const said = isArchive(file.bytes) ? await ofArchive(file, redact) : ofFile(file, redact);
    if (said === null || said.isKept) kept.push(file);
    if (said !== null) (said.isFinding ? findings : notes).push(said.said);
  }
  return { files: kept, findings, notes };
}

type Verdict = { readonly said: Said; readonly isFinding: boolean; readonly isKept: boolean };

/** Text is kept: what it holds is taken out of it when it is stored. */
function ofFile({ name, bytes }: OutFile, redact: Redact['bytes']): Verdict | null {
  const held = secretIn(bytes, redact);
  return held === null ? null : { ...secret(held, name, 'it'), isKept: isText(bytes) };
}

async function ofArchive(
  { name, bytes }: OutFile,
  redact: Redact['bytes'],
): Promise<Verdict | null> {
  let held: { readonly kind: Held; readonly entry: string } | null = null;
  const look = (entry: string, content: Buffer): void => {
    if (held?.kind === 'known') return;
    // A name is text too, and is shown wherever the archive is listed.
    const kind = secretIn(content, redact) ?? secretIn(Buffer.from(entry), redact);
    if (kind !== null) held = { kind, entry };
  };
  const end = await readArchive(bytes, look);
  const found = held as { readonly kind: Held; readonly entry: string } | null;
  if (found !== null)
    return {
      ...secret(found.kind, name, JSON.stringify(found.entry.slice(0, 100))),
      isKept: false,
    };
  if (end.ended === 'read') return null;
  const isHostile = end.ended === 'hostile';
  const code = isHostile ? 'evidence_refused' : 'evidence_cut';
  const message = `${name} was not kept: ${end.why}`;
  return { said: { code, message }, isFinding: isHostile, isKept: false };
}

/** `known` is a value of the controller's; `shape` is what only looks like a key, as tokens of tests do. */
type Held = 'known' | 'shape';

function secretIn(bytes: Uint8Array, redact: Redact['bytes']): Held | null {
  const clean = redact(bytes);
  if (Buffer.from(clean).equals(Buffer.from(bytes))) return null;
  return countOf(clean) > countOf(bytes) ? 'known' : 'shape';
}

function countOf(bytes: Uint8Array): number {
  return Buffer.from(bytes).toString('utf8').split(KNOWN_SECRET).length;
}

function secret(held: Held, name: string, where: string): { said: Said; isFinding: boolean } {
  const what = held === 'known' ? "a secret of the controller's" : 'what looks like a key';
  const message = `${name}: ${where} holds ${what}`;
  return { said: { code: 'evidence_secret', message }, isFinding: held === 'known' };
}

function isText(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString('utf8')).equals(Buffer.from(bytes));
}
