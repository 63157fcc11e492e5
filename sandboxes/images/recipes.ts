/**
 * What goes into each sandbox image, and the digest that names it.
 *
 *   root ─▶ base ─▶ codex
 *     ├────────▶ browser (takes its tools from base)
 *     └────────▶ postgres (the same; made when somebody asks for it)
 *
 * An image is named by the digest of everything that goes into it, so an image that is there is
 * the right one and is never built twice.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import type { ImageName } from '../../orchestrator/ports.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Images of services, which not every machine needs. */
export const SERVICE_IMAGES = ['postgres'] as const;
export type ServiceImage = (typeof SERVICE_IMAGES)[number];

export type Recipe = {
  readonly name: 'root' | ImageName | ServiceImage;
  /** Folder with the Dockerfile and what it copies. */
  readonly folder: string;
  /** As in `proofhouse/base:1f2e3d4c5b6a`. */
  readonly tag: string;
  /** Build arguments: names of the images it starts from. */
  readonly from: Readonly<Record<string, string>>;
  /** Whether the build needs the distribution's package sources. Everything else comes with the context. */
  readonly network: 'none' | 'default';
};

/** All images in the order in which they are built. `nodeVersion` is the Node that goes inside. */
export function recipes(nodeVersion: string): readonly Recipe[] {
  const root = recipe('root', {}, 'default', []);
  const base = recipe('base', { ROOT: root.tag }, 'none', [nodeVersion]);
  const codex = recipe('codex', { BASE: base.tag }, 'none', []);
  const browser = recipe('browser', { ROOT: root.tag, BASE: base.tag }, 'default', []);
  return [root, base, codex, browser];
}

/** Images that are made only when somebody asks for them by name. */
export function serviceRecipes(nodeVersion: string): readonly Recipe[] {
  const tags = new Map(recipes(nodeVersion).map(({ name, tag }) => [name, tag]));
  const from = { ROOT: tags.get('root') ?? '', BASE: tags.get('base') ?? '' };
  return SERVICE_IMAGES.map((name) => recipe(name, from, 'default', []));
}

/** The version that an image's lock file pins for a package. */
export function pinned(image: ImageName, name: string): string {
  const lock: { packages: Record<string, { version?: string }> } = JSON.parse(
    readFileSync(path.join(here, image, 'package-lock.json'), 'utf8'),
  );
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`${name} is not in the lock file of image ${image}`);
  return version;
}

function recipe(
  name: Recipe['name'],
  from: Recipe['from'],
  network: Recipe['network'],
  more: readonly string[],
): Recipe {
  const folder = path.join(here, name);
  const parts = filesBelow(folder).flatMap((file) => [
    file,
    '\0',
    readFileSync(path.join(folder, file)),
  ]);
  const digest = sha256(...parts, JSON.stringify([from, more]));
  return { name, folder, from, network, tag: `proofhouse/${name}:${digest.slice(7, 19)}` };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('node_modules'))
    .sort();
}
