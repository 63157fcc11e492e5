/**
 * Policy documents of AWS and bindings of Google Cloud, in whatever format: what they allow on
 * everything, to everyone, or with a role that may do all.
 */
import { parseJsonData } from '../json-data.ts';
import { childrenOf, type Data, type DataPath, isRecord, walk } from '../plain-data.ts';
import { parseYamlData } from '../yaml-data.ts';
import { type Finding, keyOf, shown, type Unreadable } from './compare.ts';
import { parseHcl } from './hcl.ts';

export function wideGrants(text: string, path: string): Finding[] | Unreadable {
  const documents = documentsIn(text, path);
  if (!documents) return { unreadable: 'it cannot be read in one way only' };
  return documents.flatMap((data) => grantsIn(data.value, [], data.line));
}

/** Null for what cannot be read; nothing for a file of another kind. */
function documentsIn(text: string, path: string): Data[] | null {
  if (/\.ya?ml$/i.test(path)) return parseYamlData(text);
  const isHcl = /\.(tf|hcl|tfvars|tofu)$/i.test(path);
  if (!isHcl && !/\.json$/i.test(path)) return [];
  const data = isHcl ? parseHcl(text) : parseJsonData(text);
  return data && [data];
}

function grantsIn(value: unknown, above: DataPath, line: Data['line'], depth = 0): Finding[] {
  return [...walk(value)].flatMap(({ path, value: spot }) => {
    const place = [...above, ...path];
    const at = place.filter((step) => typeof step === 'string').join('.');
    const found = (grant: string): Finding => {
      const key = keyOf(`${at}: ${grant}`);
      return { key, line: line(place), message: `More is allowed than before: ${shown(key)}.` };
    };
    if (isRecord(spot)) return statementGrants(spot).map(found);
    if (typeof spot !== 'string') return [];
    if (/^roles\/(owner|editor)$/.test(spot)) return [found(spot)];
    // A document within a document, as the text of a heredoc or of an attribute.
    if (depth > 1 || !/^\s*[[{]/.test(spot) || !/statement/i.test(spot)) return [];
    const inner = parseJsonData(spot);
    if (!inner) return [found('a document that cannot be read')];
    return grantsIn(inner.value, place, () => line(place), depth + 1);
  });
}

/** What one statement allows; nothing for an object that is none. */
function statementGrants(value: Readonly<Record<string, unknown>>): string[] {
  // `Action`, `actions`, `NotAction` and `not_actions` are the same in different formats.
  const parts = new Map(
    Object.entries(value).map(([key, part]) => [
      key.toLowerCase().replaceAll('_', '').replace(/s$/, ''),
      textsIn(part),
    ]),
  );
  const actions = parts.get('action') ?? [];
  const excluded = parts.get('notaction');
  const isStatement =
    (parts.has('action') || excluded !== undefined) &&
    ['effect', 'resource', 'notresource', 'principal'].some((key) => parts.has(key));
  if (!isStatement || parts.get('effect')?.join().toLowerCase() === 'deny') return [];
  const writes = excluded
    ? ['all but some']
    : actions.filter((action) => !READS.test(action)).sort();
  const isEverywhere = parts.has('notresource') || parts.get('resource')?.some(isAll) === true;
  return [
    ...actions.filter((action) => ALL_ACTIONS.test(action)).map((action) => `action ${action}`),
    ...(excluded ? [`every action but ${excluded.join(', ')}`] : []),
    ...(isEverywhere && writes.length > 0 ? [`every resource for ${writes.join(', ')}`] : []),
    ...(parts.get('principal')?.some(isAll) ? ['every principal'] : []),
  ];
}

const ALL_ACTIONS = /^(\*+|[\w*-]+:[*?]+)$/;
const READS = /^[\w-]+:(get|list|describe|head|batchget|query|scan|view|lookup|search|check)/i;

function isAll(text: string): boolean {
  return /^\*+$/.test(text);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return childrenOf(value).flatMap(([, child]) => textsIn(child));
}
