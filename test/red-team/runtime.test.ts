/** Sandboxes run under the runtime that was chosen, or not at all. */
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { engineOf } from '../../orchestrator/compose.ts';
import { scratch } from '../scenarios/support.ts';
import { ours as oursOf, withHost } from './sandbox/body.ts';
import { baseImage, run } from './sandbox/engine.ts';

const { Runtimes } = await new Docker().info();
const has = Object.keys(Runtimes ?? {});

test('the one that every engine has is let through', async () => {
  await expect(engineOf(scratch('runtime'), 'runc').needRuntime()).resolves.toBeUndefined();
});

test.skipIf(has.includes('runsc'))(
  'one that the engine has not got is refused by name',
  async () => {
    await expect(engineOf(scratch('runtime'), 'runsc').needRuntime()).rejects.toMatchObject({
      code: 'runtime_missing',
      message: expect.stringContaining('runsc, and the engine has'),
    });
  },
);

test.runIf(has.includes('runsc'))(
  'runsc has a kernel of its own, and the sandbox works',
  async () => {
    const image = await baseImage();
    const script =
      'uname -r; cd /tmp && git init -q x && node -e "console.log(1 + 1)"; ls /sys/class/net';
    const plain = await run(oursOf(image, script));
    const own = await run(withHost(oursOf(image, script), { Runtime: 'runsc' }));
    const [kernel, ...rest] = own.out.split('\n');
    expect(kernel).not.toBe(plain.out.split('\n')[0]);
    expect(rest[0]).toBe('2');
    expect(own.told.HostConfig.Runtime).toBe('runsc');
  },
);
