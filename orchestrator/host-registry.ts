/** The npm registry as this host's own client is configured with it. No address of one is in any file of ours. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { RegistryUpstream } from '../gateway/registry/proxy.ts';

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
  const { stdout } = await run('npm', ['config', 'get', 'registry', 'cafile', '--json']).catch(() => ({ stdout: '{}' }));
  const { registry, cafile } = JSON.parse(stdout || '{}') as { registry?: string; cafile?: string | null };
  const url = registry ?? (await run('npm', ['config', 'get', 'registry'])).stdout.trim();
  return cafile ? { url, ca: [await readFile(cafile, 'utf8')] } : { url };
}
