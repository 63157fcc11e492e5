/** Playwright, when a repository has it: where its specs are and how the app they need is started. Pure. */
import type { Packages } from './packages.ts';
import type { Repo } from './repo.ts';
import { wordsOf } from './script-words.ts';

export type BrowserTests = {
  readonly because: string;
  /** Folder of the specs, with a slash behind it; null when not found. */
  readonly folder: string | null;
  /** How the app is started, as argv; null when nobody says. */
  readonly app: readonly string[] | null;
  readonly port: number | null;
};

const CONFIG = /^playwright\.config\.[cm]?[jt]s$/;
const USUAL_FOLDERS = ['e2e/', 'tests/e2e/', 'test/e2e/', 'playwright/', 'tests/'];

export function browserConfigIn(paths: readonly string[]): string | null {
  return paths.find((path) => CONFIG.test(path)) ?? null;
}

export function browserTestsOf(repo: Repo, packages: Packages): BrowserTests | null {
  const config = browserConfigIn(repo.paths);
  const depends = packages.dependencies.includes('@playwright/test');
  if (config === null && !depends) return null;
  const text = config === null ? '' : (repo.read(config) ?? '');
  return {
    because: config === null ? 'the dependency `@playwright/test`' : `the file \`${config}\``,
    folder: folderOf(text, repo.paths),
    app: appOf(text, packages.scripts),
    port: portOf(text),
  };
}

function folderOf(config: string, paths: readonly string[]): string | null {
  const said = /\btestDir\s*:\s*['"`](?:\.\/)?([\w./-]+?)\/?['"`]/.exec(config)?.[1];
  const hasSpecs = (folder: string): boolean =>
    paths.some((path) => path.startsWith(folder) && /\.(spec|test)\.[cm]?[jt]sx?$/.test(path));
  const folders = said === undefined ? USUAL_FOLDERS : [`${said}/`];
  return folders.find(hasSpecs) ?? null;
}

function appOf(config: string, scripts: Readonly<Record<string, string>>): string[] | null {
  const said = /\bcommand\s*:\s*(['"`])(.+?)\1/.exec(config)?.[2];
  const words = said === undefined ? null : wordsOf(said);
  if (words !== null && words.length > 0) return words;
  return Object.hasOwn(scripts, 'start') ? ['npm', 'start'] : null;
}

function portOf(config: string): number | null {
  const found = /(?:localhost|127\.0\.0\.1):(\d{2,5})|\bport\s*:\s*(\d{2,5})/.exec(config);
  const port = Number(found?.[1] ?? found?.[2] ?? 0);
  return port >= 1 && port <= 65_535 ? port : null;
}
