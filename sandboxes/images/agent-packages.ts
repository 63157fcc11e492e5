/**
 * What npm installs for one agent CLI, made from `agents.lock.yaml`: its package, and what it needs
 * besides on this machine. Nothing else comes along: no package's own wishes are asked.
 */
import type { LockedAgent } from '../../orchestrator/domain/agent-lock.ts';
import { Fault } from '../../orchestrator/domain/faults.ts';

type Arch = keyof LockedAgent['platforms'];

/** `package.json` and `package-lock.json` for `npm ci`. */
export function agentPackages(name: string, agent: LockedAgent, arch: string): Packages {
  const platform = agent.platforms[arch as Arch];
  if (platform === undefined && Object.keys(agent.platforms).length > 0) {
    const has = Object.keys(agent.platforms).join(', ');
    throw new Fault(
      'image_missing',
      `${name} ${agent.version} is not made for ${arch}; for ${has}`,
    );
  }
  const all = platform === undefined ? [agent] : [agent, platform];
  const dependencies = Object.fromEntries(all.map((one) => [folderOf(one), wantedOf(one)]));
  const manifest = { name: `proofhouse-image-${name}`, private: true, dependencies };
  const locked = all.map((one) => [`node_modules/${folderOf(one)}`, lockedOf(one)]);
  const packages = { '': manifest, ...Object.fromEntries(locked) };
  return {
    'package.json': json(manifest),
    'package-lock.json': json({ ...manifest, lockfileVersion: 3, requires: true, packages }),
  };
}

type Packages = { readonly 'package.json': string; readonly 'package-lock.json': string };
type One = Pick<LockedAgent, 'package' | 'version' | 'integrity'> & {
  readonly as?: string | undefined;
};

const folderOf = (one: One): string => one.as ?? one.package;

function wantedOf(one: One): string {
  return one.as === undefined ? one.version : `npm:${one.package}@${one.version}`;
}

function lockedOf({ as, package: name, version, integrity }: One) {
  return { ...(as === undefined ? {} : { name }), version, integrity };
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
