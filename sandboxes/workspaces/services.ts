/**
 * Services of one agent or one check: a database, a cache.
 *
 * The first has an empty network of its own, and everything else joins that: the other services, and
 * whoever they are for. So 127.0.0.1 answers, and there is nothing else to reach. They are made anew for
 * each owner; what one left in a database is never seen by the next.
 */
import { setTimeout as later } from 'node:timers/promises';
import { asFault, Fault } from '../../orchestrator/domain/faults.ts';
import type { OnLine, Place, SandboxEnd, Service } from '../../orchestrator/ports.ts';
import type { Mount, SandboxSpec } from '../spec.ts';
import { keepTail } from '../tool.ts';
import type { Ground } from './house.ts';
import { specOf } from './launch.ts';
import { sandboxName } from './names.ts';

const MIB = 2 ** 20;
const TAIL_LINES = 20;
const LOOK_LINES = 3;
const TOOL_BYTES = 256 * MIB;
const PROBE_MS = 10_000;
const PROBE_EVERY_MS = 250;
const SEED_MS = 5 * 60_000;
/** From the end of a sandbox until we hear of it. */
const END_HEARD_MS = 1_000;
/** More than its owner may take; whoever forgets one finds it ended all the same. */
const LIFE_MS = 24 * 3_600_000;

export type Owner = { readonly place: Place; readonly part: string };

/** The sandbox whose network everybody shares; null without services. */
export function networkOf(owner: Owner, services: readonly Service[]): string | null {
  const [first] = services;
  return first === undefined ? null : nameOf(owner, first);
}

/** Started, ready and seeded, one after the other. Throws `service_not_ready` with its last lines. */
export async function startServices(
  house: Ground,
  owner: Owner,
  services: readonly Service[],
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const service of services) {
      const network = service === services[0] ? null : networkOf(owner, services);
      await startService(house, owner, { service, network }, signal);
    }
  } catch (thrown) {
    await stopServices(house, owner, services);
    throw thrown;
  }
}

/** Gone afterwards, running or not, there or not. */
export async function stopServices(
  { engine }: Ground,
  owner: Owner,
  services: readonly Service[],
): Promise<void> {
  // The first holds the network of the others, and so goes last.
  for (const service of services.toReversed()) {
    await engine.remove(`${nameOf(owner, service)}-tool`);
    await engine.remove(nameOf(owner, service));
  }
}

type Starting = { readonly service: Service; readonly network: string | null };

async function startService(
  house: Ground,
  owner: Owner,
  { service, network }: Starting,
  signal: AbortSignal,
): Promise<void> {
  const spec = await serviceSpec(house, owner, { service, network });
  await house.engine.remove(spec.name);
  await house.engine.ensure(spec);
  const tail = keepTail(TAIL_LINES);
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  // Its output is followed until it is ready: one that ends before is not waited for.
  const ended = house.engine.follow(spec, tail.onLine, until);
  ended.catch(() => {});
  try {
    await filled(house, owner, { service, ended, tail: tail.lines }, until);
  } catch (thrown) {
    if (asFault(thrown).code !== 'engine_failed') throw thrown;
    // Nothing can join the network of a sandbox that has ended, which the engine may say before we hear of the end.
    const end = await Promise.race([ended, later(END_HEARD_MS, null, { signal })]);
    throw end === null ? thrown : notReady(service, end, tail.lines);
  } finally {
    stop.abort();
    await ended.catch(() => {});
  }
}

type Running = {
  readonly service: Service;
  readonly ended: Promise<SandboxEnd>;
  readonly tail: readonly string[];
};

/** Ready, and seeded then. */
async function filled(
  house: Ground,
  owner: Owner,
  { service, ended, tail }: Running,
  signal: AbortSignal,
): Promise<void> {
  const looked = keepTail(LOOK_LINES);
  const look = ready(house, owner, { service, onLine: looked.onLine }, signal);
  const end = await Promise.race([ended, look]);
  if (end !== 'ready') throw notReady(service, end, [...tail, ...looked.lines]);
  for (const argv of service.seed) await seed(house, owner, { service, argv }, signal);
}

async function serviceSpec(
  house: Ground,
  owner: Owner,
  { service, network }: Starting,
): Promise<SandboxSpec> {
  const image = await house.image(service.image);
  const open = (await house.engine.imageVolumes(image)).filter((one) => one !== service.data);
  if (open.length > 0) {
    // The engine would make each a folder on its own disk that no limit holds (and no `noexec`).
    const what = `the image ${service.image} of service "${service.name}" declares ${open.join(', ')}`;
    throw new Fault('workspace_invalid', `${what}; name that folder under data`);
  }
  return {
    ...(await toolSpec(house, owner, service, service.argv)),
    name: nameOf(owner, service),
    image,
    joins: network,
    limits: { memoryBytes: service.memoryBytes, cpus: 1, pids: 256, wallMs: LIFE_MS },
  };
}

