/**
 * What a change makes an import mean. A line of `package.json` can put other code in the place of a
 * guarded file, which then answers for nothing although no gate on its path was touched.
 */
import { z } from 'zod';
import { type DataPath, fieldAt } from '../plain-data.ts';
import { compareFiles, type Finding, keyOf, shown } from './compare.ts';
import type { Detector } from './detector.ts';
import { readManifest, type Settings } from './package-json.ts';

const None = z.strictObject({});

/** Read by Node, by bundlers, by whoever installs the package, and by test runners. */
const FIELDS: readonly DataPath[] = [
  ...['type', 'main', 'module', 'browser', 'imports', 'exports', 'bin', 'directories'],
  ...['workspaces', 'publishConfig', 'source', 'react-native', 'sideEffects', 'alias'],
  ...['_moduleAliases', '_moduleDirectories', 'babel', 'typesVersions'],
]
  .map((name): DataPath => [name])
  .concat(
    ['moduleNameMapper', 'modulePaths', 'moduleDirectories', 'resolver', 'transform', 'roots']
      .concat('setupFiles', 'setupFilesAfterEnv', 'preset', 'haste', 'automock', 'rootDir')
      .map((name) => ['jest', name]),
  );

/** Options of Node that bring in other code, or settings, before the program's own first line. */
const PRELOADS =
  /--(?:import|require|loader|experimental-loader|conditions|env-file(?:-if-exists)?)(?![\w-])|\bNODE_(?:OPTIONS|PATH)\b|\b(?:node|tsx|ts-node|mocha|nodemon) -[rC](?![\w-])/;

export const npmResolutionChanged: Detector<z.output<typeof None>> = {
  summary:
    'what an import means changes: a field of package.json that resolves, or what is loaded first',
  paths: ['**/package.json'],
  options: None,
  detect: ({ files }) => {
    return compareFiles(files, readResolution, (before, after) => [
      ...scopeMoved(before !== null, after !== null),
      ...changed(before ?? new Map(), after ?? new Map()),
    ]);
  },
};

function readResolution(text: string) {
  const manifest = readManifest(text);
  if ('unreadable' in manifest) return manifest;
  const { value, line } = manifest;
  const found = new Map<string, { value: string; line: number | null }>();
  const note = (path: DataPath, held: unknown): void => {
    // Whole, as the order of conditions decides which of them is taken.
    if (held !== undefined) {
      found.set(path.join('.'), { value: JSON.stringify(held), line: line(path) });
    }
  };
  for (const path of FIELDS) note(path, fieldAt(value, ...path.map(String)));
  const scripts = Object.entries(fieldAt(value, 'scripts') ?? {});
  for (const [name, command] of scripts) {
    if (PRELOADS.test(String(command))) note(['scripts', name], command);
  }
  return found;
}

/** Imports below go by the nearest package.json, whatever that says. */
function scopeMoved(wasThere: boolean, isThere: boolean): Finding[] {
  if (wasThere === isThere) return [];
  const [key, what] = isThere
    ? ['scope added', 'goes by this file now']
    : ['scope removed', 'no longer goes by this file'];
  return [{ key, line: null, message: `What an import in this folder means ${what}.` }];
}

function changed(before: Settings, after: Settings): Finding[] {
  const set = [...after].flatMap(([name, { value, line }]) => {
    if (before.get(name)?.value === value) return [];
    const message = `What an import means now goes by \`${shown(`${name}: ${value}`)}\`.`;
    return [{ key: keyOf(`${name}: ${value}`), line, message }];
  });
  const gone = [...before].flatMap(([name, { line }]) => {
    const message = `What an import means no longer goes by \`${shown(name)}\`.`;
    return after.has(name) ? [] : [{ key: keyOf(`removed ${name}`), line, message }];
  });
  return [...set, ...gone];
}
