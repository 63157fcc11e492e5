/** Which file tries each row of the matrix, and a piece of it that names the row. A row without one is no row. */
import { HIJACKS } from './agents/rows.ts';
import type { Attack } from './attack.ts';
import { BASE_FILES } from './devcontainer-attack.ts';
import { EGRESS_ROWS } from './egress/rows.ts';
import { SUPPLY_ROWS } from './egress/supply-rows.ts';
import { EVIDENCE_ROWS } from './evidence/rows.ts';
import { INJECTION_ROWS } from './injection/rows.ts';
import { LIFECYCLE_ROWS } from './lifecycle/rows.ts';
import * as beside from './sandbox/beside.ts';
import { CALLS } from './sandbox/calls.ts';
import { FIELDS } from './sandbox/fields.ts';
import { HOST_SERVICES, NETWORK, OTHER_DOOR } from './sandbox/network.ts';
import { SOURCE_ROWS } from './source/rows.ts';

export type Proof = { readonly row: Attack; readonly file: string; readonly names: string };

const EGRESS_FILE = 'test/gateway/egress/attacks.test.ts';
const REGISTRY_FILE = 'test/gateway/registry/attacks.test.ts';
const LOCKED_FILE = 'test/policies/locked-packages.test.ts';
const SANDBOX_FILE = 'test/red-team/sandbox.test.ts';
const FIELDS_FILE = 'test/sandboxes/deny-every-field.test.ts';
const WORKSPACE_FILE = 'test/red-team/source/workspace.long.test.ts';
const QUOTA_FILE = 'test/red-team/source/quota.long.test.ts';
const INGEST_FILE = 'test/red-team/source/ingest.test.ts';
const GIT_FILE = 'test/red-team/source/git.long.test.ts';
const PREPARE_FILE = 'test/orchestrator/stages/prepare.test.ts';
const AUDIT_FILE = 'test/orchestrator/store/audit-attacks.test.ts';
const SCREEN_FILE = 'test/validators/evidence/screen.test.ts';
const TUNNEL_FILE = 'test/red-team/tunnel.test.ts';
const MODELS_FILE = 'test/red-team/injection-models.test.ts';
const INJECTION_FILE = 'test/red-team/injection.long.test.ts';

export const PROOFS: readonly Proof[] = [
  ...[...CALLS, ...FIELDS, ...NETWORK].map((row) => ({
    ...{ row, file: SANDBOX_FILE },
    names: '[...CALLS, ...FIELDS, ...NETWORK]',
  })),
  { row: HOST_SERVICES, file: SANDBOX_FILE, names: 'HOST_SERVICES.attack' },
  { row: OTHER_DOOR, file: SANDBOX_FILE, names: 'OTHER_DOOR.attack' },
  { row: beside.WATCHERS, file: SANDBOX_FILE, names: 'WATCHERS.attack' },
  { row: beside.SOCKETS, file: SANDBOX_FILE, names: 'SOCKETS.attack' },
  { row: beside.SPOOFED, file: SANDBOX_FILE, names: 'SPOOFED.attack' },
  { row: beside.LOGGED, file: SANDBOX_FILE, names: 'LOGGED.attack' },
  {
    ...{ row: beside.SILENT, file: 'test/sandboxes/engine-silent.test.ts' },
    names: 'ends with a code when nobody answers',
  },
  { row: beside.EVERY_FIELD, file: FIELDS_FILE, names: 'SBX-13' },
  { row: beside.WORKING_DIR, file: FIELDS_FILE, names: "test('SBX-14 a WorkingDir" },
  { row: beside.ARCHIVE, file: 'test/architecture.test.ts', names: 'SBX-16' },
  ...BASE_FILES.rows.map((row) => ({
    ...{ row, file: 'test/red-team/devcontainer.test.ts' },
    names: row.id,
  })),
  ...keyed(SOURCE_ROWS, {
    otherwise: WORKSPACE_FILE,
    ...{ programs: GIT_FILE, gitFolder: GIT_FILE, fullOfBytes: QUOTA_FILE },
    ...{ fullOfFiles: QUOTA_FILE, packBombs: 'test/red-team/bomb.long.test.ts' },
    ...{ names: INGEST_FILE, submodules: INGEST_FILE, twins: INGEST_FILE },
    ...{ hiddenNames: INGEST_FILE, wordsAsNames: INGEST_FILE },
  }),
  ...keyed(EGRESS_ROWS, {
    ...{ otherwise: EGRESS_FILE, relay: TUNNEL_FILE },
    ...{ told: 'test/gateway/secrets-out.test.ts', token: 'test/gateway/model/token.test.ts' },
  }).map((proof) => (proof.row === EGRESS_ROWS.mixed ? { ...proof, names: "['mixed', [" } : proof)),
  ...keyed(SUPPLY_ROWS, {
    ...{ otherwise: REGISTRY_FILE, scripts: TUNNEL_FILE },
    ...{ resolved: LOCKED_FILE, alias: LOCKED_FILE, outside: LOCKED_FILE },
    layer: PREPARE_FILE,
  }).map((proof) =>
    proof.row === SUPPLY_ROWS.layer
      ? { ...proof, names: 'have another key when a manifest' }
      : proof,
  ),
  ...keyed(LIFECYCLE_ROWS, {
    otherwise: 'test/scenarios/kill/adopt-or-stop.test.ts',
    full: 'test/red-team/lifecycle/full-disk.test.ts',
    clock: 'test/sandboxes/age.test.ts',
    moved: 'test/red-team/lifecycle/moved-tag.test.ts',
  }),
  ...keyed(EVIDENCE_ROWS, {
    otherwise: 'test/validators/attacks.test.ts',
    cached: 'test/orchestrator/stages/known-check.test.ts',
    planted: 'test/scenarios/checks/base-tests.long.test.ts',
    ...{ trace: SCREEN_FILE, picture: SCREEN_FILE, archive: SCREEN_FILE },
    page: 'test/red-team/pages.long.test.ts',
    ...{ edited: AUDIT_FILE, truncated: AUDIT_FILE, reordered: AUDIT_FILE, torn: AUDIT_FILE },
  }),
  ...keyed(INJECTION_ROWS, {
    otherwise: 'test/red-team/injection-words.test.ts',
    ...{ advice: MODELS_FILE, title: MODELS_FILE, review: MODELS_FILE },
    ...{ push: INJECTION_FILE, nextRun: INJECTION_FILE },
    ...{ claims: INJECTION_FILE, sibling: INJECTION_FILE },
  }),
  ...HIJACKS.map((row) => ({
    ...{ row, file: 'test/red-team/hijack.test.ts' },
    names: 'it.for(HIJACKS)',
  })),
];

/** Tests name such a row by its key. */
function keyed<K extends string>(
  rows: Readonly<Record<K, Attack>>,
  files: { readonly otherwise: string } & Partial<Record<NoInfer<K>, string>>,
): Proof[] {
  const all = Object.entries(rows) as [K, Attack][];
  return all.map(([key, row]) => ({
    ...{ row, file: files[key] ?? files.otherwise },
    names: `ROWS.${key}`,
  }));
}
