/**
 * Writes docs/outcomes.md from the catalogue of faults: `node scripts/outcomes.ts`.
 * The page is never edited by hand; a test holds it equal to what this makes.
 */
import { writeFileSync } from 'node:fs';
import { FAULT_CODES, FAULTS } from '../orchestrator/domain/faults.ts';
import type { Outcome } from '../orchestrator/domain/run-state.ts';

/** Every way a run ends: what it means, and who acts next. A missing one does not compile. */
const ENDINGS: Record<Outcome['kind'], readonly [meaning: string, acts: string]> = {
  published: ['The change is a pull request that carries its proof.', 'whoever merges there'],
  rejected: ['A reviewer said no, with a reason.', 'member'],
  gave_up: [
    'Attempts or limits ran out, or nothing got better. The code says which.',
    'see the code',
  ],
  denied: ['The change may not leave, whoever agrees. The findings say why.', 'see the code'],
  broke: ['The machinery failed, not the task. The code says what.', 'operator'],
  cancelled: ['Someone took the task back.', 'nobody'],
  expired: ['Nobody decided in time. The change was not published.', 'member'],
  nothing_to_do: ['The agent changed nothing in its first attempt. Its words are kept.', 'member'],
};

const EXITS: Record<(typeof FAULTS)[keyof typeof FAULTS]['exit'], string> = {
  1: 'the task failed or was refused',
  2: 'usage or policy',
  4: 'the machinery broke, or could not be checked',
};

export function outcomesPage(): string {
  return [
    '# How things end',
    '',
    'Made by `node scripts/outcomes.ts` from `orchestrator/domain/faults.ts`. Do not edit it here.',
    '',
    '## A run ends in one of these ways',
    '',
    ...table(
      ['outcome', 'means', 'who acts'],
      Object.entries(ENDINGS).map(([kind, [meaning, acts]]) => [`\`${kind}\``, meaning, acts]),
    ),
    '',
    '## Codes',
    '',
    'A run and a command fail with one of these. The codes are stable: scripts may rely on them.',
    '',
    ...table(
      ['code', 'means', 'who acts', 'what to do', 'exit'],
      FAULT_CODES.map((code) => {
        const { meaning, acts, todo, exit } = FAULTS[code];
        return [`\`${code}\``, meaning, acts, todo, String(exit)];
      }),
    ),
    '',
    `Exit codes: 0 done; ${exits()}; 3 waiting for a person; 130 stopped.`,
    '',
  ].join('\n');
}

function exits(): string {
  return Object.entries(EXITS)
    .map(([exit, meaning]) => `${exit} ${meaning}`)
    .join('; ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/outcomes.md', import.meta.url), outcomesPage());
}
