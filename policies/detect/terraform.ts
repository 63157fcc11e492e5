/** The resources, data and modules of Terraform files, in either of its two forms, by address. */
import { parseJsonData } from '../json-data.ts';
import { childrenOf, type Data, field, isRecord } from '../plain-data.ts';
import type { Unreadable } from './compare.ts';
import { parseHcl } from './hcl.ts';
import { isOn } from './truth.ts';

export type Managed = {
  readonly line: number | null;
  readonly isProtected: boolean;
  /** True when it says in so many words that it may be destroyed. */
  readonly isUnprotected: boolean;
  /** True when a count of nothing destroys every instance. */
  readonly isEmpty: boolean;
};

export type Configuration = {
  readonly managed: ReadonlyMap<string, Managed>;
  readonly moved: readonly { readonly from: string; readonly to: string }[];
};

export function readTerraform(text: string, path: string): Configuration | Unreadable {
  const data = path.endsWith('.json') ? parseJsonData(text) : parseHcl(text);
  if (!data || !isRecord(data.value)) return { unreadable: 'it is not what Terraform reads' };
  return { managed: new Map(managedIn(data)), moved: movedIn(data.value) };
}

const KINDS = { resource: '', data: 'data.', module: 'module.' } as const;

function* managedIn({ value, line }: Data): Generator<[string, Managed]> {
  for (const [kind, prefix] of Object.entries(KINDS)) {
    for (const holder of objectsIn(field(value, kind))) {
      for (const [type, below] of childrenOf(holder)) {
        if (kind === 'module') {
          yield [`${prefix}${type}`, managed(below, line([kind, type]))];
          continue;
        }
        for (const [name, body] of objectsIn(below).flatMap(childrenOf)) {
          yield [`${prefix}${type}.${name}`, managed(body, line([kind, type, name]))];
        }
      }
    }
  }
}

function managed(value: unknown, line: number | null): Managed {
  const bodies = objectsIn(value);
  const given = bodies
    .flatMap((body) => objectsIn(field(body, 'lifecycle')))
    .map((lifecycle) => field(lifecycle, 'prevent_destroy'))
    .filter((said) => said !== undefined);
  const isEmpty = bodies.some((body) => {
    return field(body, 'count') === 0 || isNothing(field(body, 'for_each'));
  });
  const isProtected = given.length > 0 && given.every(isOn);
  return { line, isProtected, isUnprotected: given.length > 0 && !isProtected, isEmpty };
}

function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isNothing);
  return isRecord(value) && Object.keys(value).length === 0;
}

function movedIn(value: unknown): { from: string; to: string }[] {
  return objectsIn(field(value, 'moved')).map((moved) => {
    return { from: addressOf(field(moved, 'from')), to: addressOf(field(moved, 'to')) };
  });
}

/** Without the index of an instance. */
function addressOf(value: unknown): string {
  const text = String(Array.isArray(value) ? value[0] : value);
  return text.replace(/^\$\{|\}$/g, '').replace(/\[.*$/s, '');
}

/** In the JSON form a list may stand wherever an object may. */
function objectsIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(objectsIn) : isRecord(value) ? [value] : [];
}
