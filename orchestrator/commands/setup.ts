/** `setup`: the sandbox images that this machine lacks. The shell part is `scripts/setup`. */

import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { engineOf, NODE_INSIDE, SERVICE_IMAGES, type ServiceImage } from '../compose.ts';
import { Fault } from '../domain/faults.ts';
import type { Context, Exit } from './context.ts';

export async function setup(context: Context, services: readonly string[]): Promise<Exit> {
  const scratch = path.join(context.home, 'images');
  await mkdir(scratch, { recursive: true });
  const images = await engineOf(context.home).buildImages({
    scratch,
    node: nodeBinary(),
    nodeVersion: NODE_INSIDE,
    services: services.map(known),
    progress: (image, what) => context.err(`proofhouse setup: image ${image}: ${what}`),
  });
  if (context.json) context.out(JSON.stringify(Object.fromEntries(images)));
  return 0;
}

function known(name: string): ServiceImage {
  const found = SERVICE_IMAGES.find((one) => one === name);
  if (found !== undefined) return found;
  const names = SERVICE_IMAGES.join(', ');
  throw new Fault('usage', `there is no image of a service "${name}"; there is ${names}`);
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
