/** What a change makes the package managers of Node install, and run while they do. */
import { z } from 'zod';
import { compareFiles, type Finding, isUnreadable, keyOf, shown, textOf } from './compare.ts';
import type { Detector, FileChange, Firing } from './detector.ts';
import { npmrcSettings } from './npmrc.ts';
import {
  type Dependency,
  isForeign,
  type Manifest,
  OWN_SECTIONS,
  readManifest,
  type Settings,
} from './package-json.ts';

const None = z.strictObject({});
type None = z.output<typeof None>;

const AddedOptions = z.strictObject({
  /** Scopes whose packages may be added from the registry without asking, such as `@acme/`. */
  allow_scopes: z.array(z.string().regex(/^@[a-z0-9~-][a-z0-9._~-]*\/$/)).optional(),
});

const MANIFESTS = ['**/package.json'];

export const npmDependencyAdded: Detector<z.output<typeof AddedOptions>> = {
  summary: 'a dependency is new, or comes from somewhere else than a registry',
  paths: MANIFESTS,
  options: AddedOptions,
  detect: ({ files }, { allow_scopes: scopes = [] }) => {
    return compareManifests(files, (before, after) => {
      return [...after].flatMap(([id, dependency]) => {
        const old = before.get(id);
        const isNew = old?.spec !== dependency.spec && isForeign(dependency.spec);
        if (old && !isNew) return [];
        if (!isForeign(dependency.spec) && isOf(scopes, dependency)) return [];
        return [dependencyFinding(dependency, 'is new')];
      });
    });
  },
};

export const npmDependencyChanged: Detector<None> = {
  summary: 'a dependency that was there is asked for in another version or from another place',
  paths: MANIFESTS,
  options: None,
  detect: ({ files }) => {
    return compareManifests(files, (before, after) => {
      return [...after].flatMap(([id, dependency]) => {
        const old = before.get(id);
        if (!old || old.spec === dependency.spec) return [];
        return [dependencyFinding(dependency, `was \`${shown(old.spec)}\``)];
      });
    });
  },
};

export const npmDependencyRemoved: Detector<None> = {
  summary: 'a dependency is gone, and with it perhaps an override that kept a bad version out',
  paths: MANIFESTS,
  options: None,
  detect: ({ files }) => {
    return compareManifests(files, (before, after) => {
      return [...before].flatMap(([id, dependency]) => {
        return after.has(id) ? [] : [dependencyFinding(dependency, 'is gone')];
      });
    });
  },
};

export const npmLifecycleScriptChanged: Detector<None> = {
  summary: 'a script that runs on installation changes, or a setting that decides where from',
  paths: [...MANIFESTS, '**/.npmrc'],
  options: None,
  detect: ({ files }) => {
    const isSettings = ({ path }: FileChange) => path.endsWith('.npmrc');
    const manifests = files.filter((file) => !isSettings(file));
    return [
      ...compareFiles(manifests, readManifest, (before, after) => {
        return changed(before?.installScripts, after?.installScripts);
      }),
      ...compareFiles(files.filter(isSettings), npmrcSettings, (before, after) => {
        return changed(before ?? undefined, after ?? undefined);
      }),
    ];
  },
};

/** New names of packages to install, for each package.json; what cannot be read counts as one. */
export function newDependencies(files: readonly FileChange[]): string[] {
  const manifests = files.filter(({ path }) => /(^|\/)package\.json$/.test(path));
  return manifests.flatMap(({ path, before, after }) => {
    const [old, fresh] = [before, after].map((side) => {
      const text = side ? textOf(side) : '{}';
      return isUnreadable(text) ? text : readManifest(text);
    });
    if (!old || !fresh || isUnreadable(old) || isUnreadable(fresh)) return [`${path}: unreadable`];
    const known = ownNames(old);
    return [...ownNames(fresh)]
      .filter((name) => !known.has(name))
      .map((name) => `${path}: ${name}`);
  });
}

function ownNames({ dependencies }: Manifest): Set<string> {
  const own = [...dependencies.values()].filter(({ section }) => OWN_SECTIONS.includes(section));
  return new Set(own.map(({ name }) => name));
}

type Dependencies = Manifest['dependencies'];

function compareManifests(
  files: readonly FileChange[],
  compare: (before: Dependencies, after: Dependencies) => readonly Finding[],
): Firing[] {
  return compareFiles(files, readManifest, (before, after) => {
    return compare(before?.dependencies ?? new Map(), after?.dependencies ?? new Map());
  });
}

function dependencyFinding({ section, name, spec, line }: Dependency, what: string): Finding {
  const message = `\`${shown(name)}\` ${what} in ${section}: \`${shown(spec)}\`.`;
  return { key: keyOf(`${section}/${name}: ${spec}`), line, message };
}

/** What stands behind the scope is one name: `@acme/a/b` is the `b` that `@acme/a` asks for. */
function isOf(scopes: readonly string[], { name }: Dependency): boolean {
  return scopes.some((scope) => name.startsWith(scope) && !/[/>]/.test(name.slice(scope.length)));
}

/** What has another value, and what is gone, as that changes what happens too. */
function changed(before: Settings = new Map(), after: Settings = new Map()): Finding[] {
  const set = [...after].flatMap(([name, { value, isSecret, line }]) => {
    if (before.get(name)?.value === value) return [];
    const key = keyOf(isSecret ? name : `${name}: ${value}`);
    return [{ key, line, message: `An installation now goes by \`${shown(key)}\`.` }];
  });
  const gone = [...before].flatMap(([name, { line }]) => {
    const message = `An installation no longer goes by \`${shown(name)}\`.`;
    return after.has(name) ? [] : [{ key: keyOf(`removed ${name}`), line, message }];
  });
  return [...set, ...gone];
}
