/** What a change takes away from an infrastructure, and what it lets others do in it. */
import { z } from 'zod';
import {
  compareFiles,
  type Finding,
  isUnreadable,
  keyOf,
  textOf,
  whatAppeared,
} from './compare.ts';
import type { Detector, FileChange } from './detector.ts';
import { wideGrants } from './iam.ts';
import { podGrants } from './kubernetes.ts';
import { type Configuration, type Managed, readTerraform } from './terraform.ts';

const Options = z.strictObject({});
type Options = z.output<typeof Options>;

const TERRAFORM = ['**/*.tf', '**/*.tf.json'];

export const terraformResourceRemoved: Detector<Options> = {
  summary: 'a resource, data source or module is gone, or may be destroyed where it might not',
  paths: TERRAFORM,
  options: Options,
  detect: ({ files, all }) => {
    const folders = foldersAfter(all);
    return compareFiles(files, readTerraform, (before, after, path) => {
      const folder = folders.get(folderOf(path)) ?? EMPTY;
      return [
        ...[...(before?.managed ?? [])].flatMap(([address, old]) => {
          return lost(address, old, folder);
        }),
        ...(after && /(^|[/_])override\.tf(\.json)?$/.test(path) ? overridden(before, after) : []),
      ];
    });
  },
};

/** What the changed files of each folder hold now: it makes no difference in which of them. */
function foldersAfter(all: readonly FileChange[]): Map<string, Configuration> {
  const files = all.filter(({ path }) => /\.tf(\.json)?$/.test(path));
  const folders = Map.groupBy(files, ({ path }) => folderOf(path));
  return new Map([...folders].map(([folder, inside]) => [folder, together(inside)]));
}

function together(files: readonly FileChange[]): Configuration {
  const readable = files.flatMap(({ path, after }) => {
    const text = after ? textOf(after) : '';
    const found = isUnreadable(text) ? text : readTerraform(text, path);
    return isUnreadable(found) ? [] : [found];
  });
  return {
    managed: new Map(readable.flatMap(({ managed }) => [...managed])),
    moved: readable.flatMap(({ moved }) => moved),
  };
}

const EMPTY: Configuration = { managed: new Map(), moved: [] };

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function lost(address: string, old: Managed, { managed, moved }: Configuration): Finding[] {
  const target = moved.find(({ from }) => from === address)?.to ?? address;
  const now = managed.get(address) ?? managed.get(target);
  const say = (key: string, message: string): Finding[] => {
    return [{ key: keyOf(key), line: old.line, message }];
  };
  if (!now) {
    // What moves into a module cannot be followed there.
    if (target !== address && target.startsWith('module.')) return [];
    return say(
      `removed: ${address}`,
      `${address} is gone, and with the next run what it stands for.`,
    );
  }
  if (now.isEmpty && !old.isEmpty) {
    return say(`count: ${address}`, `${address} has no instance any more.`);
  }
  if (!old.isProtected || now.isProtected) return [];
  return say(`prevent_destroy: ${address}`, `${address} may be destroyed, which was prevented.`);
}

/** A file of overrides has the last word on resources that stand elsewhere. */
function overridden(before: Configuration | null, after: Configuration): Finding[] {
  return [...after.managed].flatMap(([address, { isUnprotected, isEmpty, line }]) => {
    const old = before?.managed.get(address);
    const [wasUnprotected, wasEmpty] = [old?.isUnprotected ?? false, old?.isEmpty ?? false];
    if (isUnprotected && !wasUnprotected) {
      const message = `An override lets ${address} be destroyed.`;
      return [{ key: keyOf(`prevent_destroy: ${address}`), line, message }];
    }
    const message = `An override leaves no instance of ${address}.`;
    return isEmpty && !wasEmpty ? [{ key: keyOf(`count: ${address}`), line, message }] : [];
  });
}

export const k8sPrivileged: Detector<Options> = {
  summary: 'a manifest gives a container rights on the node it runs on',
  paths: ['**/*.yaml', '**/*.yml'],
  options: Options,
  detect: ({ files }) => {
    // As long as a lockfile may be, and no manifest.
    const manifests = files.filter(({ path }) => !/(^|\/)pnpm-lock\.yaml$/.test(path));
    return whatAppeared(manifests, podGrants);
  },
};

export const iamWidened: Detector<Options> = {
  summary: 'a policy allows every action or resource, everyone, or the role of an owner or editor',
  paths: [
    ...TERRAFORM,
    '**/iam/',
    '**/cloudformation/',
    ...['*policy*', '*policies*', '*iam*', 'template', 'serverless'].flatMap((name) => {
      return ['json', 'yaml', 'yml'].map((extension) => `**/${name}.${extension}`);
    }),
  ],
  options: Options,
  detect: ({ files }) => whatAppeared(files, wideGrants),
};
