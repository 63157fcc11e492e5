/** One sandbox as the factory asks for it, and the folders that the controller may hand out. */
import { RunId } from '../../orchestrator/domain/ids.ts';
import type { SandboxSpec } from '../../sandboxes/spec.ts';

export const ROOTS = ['/data/home', '/tmp/proofhouse-1'];
export const OWNER = { uid: 20_000, instance: 'abc123abc123' };

export const SPEC: SandboxSpec = {
  name: 'proofhouse-abc123abc123-r0000001-1-agent',
  run: RunId.parse('r0000001'),
  role: 'agent',
  image: `sha256:${'1'.repeat(64)}`,
  mounts: [
    { kind: 'volume', source: 'proofhouse-abc-r0000001-1', target: '/workspace', writable: true },
    { kind: 'folder', source: '/data/home/mirror.git', target: '/mirror', writable: false },
    {
      kind: 'folder',
      source: '/tmp/proofhouse-1/agent',
      target: '/run/proofhouse',
      writable: false,
    },
  ],
  env: { HOME: '/home/agent', CI: '1' },
  argv: ['codex', 'exec', 'do it'],
  workingDir: '/workspace',
  joins: null,
  limits: { memoryBytes: 2 ** 30, cpus: 1.5, pids: 256, wallMs: 60_000 },
};
