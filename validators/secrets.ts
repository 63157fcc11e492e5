/**
 * The `secrets` validator: what a change adds, by the shapes that the policies know and by secretlint.
 *
 * Over the texts that the controller read from the objects: nothing of the tree runs, and no file in it
 * configures what is looked for. Every commit that is published is looked at, for there is one, and it is
 * made of this tree (decision 024); commits of a change that has some are among the facts.
 */
import type { Entry, Facts } from '../orchestrator/domain/change.ts';
import type { Inspector } from '../orchestrator/ports/inspection.ts';
import { detected, fileChange } from '../policies/content.ts';
import { compileGlob } from '../policies/glob.ts';
import { type Found, firingsAs, type InspectionTools, inspectedCheck } from './inspected.ts';
import { secretsIn } from './secrets/in-thread.ts';
import type { Linted, SecretFinding } from './secrets/linted.ts';

export type SecretsDefinition = { readonly kind: 'secrets'; readonly except: readonly string[] };

const LINT_MS = 60_000;

export function secretsValidator(
  tools: InspectionTools,
  atMostMs = LINT_MS,
): Inspector<SecretsDefinition> {
  return async (inspection, signal) => {
    const start = performance.now();
    const { facts, definition } = inspection;
    const isExcepted = exceptedBy(definition.except);
    const detector = detected('secret.added', facts).filter(({ path }) => !isExcepted(path));
    const files = lintedFiles(facts).filter(({ path }) => !isExcepted(path));
    const linted = files.length === 0 ? [] : await secretsIn(files, atMostMs, signal);
    const found = [...firingsAs('secret_found', detector), ...lintFindings(linted)];
    const wallMs = Math.round(performance.now() - start);
    return inspectedCheck(tools, inspection, { found: oncePerPlace(found), wallMs });
  };
}

function exceptedBy(globs: readonly string[]): (path: string) => boolean {
  const matches = globs.map((glob) => compileGlob(glob, { self: true }));
  return (path) => matches.some((match) => match(path));
}

/** The texts on both sides of what was added or changed. What cannot be read, the detector tells. */
export function lintedFiles(facts: Facts): Linted[] {
  const text = (entry: Entry): Linted[] => {
    const { path, before, after } = fileChange(facts, entry);
    return after === null || after.text === null
      ? []
      : [{ path, before: before?.text ?? '', after: after.text }];
  };
  return [...facts.entries, ...facts.history].flatMap(text);
}

function lintFindings(linted: readonly SecretFinding[] | null): Found[] {
  if (linted === null) {
    const message = 'the search for secrets did not come to its end, so nobody knows what is there';
    return [{ code: 'check_unknown', message }];
  }
  return linted.map(({ path, line, rule }) => ({
    code: 'secret_found' as const,
    message: `${path} gains what looks like a secret (${rule}); once it is published it has to be replaced`,
    where: `${path}:${line}`,
  }));
}

/** Two ways of looking see most secrets twice. */
function oncePerPlace(found: readonly Found[]): Found[] {
  const seen = new Set<string>();
  return found.filter(({ where, message }) => {
    const place = where ?? message;
    const isNew = !seen.has(place);
    seen.add(place);
    return isNew;
  });
}
