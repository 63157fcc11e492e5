/** The npm registry as this host's own client is configured with it. No address of one is in any file of ours. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { RegistryUpstream } from './proxy.ts';

const run = promisify(execFile);

/** Asks npm once; where it keeps its own certificates, they come along. */
export function hostRegistry(): () => Promise<RegistryUpstream> {
  let asked: Promise<RegistryUpstream> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

async function ask(): Promise<RegistryUpstream> {
  const url = await setting('registry');
  const cafile = await setting('cafile');
  return cafile === 'null' ? { url } : { url, ca: [await readFile(cafile, 'utf8')] };
}

async function setting(name: string): Promise<string> {
  const { stdout } = await run('npm', ['config', 'get', name]).catch((cause: unknown) => {
    throw new Fault('dependencies_failed', `npm on this machine does not say its ${name}`, {
      cause,
    });
  });
  return stdout.trim();
}
