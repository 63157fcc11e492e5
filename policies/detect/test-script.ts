/** The scripts of a package.json that run tests: whether one is gone, does nothing or hides its failure. */
import { shortDigest } from './firings.ts';
import type { Weakness } from './test-code.ts';

export type Scripts = ReadonlyMap<string, string>;

const TEST_SCRIPT =
  /^(?:pre|post)?(?:tests?|e2e|unit|integration|spec|coverage|check|verify|ci)(?:$|[:_-])/i;

export function isTestScript(name: string): boolean {
  return TEST_SCRIPT.test(name);
}

export function weakenedScripts(before: Scripts, after: Scripts): Weakness[] {
  return [...before].flatMap(([name, old]) => {
    const now = after.get(name);
    const found = now === undefined ? GONE : weakness(old, now);
    if (!found) return [];
    const key = `script-${found.key}:${shortDigest(JSON.stringify([name, now ?? null]))}`;
    return [{ line: null, key, what: `has a script "${shownName(name)}" that ${found.what}` }];
  });
}

type Found = { readonly key: string; readonly what: string };

const GONE: Found = { key: 'removed', what: 'was removed' };

function weakness(old: string, now: string): Found | null {
  if (doesNothing(now)) {
    return doesNothing(old) ? null : { key: 'no-op', what: 'does nothing any more' };
  }
  if (HIDES_FAILURE.test(now) && !HIDES_FAILURE.test(old)) {
    return { key: 'hides-failure', what: 'passes even when its tests fail' };
  }
  const [had, has] = [commands(old), commands(now)];
  const isPart = has.length < had.length && has.every((command) => had.includes(command));
  return isPart ? { key: 'shorter', what: 'runs fewer commands than before' } : null;
}

/** The last one is a pipe, whose end decides. */
const HIDES_FAILURE =
  /\|\|\s*(?:true\b|:|exit\s+0|echo\b|\/bin\/true)|;\s*(?:true|:|exit\s+0)\s*$|\bset \+e\b|[^|]\|\s*(?:cat|tee)\b/;
const NOTHING = /^(?:true|:|exit(?: 0)?|(?:echo|printf|sleep)\b.*|node -e (?:""|''|0))?$/i;

function doesNothing(script: string): boolean {
  return commands(script).every((command) => NOTHING.test(command));
}

function commands(script: string): string[] {
  return script.split(/&&|\|\||[;|&\n]/).map((command) => command.replace(/\s+/g, ' ').trim());
}

function shownName(name: string): string {
  return JSON.stringify(name.slice(0, 60)).slice(1, -1);
}
