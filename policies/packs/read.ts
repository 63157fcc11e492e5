/**
 * The packs that come with this release, read from the files beside this one. They are named by
 * major version: what a pack gates changes only with a name that somebody has to write.
 */
import { readFileSync } from 'node:fs';

const VERSIONS = { core: [1], node: [1], 'github-actions': [1] } as const;

export const PACK_NAMES: readonly string[] = Object.entries(VERSIONS).flatMap(([name, versions]) =>
  versions.map((version) => `builtin:${name}@${version}`),
);

/** The text of a pack as it was released; null when there is none of this name. */
export function packText(name: string): string | null {
  if (!PACK_NAMES.includes(name)) return null;
  const file = `./${name.replace('builtin:', '')}.yaml`;
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
