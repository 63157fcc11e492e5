/** The engine by its own API, past our check: what a weak controller would have asked it for. */
import Docker from 'dockerode';
import { recipesOf } from '../../../orchestrator/compose.ts';
import type { Body } from './body.ts';

const ENDS_WITHIN_MS = 60_000;

const docker = new Docker();

export type Said = {
  readonly out: string;
  readonly told: Docker.ContainerInspectInfo;
};

/** Makes the sandbox, waits for its end and gives what it printed and what the engine tells of it. */
export async function run(
  body: Body,
  afterwards: (told: Docker.ContainerInspectInfo) => Promise<void> = async () => {},
): Promise<Said> {
  const container = await docker.createContainer(body as Docker.ContainerCreateOptions);
  try {
    await container.start();
    await container.wait({ abortSignal: AbortSignal.timeout(ENDS_WITHIN_MS) });
    const told = await container.inspect();
    await afterwards(told);
    const log = await container.logs({ follow: false, stdout: true, stderr: true, tail: 100 });
    return { out: textOf(log), told };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** The second one's words, said while the first one holds what it says that it holds. */
export async function runBeside(first: Body, holds: RegExp, second: Body): Promise<string> {
  const container = await docker.createContainer(first as Docker.ContainerCreateOptions);
  try {
    await container.start();
    const log = await container.logs({
      ...{ follow: true, stdout: true, stderr: true },
      abortSignal: AbortSignal.timeout(ENDS_WITHIN_MS),
    });
    for await (const chunk of log) if (holds.test(String(chunk))) break;
    return (await run(second)).out;
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** Frames of eight bytes and a text. */
function textOf(log: Buffer): string {
  let text = '';
  for (let at = 0; at + 8 <= log.length; ) {
    const size = log.readUInt32BE(at + 4);
    text += log.toString('utf8', at + 8, at + 8 + size);
    at += 8 + size;
  }
  return text.trim();
}

/** Of the host, on the network that a sandbox without a rule of ours would be in. */
export async function bridgeAddress(): Promise<string> {
  const { IPAM } = await docker.getNetwork('bridge').inspect();
  const address = IPAM?.Config?.[0]?.Gateway;
  if (address === undefined) throw new Error('the engine of this machine has no bridge');
  return address;
}

/** Id of the image that agents run in. */
export const baseImage = (): Promise<string> => imageId('base');

export async function imageId(named: string): Promise<string> {
  const tag = recipesOf().find(({ name }) => name === named)?.tag ?? '';
  return (await docker.getImage(tag).inspect()).Id;
}
