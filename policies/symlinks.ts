/** Symlinks that a change leaves behind: where each leads, and whether it may lead there. */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Denial } from '../orchestrator/domain/judgement.ts';
import { symlinkProblem } from './facts.ts';
import { type Covering, gateMatcher, keyed } from './gates.ts';
import { printablePath } from './paths.ts';

const SYMLINK = '120000';

type Link = { readonly path: string; readonly target: string | null };

/** Targets that lead out of the tree, into git's own folder, or nowhere that anybody looked. */
export function linkDenials(facts: Facts): Denial[] {
  return linksOf(facts).flatMap(({ path, target }) => {
    if (target === null) {
      const message = `"${printable(path)}" is a symlink, and nobody read where it leads.`;
      return [{ code: 'symlink_unread', message, paths: [path], where: '' }];
    }
    const problem = symlinkProblem(path, target);
    if (problem === null) return [];
    return [{ code: 'symlink_refused', message: problem.message, paths: [path], where: '' }];
  });
}

type Guard = Covering & { readonly id: string; readonly where: string };

/** Symlinks that make what a gate guards reachable under a name that it does not know. */
export function linksInto(guards: () => readonly Guard[], facts: Facts): Denial[] {
  const links = linksOf(facts);
  const gates = links.length > 0 ? guards() : [];
  return links.flatMap(({ path, target }) => {
    const reached = target === null ? null : resolved(path, target);
    if (reached === null) return [];
    return gates.flatMap((gate) => {
      const match = gateMatcher(gate);
      if (match(keyed(reached)) === null || match(keyed(path)) !== null) return [];
      const message = `"${printable(path)}" is a symlink that leads to "${printable(reached)}", which gate ${gate.id} (${gate.where}) guards.`;
      return [{ code: 'symlink_into_gate', message, paths: [path], where: gate.where }];
    });
  });
}

function linksOf({ entries, texts }: Facts): Link[] {
  return entries
    .filter(({ newMode, oldMode, newOid, oldOid }) => {
      return newMode === SYMLINK && (oldMode !== SYMLINK || oldOid !== newOid);
    })
    .map(({ path, newOid }) => {
      return { path, target: Object.hasOwn(texts, newOid) ? (texts[newOid] ?? null) : null };
    });
}

/** The path that a link in the tree leads to, by its text alone; null when it leaves the tree. */
function resolved(path: string, target: string): string | null {
  if (target.startsWith('/')) return null;
  const folder = path.split('/').slice(0, -1);
  for (const step of target.split('/')) {
    if (step === '..' && folder.pop() === undefined) return null;
    if (step !== '..' && step !== '.' && step !== '') folder.push(step);
  }
  return folder.join('/');
}

function printable(path: string): string {
  return printablePath(Buffer.from(path));
}
