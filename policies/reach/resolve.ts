/** Which file of a tree a module's name stands for: relative names, and the aliases at its root. */
import { withoutComments } from '../json-comments.ts';
import { childrenOf, field, fieldAt, isBounded, walk } from '../plain-data.ts';

/** From a file and a name it imports to the files of the tree that may be meant; none for a package. */
export type Resolve = (importer: string, name: string) => string[];

const EXTENSIONS = ['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs', 'json', 'vue', 'svelte'];
/** Files that say what other names mean. */
export const ALIAS_FILES = ['package.json', 'tsconfig.json', 'jsconfig.json'];

export function resolverOf(
  paths: ReadonlySet<string>,
  texts: ReadonlyMap<string, string>,
): Resolve {
  const aliases = ALIAS_FILES.flatMap((name) => aliasesOf(name, texts.get(name) ?? ''));
  return (importer, name) => {
    const plain = name.split(/[?#]/, 1)[0] || name;
    if (/^\.{1,2}(\/|$)/.test(plain)) {
      return fileAt(paths, joined(importer.split('/').slice(0, -1), plain));
    }
    return aliases.flatMap(({ before, after, isExact, targets }) => {
      if (isExact ? name !== before : !(name.startsWith(before) && name.endsWith(after))) return [];
      const star = isExact ? '' : name.slice(before.length, name.length - after.length);
      return targets.flatMap((target) =>
        fileAt(
          paths,
          joined(
            [],
            target.replace('*', () => star),
          ),
        ),
      );
    });
  };
}

/** The first file that Node, a compiler or a bundler would take for this place. */
function fileAt(paths: ReadonlySet<string>, place: string | null): string[] {
  if (place === null) return [];
  const bare = place.replace(/\.([cm]?)jsx?$/, '');
  const folder = place === '' ? '' : `${place}/`;
  const all = [
    place,
    ...EXTENSIONS.map((extension) => `${place}.${extension}`),
    // What TypeScript is written in is imported under the name of what it becomes.
    ...(bare === place ? [] : ['ts', 'tsx', 'mts', 'cts']).map(
      (extension) => `${bare}.${extension}`,
    ),
    ...EXTENSIONS.map((extension) => `${folder}index.${extension}`),
  ];
  const found = all.find((path) => paths.has(path));
  return found === undefined ? [] : [found];
}

/** Null when the way leaves the tree. */
function joined(folder: readonly string[], name: string): string | null {
  const steps = [...folder];
  for (const step of name.split('/')) {
    if (step === '..' && steps.pop() === undefined) return null;
    if (step !== '..' && step !== '.' && step !== '') steps.push(step);
  }
  return steps.join('/');
}

type Alias = {
  readonly before: string;
  readonly after: string;
  readonly isExact: boolean;
  readonly targets: readonly string[];
};

function aliasesOf(file: string, text: string): Alias[] {
  const value = parsed(text);
  if (file === 'package.json') return childrenOf(field(value, 'imports')).map(aliasOf(''));
  const options = field(value, 'compilerOptions');
  const base = field(options, 'baseUrl');
  const folder = typeof base === 'string' ? `${base}/` : '';
  return childrenOf(fieldAt(options, 'paths')).map(aliasOf(folder));
}

function aliasOf(folder: string) {
  return ([key, value]: [string | number, unknown]): Alias => {
    const [before = '', after] = String(key).split('*', 2);
    const targets = [...walk(value)].flatMap((spot) =>
      typeof spot.value === 'string' ? [`${folder}${spot.value}`] : [],
    );
    return { before, after: after ?? '', isExact: after === undefined, targets };
  };
}

/** With comments and a comma too many, as compilers take it. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(withoutComments(text));
    return isBounded(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