type Looking = { readonly service: Service; readonly onLine: OnLine };

/** Whether it was ready before its time was over. */
async function ready(
  house: Ground,
  owner: Owner,
  { service, onLine }: Looking,
  signal: AbortSignal,
): Promise<'ready' | 'late'> {
  const deadline = Date.now() + service.readyMs;
  do {
    const end = await look(
      house,
      owner,
      { service, onLine, untilMs: deadline - Date.now() },
      signal,
    );
    if (end.ended === 'exited' && end.exitCode === 0) return 'ready';
    await later(PROBE_EVERY_MS, undefined, { signal });
  } while (Date.now() < deadline);
  return 'late';
}

async function look(
  house: Ground,
  owner: Owner,
  { service, onLine, untilMs }: Looking & { readonly untilMs: number },
  signal: AbortSignal,
): Promise<SandboxEnd> {
  if (!('port' in service.ready)) {
    const { argv } = service.ready;
    const spec = {
      ...(await toolSpec(house, owner, service, argv)),
      image: await house.image(service.image),
    };
    return runOnce(house, { spec, onLine }, signal);
  }
  const part = `${owner.part}-${service.name}-ready`;
  const spec = await specOf(house, owner.place, {
    part,
    role: 'service',
    image: 'base',
    door: false,
    ...{ argv: ['/bin/true'], env: {}, files: {}, mounts: [] },
    ...{ memoryBytes: TOOL_BYTES, wallMs: untilMs + PROBE_MS },
    network: nameOf(owner, service),
    waitFor: { port: service.ready.port, timeoutMs: Math.max(0, untilMs) },
  });
  const tool = { ...spec, name: `${nameOf(owner, service)}-tool` };
  return runOnce(house, { spec: tool, onLine }, signal);
}

async function seed(
  house: Ground,
  owner: Owner,
  { service, argv }: { service: Service; argv: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const mounts: Mount[] = [await house.base(owner.place, signal)];
  const tool = await toolSpec(house, owner, service, argv);
  const limits = { ...tool.limits, wallMs: SEED_MS };
  const image = await house.image(service.image);
  const tail = keepTail(TAIL_LINES);
  const spec = { ...tool, image, mounts, limits, workingDir: '/workspace' };
  const end = await runOnce(house, { spec, onLine: tail.onLine }, signal);
  if (end.ended === 'exited' && end.exitCode === 0) return;
  const what = `seeding the service "${service.name}" with ${argv[0]} ${howItEnded(end)}`;
  throw new Fault(
    'service_not_ready',
    `${what}; it printed:\n${tail.lines.join('\n') || 'nothing'}`,
  );
}

/** In the service's own image and network, to look at it or to fill it. */
async function toolSpec(
  house: Ground,
  owner: Owner,
  service: Service,
  argv: readonly string[],
): Promise<SandboxSpec> {
  return {
    name: `${nameOf(owner, service)}-tool`,
    run: owner.place.run,
    uid: await house.uidOf(owner.place.repository),
    role: 'service',
    image: '',
    mounts: [],
    env: { HOME: '/tmp', ...service.env },
    argv,
    workingDir: '/',
    joins: nameOf(owner, service),
    // Of its own, as a volume that the image declares would be, and bounded.
    data: service.data === null ? null : { target: service.data, bytes: service.memoryBytes },
    limits: { memoryBytes: TOOL_BYTES, cpus: 1, pids: 64, wallMs: PROBE_MS },
  };
}

async function runOnce(
  { engine }: Ground,
  { spec, onLine }: { readonly spec: SandboxSpec; readonly onLine: OnLine },
  signal: AbortSignal,
): Promise<SandboxEnd> {
  await engine.remove(spec.name);
  try {
    await engine.ensure(spec);
    return await engine.follow(spec, onLine, signal);
  } finally {
    await engine.remove(spec.name);
  }
}

function notReady(service: Service, end: SandboxEnd | 'late', lines: readonly string[]): Fault {
  const within = `within ${service.readyMs / 1000} s`;
  const why = end === 'late' ? `was not ready ${within}` : howItEnded(end);
  const said = lines.join('\n') || 'nothing';
  return new Fault(
    'service_not_ready',
    `the service "${service.name}" (${service.image}) ${why}; it printed:\n${said}`,
  );
}

function howItEnded({ ended, exitCode }: SandboxEnd): string {
  if (ended === 'oom') return 'ran out of memory';
  return ended === 'exited' ? `ended with exit code ${exitCode}` : `ended (${ended})`;
}

function nameOf({ place, part }: Owner, { name }: Service): string {
  return sandboxName(place, `${part}-service-${name}`);
}
