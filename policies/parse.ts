/** A policy file as a layer that can judge. A file with any problem is no layer at all. */
import type { Digest } from '../orchestrator/domain/ids.ts';
import { nearest } from './nearest.ts';
import { PACK_NAMES, packText } from './packs/read.ts';
import type { Place, Problem } from './problems.ts';
import { PackFile, Policy } from './schema.ts';
import { decodeSource } from './source-text.ts';
import { type Parsed, parseYaml, type YamlPath } from './yaml-source.ts';

/** A file that was read: its rules, and where each is written. */
export type Loaded<T> = {
  readonly policy: T;
  /** Name of the layer or pack. */
  readonly name: string;
  readonly digest: Digest;
  /** As in `.proofhouse/policy.yaml:44:5`. */
  where(path: YamlPath): string;
  place(path: YamlPath, part?: 'key' | 'value'): Place;
};

export type LoadedPack = Loaded<PackFile>;
export type LoadedPolicy = Loaded<Policy> & {
  readonly packs: readonly LoadedPack[];
  /** The file as it was read, and what it was called. */
  readonly source: string;
  readonly file: string;
};

export type ParsedPolicy = { readonly policy: LoadedPolicy } | { readonly problems: Problem[] };

/** As it is stored: bytes that are not UTF-8 are a problem like any other, and never guessed at. */
export function parsePolicyBytes(bytes: Uint8Array, name: string): ParsedPolicy {
  const decoded = decodeSource(bytes, name);
  return 'problems' in decoded ? decoded : parsePolicy(decoded.source, name);
}

export function parsePolicy(source: string, name: string): ParsedPolicy {
  const parsed = parseYaml(source, name, Policy);
  if ('problems' in parsed) return parsed;
  const loaded = loadedOf(parsed, parsed.value.metadata.layer);
  const packs = parsed.value.packs.map((pack) => builtinPack(pack));
  const problems = packs.flatMap((pack, index) => (pack ? [] : [unknownPack(loaded, index)]));
  if (problems.length > 0) return { problems };
  return { policy: { ...loaded, packs: packs.flatMap((pack) => pack ?? []), source, file: name } };
}

const READ_PACKS = new Map<string, LoadedPack>();

/** Read once: a pack never changes while this release runs. */
export function builtinPack(name: string): LoadedPack | null {
  const known = READ_PACKS.get(name);
  if (known) return known;
  const text = packText(name);
  if (text === null) return null;
  const parsed = parseYaml(text, name, PackFile);
  if ('problems' in parsed) throw new TypeError(`the pack ${name} of this release is broken`);
  const pack = loadedOf(parsed, name);
  READ_PACKS.set(name, pack);
  return pack;
}

function loadedOf<T>({ value, digest, place }: Parsed<T>, name: string): Loaded<T> {
  const where = (path: YamlPath): string => {
    const { file, line, column } = place(path);
    return `${file}:${line}:${column}`;
  };
  return { policy: value, name, digest, where, place };
}

function unknownPack({ policy, place }: Loaded<Policy>, index: number): Problem {
  const name = policy.packs[index] ?? '';
  const guess = nearest(name, PACK_NAMES);
  const path = ['packs', index];
  const hint = guess === null ? `known: ${PACK_NAMES.join(', ')}` : `did you mean \`${guess}\`?`;
  const message = `this version of Proofhouse has no pack \`${name}\``;
  return { code: 'P0414', severity: 'error', message, path, hint, ...place(path) };
}
