/** `services:` of the workspace file: what real test suites talk to, on loopback and nowhere else. */
import { z } from 'zod';
import { key } from '../../policies/schema/words.ts';
import { Memory, Timeout } from '../../policies/units.ts';
import type { Service } from '../ports.ts';

const SERVICES_MAX = 8;
const READY_DEFAULT_MS = 30_000;
const READY_MAX_MS = 300_000;
const MEMORY_DEFAULT_BYTES = 256 * 2 ** 20;
/** What starts the images that Proofhouse itself makes. */
const OWN_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  postgres: ['/opt/proofhouse/postgres'],
};

const Word = z
  .string('expected a word in quotes')
  .max(4_096, 'a word has at most 4,096 characters')
  .refine((word) => !word.includes('\0'), { error: 'a word holds no NUL' });
const Argv = z
  .array(Word, 'expected a command as a list of words, as in [redis-server]')
  .min(1, 'expected a command and its arguments')
  .max(64, 'a command has at most 64 words');
const Name = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,19}$/, 'expected a name of at most 20 lower-case letters and digits');
const Image = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]+([._/-][a-z0-9]+)*(:\w[\w.-]{0,60})?$/,
    'expected an image of ours, as postgres, or the name of one that is allowed, as redis:7',
  );
const Ready = z
  .strictObject({
    port: key(z.int().min(1).max(65_535).optional(), 'The port that answers once it is ready.'),
    run: key(Argv.optional(), 'A command of its image that ends with 0 once it is ready.'),
    within: key(
      Timeout.refine((ms) => ms <= READY_MAX_MS, 'expected at most 5m').default(READY_DEFAULT_MS),
      'How long that may take, at most 5m. By default 30s.',
    ),
  })
  .refine(({ port, run }) => (port === undefined) !== (run === undefined), {
    error: 'expected either a `port` that answers or a command to `run`',
  });
/** Where a service may keep its data: in memory, and gone with it. */
const Data = z
  .string()
  .regex(
    /^\/(data|srv|var\/lib)(\/[a-z0-9][a-z0-9._-]{0,60}){1,4}$/,
    'expected a folder below /data, /srv or /var/lib',
  );
const Env = z
  .record(z.string().regex(/^[A-Z][A-Z0-9_]{0,60}$/, 'expected a name such as POSTGRES_DB'), Word)
  .refine((env) => Object.keys(env).length <= 50, 'at most 50 names');

const ServiceEntry = z
  .strictObject({
    name: key(Name, 'What it is called in logs and findings.'),
    image: key(
      Image,
      'An image of ours, as postgres, or redis:7 where the engine has proofhouse-service/redis:7. Nothing is fetched.',
    ),
    run: key(Argv.optional(), 'The command that starts it; only our own images have one.'),
    env: key(
      Env.default({}),
      'Variables it is started with. No secrets: the file is in your repository.',
    ),
    ready: key(Ready, 'How to tell that it answers: either a port or a command.'),
    seed: key(
      z.array(Argv).max(16, 'at most 16 commands are run').default([]),
      'Commands of its image that fill it once it is ready, in the files of the base commit.',
    ),
    memory: key(Memory.default(MEMORY_DEFAULT_BYTES), 'What its sandbox has. By default 256MiB.'),
    data: key(
      Data.nullable().default(null),
      'Where it keeps its data: in memory, and gone with it. Below /data, /srv or /var/lib.',
    ),
  })
  .refine(({ image, run }) => run !== undefined || Object.hasOwn(OWN_COMMANDS, image), {
    path: ['run'],
    error: 'expected `run`, the command that starts it; only our own images have one',
  });

export const Services = z
  .array(ServiceEntry, 'expected a list of services')
  .max(SERVICES_MAX, `at most ${SERVICES_MAX} services are started`)
  .check(({ value, issues }) => {
    const names = value.map(({ name }) => name);
    for (const [at, name] of names.entries()) {
      if (names.indexOf(name) === at) continue;
      const message = `another service has the name \`${name}\``;
      issues.push({ code: 'custom', input: name, message, path: [at, 'name'] });
    }
  })
  .transform((all) => all.map(serviceOf))
  .default([]);

function serviceOf(entry: z.output<typeof ServiceEntry>): Service {
  const { name, image, run, env, ready, seed, memory, data } = entry;
  return {
    ...{ name, image, env, seed, data, memoryBytes: memory },
    argv: run ?? OWN_COMMANDS[image] ?? [],
    ready: ready.port === undefined ? { argv: ready.run ?? [] } : { port: ready.port },
    readyMs: ready.within,
  };
}
