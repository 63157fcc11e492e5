/**
 * Which gates are worth asking about a path. Most gates name a folder, a file or an ending, so a
 * path that has none of these need not be tried against their patterns one by one.
 *
 * Works on folded forms, so that a path which only looks covered is found as well. It may name a
 * gate that does not match, and one twice; it never leaves out one that does.
 */
import { type Trait, traitOf } from './glob.ts';
import { fold } from './paths.ts';

/** Positions of gates, in no order. */
export type GateIndex = (on: { readonly keyParts: readonly string[] }) => readonly number[];

type Lists = Map<string, number[]>;
type Folder = { readonly gates: number[]; readonly below: Map<string, Folder> };
type Listed = { readonly root: Folder; readonly names: Lists; readonly suffixes: Lists };

export function indexOfGates(gates: readonly { readonly paths: readonly string[] }[]): GateIndex {
  const listed: Listed = { root: emptyFolder(), names: new Map(), suffixes: new Map() };
  const always: number[] = [];
  for (const [at, { paths }] of gates.entries()) {
    for (const pattern of paths) {
      const trait = traitOf(fold(pattern), { self: true });
      if (trait === null) always.push(at);
      else listFor(listed, trait).push(at);
    }
  }
  return ({ keyParts }) => foundIn(listed, keyParts, [...always]);
}

function emptyFolder(): Folder {
  return { gates: [], below: new Map() };
}

function listFor({ root, names, suffixes }: Listed, { kind, text }: Trait): number[] {
  if (kind === 'name') return listAt(names, text);
  if (kind === 'suffix') return listAt(suffixes, text);
  return text.split('/').reduce((folder, name) => {
    const next = folder.below.get(name) ?? emptyFolder();
    folder.below.set(name, next);
    return next;
  }, root).gates;
}

function listAt(lists: Lists, text: string): number[] {
  const list = lists.get(text) ?? [];
  lists.set(text, list);
  return list;
}

/** Plain loops: this runs for every path. */
function foundIn({ root, names, suffixes }: Listed, parts: readonly string[], found: number[]) {
  let folder: Folder | undefined = root;
  for (const part of parts) {
    folder = folder?.below.get(part);
    append(found, folder?.gates);
    if (names.size > 0) append(found, names.get(part));
    if (suffixes.size > 0) appendSuffixes(found, suffixes, part);
  }
  return found;
}

function appendSuffixes(found: number[], suffixes: Lists, part: string): void {
  for (let dot = part.indexOf('.'); dot >= 0; dot = part.indexOf('.', dot + 1)) {
    append(found, suffixes.get(part.slice(dot)));
  }
}

function append(found: number[], more: readonly number[] | undefined): void {
  if (more !== undefined) for (const at of more) found.push(at);
}
