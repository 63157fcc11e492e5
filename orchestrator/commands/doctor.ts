/** `doctor`: what this machine has and lacks, as a table or as JSON. Exits 4 when a run could not work. */
import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { engineOf, NODE_INSIDE, recipesOf } from '../compose.ts';
import { asFault } from '../domain/faults.ts';
import { fitting } from '../scheduler.ts';
import { columns } from '../text/columns.ts';
import { type Context, type Exit, show } from './context.ts';

const run = promisify(execFile);
const GIB = 2 ** 30;
const DISK_BYTES_WANTED = 5 * GIB;
/** `merge-tree --write-tree` came with this version. */
const GIT_WANTED = [2, 38] as const;

export type Fact = {
  readonly what: string;
  readonly state: 'ok' | 'warn' | 'lacks';
  readonly found: string;
};

export async function doctor(context: Context): Promise<Exit> {
  await mkdir(context.home, { recursive: true });
  const facts = [
    await gitFact(),
    ...(await engineFacts(context.home)),
    await diskFact(context.home),
    memoryFact(),
    {
      what: 'node',
      state: 'ok',
      found: `${process.version} here, ${NODE_INSIDE} in sandboxes`,
    } as const,
    modelFact(context),
    { what: 'data directory', state: 'ok', found: context.home } as const,
  ];
  show(
    context,
    () => columns(facts.map(({ what, state, found }) => [state, what, found])),
    () => facts,
  );
  return facts.some(({ state }) => state === 'lacks') ? 4 : 0;
}

async function gitFact(): Promise<Fact> {
  const { stdout } = await run('git', ['--version']).catch(() => ({ stdout: '' }));
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  const isEnough =
    Number(major) > GIT_WANTED[0] ||
    (Number(major) === GIT_WANTED[0] && Number(minor) >= GIT_WANTED[1]);
  const found = stdout.trim() || 'not installed';
  return {
    what: 'git',
    state: isEnough ? 'ok' : 'lacks',
    found: isEnough ? found : `${found}; ${GIT_WANTED.join('.')} or newer is needed`,
  };
}

async function engineFacts(home: string): Promise<Fact[]> {
  const engine = engineOf(home);
  try {
    const { version, apiVersion, storage, cgroups, security, folder } = await engine.describe();
    const seccomp = security.some((one) => one.includes('seccomp'));
    const lsm = security.some((one) => /apparmor|selinux/.test(one));
    return [
      {
        what: 'docker',
        state: 'ok',
        found: `${version}, API ${apiVersion}, ${storage}, cgroup v${cgroups}`,
      },
      {
        what: 'seccomp',
        state: seccomp ? 'ok' : 'lacks',
        found: seccomp ? "the engine's default profile" : 'the engine has none',
      },
      {
        what: 'AppArmor or SELinux',
        state: lsm ? 'ok' : 'warn',
        found: lsm ? 'on' : 'not offered by this engine',
      },
      await imageFact(home),
      { ...(await diskFact(folder)), what: "disk of the engine's folder" },
    ];
  } catch (thrown) {
    const { message, todo } = asFault(thrown);
    return [{ what: 'docker', state: 'lacks', found: `${message} ${todo}` }];
  }
}

async function imageFact(home: string): Promise<Fact> {
  const engine = engineOf(home);
  const missing: string[] = [];
  for (const { name, tag } of recipesOf()) {
    await engine.imageId(tag).catch(() => missing.push(name));
  }
  return missing.length === 0
    ? {
        what: 'images',
        state: 'ok',
        found: recipesOf()
          .map(({ tag }) => tag)
          .join(', '),
      }
    : {
        what: 'images',
        state: 'lacks',
        found: `missing: ${missing.join(', ')}; build them with scripts/setup`,
      };
}

async function diskFact(folder: string): Promise<Fact> {
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: 0, bsize: 0 }));
  const free = bavail * bsize;
  return {
    what: 'disk',
    state: free < DISK_BYTES_WANTED ? 'warn' : 'ok',
    found: `${(free / GIB).toFixed(1)} GiB free at ${folder}`,
  };
}

function modelFact(context: Context): Fact {
  const { kind, shown } = context.model(null);
  return { what: 'model', state: kind === 'none' ? 'warn' : 'ok', found: shown };
}

function memoryFact(): Fact {
  const runs = fitting(availableParallelism(), freemem());
  return {
    what: 'cores and memory',
    state: 'ok',
    found: `${availableParallelism()} cores, ${(freemem() / GIB).toFixed(1)} of ${(totalmem() / GIB).toFixed(1)} GiB free: ${runs} runs at once`,
  };
}
