/** Checking a bundle beside what it cannot do without: reading and hashing its files, and its signatures alone. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readBundleFolder } from '../orchestrator/commands/bundle-folder.ts';
import { verify } from '../orchestrator/domain/dsse.ts';
import { made, TRUSTED } from '../test/validators/bundle/in-memory.ts';
import { verifyBundle } from '../validators/evidence/bundle/verify.ts';
import { readJunit } from '../validators/junit.ts';
import { inTurn, type Row, timed } from './measure.ts';

/** With provenance, one approval and the summary. */
const CHECKS = 997;
const STATEMENTS = CHECKS + 3;
const READING = `reading and hashing the files of ${STATEMENTS} statements`;
const SIGNATURES = `verifying ${STATEMENTS} signatures`;

export async function evidenceRows(n: number): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-bench-'));
  try {
    const lines = await written(folder);
    return await inTurn(n, [
      { what: READING, against: null, go: () => timed(() => hashed(folder)) },
      { what: SIGNATURES, against: null, go: () => timed(() => signatures(lines)) },
      {
        what: `verifying a bundle of ${STATEMENTS} statements`,
        against: { floor: READING, bound: '<= 2000 ms' },
        go: () => timed(() => whole(folder)),
      },
      {
        what: `the same, against its signatures alone`,
        against: { floor: SIGNATURES, bound: '<= 2000 ms' },
        go: () => timed(() => whole(folder)),
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A bundle whose change was looked at by many checks; gives its lines of statements. */
async function written(folder: string): Promise<readonly string[]> {
  const { files } = await made({
    checks: (one) =>
      Array.from({ length: CHECKS }, (_, at) => {
        // Names of tests only: a bundle takes 4,000 files.
        const evidence = one.evidence.filter(({ name }) => name === 'tests.json');
        return at === 0 ? one : { ...one, validator: `v${at}`, evidence };
      }),
  });
  for (const [name, bytes] of files) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  const lines = (files.get('attestations.intoto.jsonl')?.toString() ?? '').trimEnd().split('\n');
  if (lines.length !== STATEMENTS) throw new Error(`the bundle has ${lines.length} statements`);
  return lines;
}

function hashed(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    createHash('sha256')
      .update(readFileSync(path.join(entry.parentPath, entry.name)))
      .digest();
  }
}

function signatures(lines: readonly string[]): void {
  for (const line of lines) {
    const found = verify(JSON.parse(line), TRUSTED, 'application/vnd.in-toto+json');
    if ('problem' in found) throw new Error(found.problem);
  }
}

async function whole(folder: string): Promise<void> {
  const files = await readBundleFolder(folder);
  const given = { ...files, trusted: TRUSTED, repository: null, readReport: readJunit };
  const { verdict, steps } = await verifyBundle(given);
  if (verdict !== 'verified') throw new Error(JSON.stringify(steps));
}
