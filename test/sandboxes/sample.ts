/** One sandbox as the factory asks for it, and the folders that the controller may hand out. */
import { RunId } from '../../orchestrator/domain/ids.ts';
import type { SandboxSpec } from '../../sandboxes/spec.ts';

export const ROOTS = ['/data/home', '/tmp/proofhouse-1'];
export const OWNER = { uid: 20_000, instance: 'abc123abc123', runtime: null };

const REPOSITORY = `/data/home/repositories/${'a'.repeat(16)}`;
export const MIRROR = `${REPOSITORY}/mirror.git`;
export const HISTORY = `${REPOSITORY}/histories/${'b'.repeat(40)}`;

export const SPEC: SandboxSpec = {
  name: 'proofhouse-r0000001-1-agent',
  run: RunId.parse('r0000001'),
  role: 'agent',
  image: `sha256:${'1'.repeat(64)}`,
  mounts: [
    {
      kind: 'volume',
      source: 'proofhouse-r0000001-1-workspace',
      target: '/workspace',
      writable: true,
    },
    { kind: 'folder', source: HISTORY, target: '/mirror', writable: false },
    {
      kind: 'folder',
      source: '/tmp/proofhouse-1/r0000001/1-agent',
      target: '/run/proofhouse',
      writable: false,
    },
  ],
  env: { HOME: '/home/agent', BASE: 'b'.repeat(40) },
  argv: ['/usr/local/bin/node', '/opt/proofhouse/launch.mjs', 'do it'],
  workingDir: '/workspace',
  joins: null,
  limits: { memoryBytes: 2 ** 30, cpus: 1.5, pids: 256, wallMs: 60_000 },
};
