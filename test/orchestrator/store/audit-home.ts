/** A data directory with a store, and its audit log as a stranger would read and check it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditReport, verifyChain } from '../../../orchestrator/domain/audit-verify.ts';
import { openKeys } from '../../../orchestrator/store/keys.ts';

const clock = (): Date => new Date('2026-03-01T10:00:00.000Z');

export const databaseOf = (home: string): string => join(home, 'journal.sqlite');
export const logOf = (home: string): string => join(home, 'audit', 'log.jsonl');
export const checkpointsOf = (home: string): string => join(home, 'audit', 'checkpoints.jsonl');

export function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

/** Lines with their ends; what a crash tore off comes last, without one. */
export function linesIn(file: string): string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text.split(/(?<=\n)/).filter((line) => line !== '');
}

export function verifyHome(home: string): Promise<AuditReport> {
  const checkpoints = linesIn(checkpointsOf(home)).filter((line) => line.endsWith('\n'));
  return verifyChain(linesIn(logOf(home)), checkpoints, openKeys(home, clock).trusted('audit'));
}
