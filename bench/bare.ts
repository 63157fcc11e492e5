/** The engine as anybody uses it, with nothing of ours: the floor that sandboxes are measured against. */
import Docker from 'dockerode';

/** Milliseconds from creating a container to the line that it prints. Removing it is not counted. */
export async function bareContainer(image: string): Promise<number> {
  const docker = new Docker();
  const from = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ['/bin/echo'],
    Cmd: ['ready'],
    HostConfig: { NetworkMode: 'none' },
    Labels: { 'proofhouse.bench': 'bare' },
  });
  try {
    await container.start();
    const output = await container.logs({ follow: true, stdout: true, stderr: true });
    for await (const chunk of output) {
      if (String(chunk).includes('ready')) return performance.now() - from;
    }
    throw new Error('the bare container printed nothing');
  } finally {
    await container.remove({ force: true });
  }
}

type BareCommand = { readonly image: string; readonly folder: string; readonly script: string };

/** Milliseconds from creating a container to its end; the folder is its workspace, to read. */
export async function bareCommand({ image, folder, script }: BareCommand): Promise<number> {
  const docker = new Docker();
  const from = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: [script],
    WorkingDir: '/workspace',
    HostConfig: {
      NetworkMode: 'none',
      Binds: [`${folder}:/workspace:ro`],
      Tmpfs: { '/out': '', '/tmp': '' },
      ShmSize: 256 * 2 ** 20,
    },
    Labels: { 'proofhouse.bench': 'bare' },
  });
  try {
    await container.start();
    const { StatusCode: code } = (await container.wait()) as { StatusCode: number };
    const ms = performance.now() - from;
    if (code !== 0) throw new Error(`the bare container ended with ${code}`);
    return ms;
  } finally {
    await container.remove({ force: true });
  }
}
