/** `setup`: the sandbox images that this machine lacks. The shell part is `scripts/setup`. */

import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { engineOf, insideImages, SERVICE_IMAGES } from '../compose.ts';
import { AGENT_NAMES } from '../domain/agent-lock.ts';
import { Fault } from '../domain/faults.ts';
import type { Context, Exit } from './context.ts';

/** What is built besides, by name. Nothing proprietary is among the rest. */
export type Wanted = { readonly services: readonly string[]; readonly agents: readonly string[] };

export async function setup(context: Context, { services, agents }: Wanted): Promise<Exit> {
  const wanted = [
    ...services.map((name) => known(name, 'a service', SERVICE_IMAGES)),
    ...agents.map((name) => known(name, 'an agent', AGENT_NAMES)),
  ];
  const scratch = path.join(context.home, 'images');
  await mkdir(scratch, { recursive: true });
  const images = await engineOf(context.home).buildImages({
    scratch,
    node: nodeBinary(),
    inside: insideImages(),
    wanted,
    progress: (image, what) => context.err(`proofhouse setup: image ${image}: ${what}`),
  });
  if (context.json) context.out(JSON.stringify(Object.fromEntries(images)));
  return 0;
}

function known(name: string, what: string, names: readonly string[]): string {
  if (names.includes(name)) return name;
  throw new Fault('usage', `there is no image of ${what} "${name}"; there is ${names.join(', ')}`);
}

/** The Node that our own packages bring; the same goes into the images. */
function nodeBinary(): string {
  const name = `node-linux-${process.arch}`;
  try {
    return path.join(
      path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)),
      'bin',
      'node',
    );
  } catch (cause) {
    throw new Fault('image_missing', `the package ${name} is not installed; sandboxes need it`, {
      cause,
    });
  }
}
