/** Where things lie in a bundle. Pure; every path is relative, with `/`, and leads nowhere else. */
import { sha256 } from '../../../orchestrator/domain/canonical.ts';
import type { Check, EvidenceFile } from '../../../orchestrator/domain/check.ts';

export const MANIFEST = 'manifest.json';
export const MANIFEST_ENVELOPE = 'manifest.dsse.json';
export const ATTESTATIONS = 'attestations.intoto.jsonl';
export const AUDIT = 'audit.jsonl';
export const CHECKPOINTS = 'checkpoints.jsonl';
export const TASK = 'inputs/task.json';
export const FACTS = 'inputs/facts.json';
export const DECISION = 'inputs/decision.json';
export const EFFECTIVE = 'inputs/policy/effective.json';
export const RAW = 'inputs/change.raw';
export const PATCH = 'inputs/change.patch';
export const AGENT = 'run/agent.json';
export const REPORT = 'report.html';

const SEGMENT_BYTES_MAX = 180;

export const resultPath = (validator: string): string =>
  `validators/${segment(validator)}/result.json`;

/** The files of a check, each with its place; two of one name lie beside each other. */
export function evidencePaths({ validator, evidence }: Check): [string, EvidenceFile][] {
  const seen = new Map<string, number>();
  return evidence.map((file) => {
    const name = file.name.split('/').map(segment).join('/');
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    // A `~` is written as %7E in every name, so this is no other file's.
    const place = before === 0 ? name : `${name}~${before + 1}`;
    return [`validators/${segment(validator)}/files/${place}`, file];
  });
}

/** Records keep their order in their names: which came last decides. */
export function recordPath(folder: string, at: number, id: string): string {
  return `${folder}/${String(at + 1).padStart(4, '0')}-${segment(id)}.json`;
}

export function layerPath(at: number, name: string): string {
  return `inputs/policy/${String(at + 1).padStart(2, '0')}-${segment(name)}.yaml`;
}

/** One name of a path, in letters that every file system has. What is too long is named by its digest. */
function segment(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/gu, (found) =>
    [...Buffer.from(found)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  if (safe === '' || safe.length > SEGMENT_BYTES_MAX) return sha256(name).slice('sha256:'.length);
  return /^\.+$/.test(safe) ? safe.replaceAll('.', '%2e') : safe;
}

/** A path as bundles have them. Whatever else somebody lists is not looked for. */
export function isBundlePath(path: string): boolean {
  return (
    path.length <= 1_000 &&
    path.split('/').every((name) => /^[A-Za-z0-9._%~-]{1,200}$/.test(name) && !/^\.+$/.test(name))
  );
}
