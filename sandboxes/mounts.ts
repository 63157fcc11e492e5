/**
 * Mounts that the controller makes below its data directory, for which it must be root.
 *
 * What is mounted is read from the kernel and never remembered: a controller that was killed left
 * mounts, and whoever comes next finds them by their path.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CALL_MS = 20_000;
const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } as const;
/** Whatever lies in there was made by somebody whom nobody trusts. */
const SAFE = 'nosuid,nodev,noatime';

export type Size = { readonly bytes: number; readonly inodes: number };

/** Makes a file system of this size in a sparse file and mounts it. The loop device goes with the mount. */
export async function mountImage(image: string, folder: string, size: Size): Promise<void> {
  await call('mkfs.ext4', [
    ...['-q', '-F', '-m', '0', '-b', '4096', '-N', String(size.inodes)],
    // Nothing in it outlives its attempt, so no journal; its tables are zeros in a sparse file already.
    ...['-O', '^has_journal', '-E', 'lazy_itable_init=1,nodiscard'],
    image,
    `${Math.ceil(size.bytes / 1024)}k`,
  ]);
  await mountAgain(image, folder);
}

/** Mounts an image that is there already, as after the machine started anew. */
export async function mountAgain(image: string, folder: string): Promise<void> {
  await call('mount', ['-t', 'ext4', '-o', `loop,${SAFE},noinit_itable`, image, folder]);
}

export async function mountMemory(folder: string, { bytes, inodes }: Size): Promise<void> {
  const options = `${SAFE},size=${bytes},nr_inodes=${inodes},mode=755`;
  await call('mount', ['-t', 'tmpfs', '-o', options, 'proofhouse', folder]);
}

/** Unmounts everything at this folder and below, as often as it is mounted. Safe to repeat. */
export async function unmountBelow(folder: string): Promise<void> {
  const found = (await mounts()).filter(({ at }) => at === folder || at.startsWith(`${folder}/`));
  // The last one mounted is on top.
  for (const { at } of found.reverse()) {
    // One that is still looked into goes as soon as nobody does.
    await call('umount', ['--', at]).catch(() => call('umount', ['-l', '--', at]));
  }
}

export type Mounted = { readonly at: string; readonly type: string };

/** As the kernel lists them, oldest first. */
export async function mounts(): Promise<Mounted[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return readMounts(text);
}

/** `ID PARENT MAJOR:MINOR ROOT AT OPTIONS … - TYPE SOURCE …`, with blanks in paths as `\040`. */
export function readMounts(text: string): Mounted[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const fields = line.split(' ');
      const at = (fields[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      );
      return { at, type: fields[fields.indexOf('-', 6) + 1] ?? '' };
    });
}

async function call(program: string, args: readonly string[]): Promise<void> {
  await run(program, [...args], { env: ENV, timeout: CALL_MS, killSignal: 'SIGKILL' });
}
