/** Folders in memory: where, how large, whose, and with nothing in them that the kernel would trust. */

type Loose = Readonly<Record<string, unknown>>;

/** A folder in memory in another place would hide what an image has there, `/etc` or `/opt`. */
const DATA = /^\/(?:data|srv|var\/lib)(?:\/[a-z0-9][a-z0-9._-]{0,60}){1,4}$/;
const SCRATCH = /^rw,nosuid,nodev,(?:no)?exec,size=([1-9]\d{0,3})m,nr_inodes=[1-9]\d{0,2}k,mode=/;
const SCRATCH_MIB_MAX = 2048;
const BOUNDED = /^rw,nosuid,nodev,noexec,size=[1-9]\d{3,12},nr_inodes=[1-9]\d{0,2}k,mode=/;

export type Whose = { readonly user: unknown; readonly isService: boolean };

export function wrongMemory(value: unknown, { user, isService }: Whose): string[] {
  const folders = Object.entries((value ?? {}) as Loose);
  const [uid] = String(user).split(':');
  const own = `mode=700,uid=${uid},gid=${uid}`;
  const missing = ['/tmp', '/home/agent'].filter((at) => !folders.some(([place]) => place === at));
  return [
    ...missing.map((at) => `Tmpfs has nothing at ${at}`),
    ...folders.flatMap(([at, options]) => {
      const text = String(options);
      if (at === '/tmp') return scratch(at, text, 'mode=1777');
      if (at === '/home/agent') return scratch(at, text, own);
      if (!isService || !DATA.test(at)) return [`Tmpfs: ${at} is no place for a folder in memory`];
      return isExact(BOUNDED, text, own) ? [] : [`Tmpfs: ${at} ${WRONG}`];
    }),
  ];
}

const WRONG = "has no size, lets devices, programs or owners in, or is another user's";

function scratch(at: string, text: string, end: string): string[] {
  const mib = Number(SCRATCH.exec(text)?.[1] ?? Number.NaN);
  return mib <= SCRATCH_MIB_MAX && isExact(SCRATCH, text, end) ? [] : [`Tmpfs: ${at} ${WRONG}`];
}

/** The options of the pattern, and after them these and no more. */
function isExact(pattern: RegExp, text: string, end: string): boolean {
  return text.replace(pattern, 'mode=') === end && text.endsWith(end);
}
