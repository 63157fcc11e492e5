/**
 * A request for a sandbox as we make it, and one with a single field changed. What the check refuses is
 * given to the engine past it, by the engine's own API.
 */
import { newRunId } from '../../../orchestrator/commands/names.ts';
import { denied } from '../../../sandboxes/deny.ts';
import { containerBody, type Role, type SandboxSpec } from '../../../sandboxes/spec.ts';

const MIB = 2 ** 20;
const OWNER = { uid: 20_000, instance: 'abcdefabcdef', runtime: null };

export type Body = ReturnType<typeof ours>;

/** Ours, running a script of the attacker's. */
export function ours(image: string, script: string, uid = OWNER.uid, role: Role = 'agent') {
  const run = newRunId();
  const spec: SandboxSpec = {
    ...{ name: `proofhouse-${run}-1-${role}`, run, role, image, mounts: [], uid },
    env: { HOME: '/home/agent' },
    argv: ['/bin/sh', '-c', script],
    ...{ workingDir: '/', joins: null },
    limits: {
      memoryBytes: 1024 * MIB,
      cpus: 2,
      pids: role === 'browser' ? 512 : 128,
      wallMs: 60_000,
    },
  };
  return { name: spec.name, ...containerBody(spec, OWNER) };
}

export const withHost = (body: Body, over: Readonly<Record<string, unknown>>): Body => ({
  ...body,
  HostConfig: { ...body.HostConfig, ...over },
});

export const reasons = (body: Body): readonly string[] => denied(body, []);
