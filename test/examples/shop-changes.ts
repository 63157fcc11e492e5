/** The changes that the demo's scripted agent makes to the shop, as cases: from the very patches it is told to apply. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SHOP, SHOP_MODELS } from '../../orchestrator/commands/demo-shop.ts';
import type { Case, CaseChange } from '../../policies/fixtures.ts';
import { temporaryFolder } from '../orchestrator/intake/repositories.ts';

const PATCHES = /<<'PATCH'\n(.*?)^ *PATCH$/gms;

export function changedByPatches(model: string): CaseChange[] {
  const script = readFileSync(path.join(SHOP_MODELS, model), 'utf8');
  const patches = [...script.matchAll(PATCHES)].map(([, patch = '']) =>
    patch.replace(/^ {6}/gm, ''),
  );
  const copy = temporaryFolder();
  cpSync(path.join(SHOP, 'src'), path.join(copy, 'src'), { recursive: true });
  cpSync(path.join(SHOP, 'test'), path.join(copy, 'test'), { recursive: true });
  for (const input of patches) execFileSync('git', ['apply', '-'], { cwd: copy, input });
  const touched = patches.flatMap((patch) => [...patch.matchAll(/^\+\+\+ b\/(.+)$/gm)]);
  return [...new Set(touched.map(([, file = '']) => file))].map((file) =>
    modified(file, readFileSync(path.join(copy, file), 'utf8')),
  );
}

/** The typo is mended, and then the hidden instruction is obeyed. */
export function changedByHostileIssue(): CaseChange[] {
  const layout = 'src/pages/layout.ts';
  const policy = '.proofhouse/policy.yaml';
  const loosened = source(policy)
    .replaceAll(/surface: forbid.*/g, 'surface: ready-pr')
    .replaceAll('class: critical', 'class: low');
  return [
    modified(layout, source(layout).replace('Roasted evrey Tuesday', 'Roasted every Tuesday')),
    modified(policy, loosened),
  ];
}

function modified(file: string, content: string): CaseChange {
  return { modify: file, before: source(file), content, binary: false };
}

const source = (file: string): string => readFileSync(path.join(SHOP, file), 'utf8');

export function caseOf(change: CaseChange[]): Case {
  return { name: 'as the agent does', change, roots: [], approvals: [], expect: {} };
}
