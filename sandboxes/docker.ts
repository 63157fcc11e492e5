/**
 * The local Docker engine. Everything made here bears the label `proofhouse` with the instance's id,
 * has a name made from the run, and is found again by it after a crash.
 *
 * No call waits for ever: an engine that does not answer is broken machinery, not a slow task.
 */
import type { Duplex } from 'node:stream';
import { setTimeout as later } from 'node:timers/promises';
import Docker from 'dockerode';
import { digestOf } from '../orchestrator/domain/canonical.ts';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { RunId } from '../orchestrator/domain/ids.ts';
import type { EngineFacts } from '../orchestrator/domain/machine.ts';
import type { OnLine, SandboxEnd } from '../orchestrator/ports.ts';
import { ageMs } from './age.ts';
import { denied } from './deny.ts';
import { misled } from './deny-mounts.ts';
import {
  absent,
  absentOrGoing,
  alreadySo,
  type Call,
  callWithin,
  type EngineError,
  named,
} from './engine-call.ts';
import { endpointOf, engineFacts, type Modem, refuseOpen } from './engine-facts.ts';
import { type Found, labels, nameParts, thing, volumeLabels } from './engine-names.ts';
import type { FoundImage } from './gc-plan.ts';
import { type BuildOptions, buildImages } from './images/build.ts';
import { lineReader } from './lines.ts';
import { type Overlay, overlayOptions } from './overlay.ts';
import { containerBody, isStreamed, type Runtime, type SandboxSpec } from './spec.ts';

const CALL_MS = 30_000;
const IMAGE_NAME = /^[a-z0-9]+(?:[._/:@-][a-z0-9]+)*$/i;

export type Engine = {
  /** Whose things these are; part of the name of what all its runs share. */
  readonly instance: string;
  /** Throws `runtime_missing` unless the engine has the runtime that was chosen; asks nothing without one. */
  needRuntime(): Promise<void>;
  /** Starts the sandbox unless one of this name is there already; made at once, and started when `after` is over. */
  ensure(spec: SandboxSpec, after?: Promise<unknown>): Promise<void>;
  /**
   * Starts a sandbox whose standard streams are a connection: what is written is its input, what is read
   * comes as the engine frames it. For roles that are streamed; there must be none of this name.
   */
  join(spec: SandboxSpec): Promise<Duplex>;
  /** Whether there is a sandbox of this name, running or not. */
  has(name: string): Promise<boolean>;
  /** Reads its output from the start and resolves when it has ended, by itself or at its time limit. */
  follow(spec: SandboxSpec, onLine: OnLine, signal: AbortSignal): Promise<SandboxEnd>;
  /** Ends it without removing it; nothing happens when it is not running. */
  kill(name: string): Promise<void>;
  /** Gone afterwards, running or not, there or not. */
  remove(name: string): Promise<void>;
  /** Makes the volume anew: whatever had this name is gone. */
  freshOverlay(name: string, run: RunId, overlay: Overlay): Promise<void>;
  /** Makes an empty volume unless one of this name is there; null for one that all runs share. */
  ensureVolume(name: string, run: RunId | null): Promise<void>;
  removeVolume(name: string): Promise<void>;
  /** Removes every sandbox and volume of a run, or of this instance. */
  removeAll(of: { run: RunId } | 'instance'): Promise<number>;
  /** Everything of this instance. Throws unless the engine gave all of it: half a list is no list. */
  mine(): Promise<Found>;
  imageId(tag: string): Promise<string>;
  /** Folders that an image wants the engine to keep on its own disk. */
  imageVolumes(id: string): Promise<readonly string[]>;
  /** Id of an image that is here, was made from one of ours and declares no volume; null for any other. */
  ownImage(name: string): Promise<string | null>;
  /** Images that Proofhouse made. */
  images(): Promise<readonly FoundImage[]>;
  /** Takes the name away, and the image with its last name. False when a sandbox is made of it. */
  removeTag(tag: string): Promise<boolean>;
  /** Removes every image that Proofhouse made, whichever instance built it. */
  removeImages(): Promise<number>;
  buildImages(options: BuildOptions): Promise<ReadonlyMap<string, string>>;
  describe(): Promise<EngineFacts>;
};

export type EngineOptions = {
  /** Names this data directory's things apart from another's on the same engine. */
  readonly instance: string;
  /** The numeric user inside sandboxes of no repository, never 0. */
  readonly uid: number;
  /** The only folders that a sandbox may be given parts of. */
  readonly roots: readonly string[];
  /** What sandboxes run under; null for the engine's own choice. */
  readonly runtime: Runtime | null;
  /** Another socket than the machine's, and how long one call may take there. */
  readonly at?: { readonly socketPath: string; readonly callMs: number };
};

type Wire = { readonly docker: Docker; readonly call: Call; readonly callMs: number };

export function openEngine(options: EngineOptions): Engine {
  const { at = null } = options;
  const docker = at === null ? new Docker() : new Docker({ socketPath: at.socketPath });
  const callMs = at?.callMs ?? CALL_MS;
  const wire = { docker, call: callWithin(callMs), callMs };
  const { call } = wire;
  const endpoint = endpointOf(docker.modem as Modem);
  refuseOpen(endpoint);
  const sandboxes = sandboxesOn(wire, options);
  const volumes = volumesOn(wire, options);
  return {
    instance: options.instance,
    needRuntime: () => needRuntime(wire, options.runtime),
    ...sandboxes,
    ...volumes,
    ...imagesOn(wire),
    removeAll: (of) => {
      return removeAll(wire, labelsOf(of, options.instance), {
        remove: sandboxes.remove,
        removeVolume: volumes.removeVolume,
      });
    },
    mine: () => mine(wire, options.instance),
    describe: async () => {
      const [info, version] = await call('info', Promise.all([docker.info(), docker.version()]));
      const facts = engineFacts({ info, version, endpoint });
      // Whoever asks wants to know what sandboxes of ours run under.
      return { ...facts, defaultRuntime: options.runtime ?? facts.defaultRuntime };
    },
  };
}

function sandboxesOn(
  { docker, call, callMs }: Wire,
  options: EngineOptions,
): Pick<Engine, 'ensure' | 'join' | 'has' | 'follow' | 'kill' | 'remove'> {
  const container = (name: string) => docker.getContainer(name);
  const bodyOf = async (spec: SandboxSpec) => {
    const body = { name: spec.name, ...containerBody(spec, options) };
    const reasons = [...denied(body, options.roots), ...(await misled(body.HostConfig.Mounts))];
    if (reasons.length > 0) throw new Fault('internal', `sandbox refused: ${reasons.join('; ')}`);
    await needRuntime({ docker, call, callMs }, options.runtime);
    return body as typeof body & Docker.ContainerCreateOptions;
  };
  return {
    join: async (spec) => {
      await call('create', docker.createContainer(await bodyOf(spec)));
      const streams = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };
      const joined = await call('attach', container(spec.name).attach(streams));
      await call('start', container(spec.name).start());
      return joined as Duplex;
    },
    ensure: async (spec, after) => {
      const body = await bodyOf(spec);
      let state = await call('inspect', container(spec.name).inspect()).catch(absent);
      if (state !== null && isOutdated(state, body)) {
        await call('remove', container(spec.name).remove({ force: true })).catch(absentOrGoing);
        state = null;
      }
      if (state === null) {
        await call('create', docker.createContainer(body));
      }
      if (state === null || state.State.Status === 'created') {
        await after;
        await call('start', container(spec.name).start()).catch(alreadySo);
      }
    },
    has: async (name) => (await call('inspect', container(name).inspect()).catch(absent)) !== null,
    follow: (spec, onLine, signal) =>
      follow({ container: container(spec.name), spec, call, callMs }, onLine, signal),
    kill: async (name) => {
      await call('kill', container(name).kill()).catch(absentOrGoing);
    },
    remove: async (name) => {
      await call('remove', container(name).remove({ force: true, v: true })).catch(absentOrGoing);
    },
  };
}

async function needRuntime({ docker, call }: Wire, runtime: Runtime | null): Promise<void> {
  if (runtime === null) return;
  const { Runtimes } = await call('info', docker.info());
  const has = Object.keys(Runtimes ?? {});
  if (has.includes(runtime)) return;
  const what = `sandboxes are to run under ${runtime}, and the engine has ${has.sort().join(', ')}`;
  throw new Fault('runtime_missing', what);
}

/** Made and never started, and not as it would be made now: a Proofhouse of another version left it. */
function isOutdated(
  { State, Config }: Docker.ContainerInspectInfo,
  { Labels }: { readonly Labels: Readonly<Record<string, string>> },
): boolean {
  const spec = 'proofhouse.spec';
  return State.Status === 'created' && Config.Labels[spec] !== Labels[spec];
}

function volumesOn(
  { docker, call }: Wire,
  { instance }: EngineOptions,
): Pick<Engine, 'freshOverlay' | 'ensureVolume' | 'removeVolume'> {
  const removeVolume = async (name: string): Promise<void> => {
    await call('remove volume', docker.getVolume(name).remove()).catch(absent);
  };
  return {
    removeVolume,
    ensureVolume: async (name, run) => {
      // Made anew where it is there already: the engine then does nothing.
      const Labels = volumeLabels({ instance, name, run });
      await call('create volume', docker.createVolume({ Name: name, Driver: 'local', Labels }));
    },
    freshOverlay: async (name, run, overlay) => {
      await removeVolume(name);
      const o = overlayOptions(overlay);
      const role = nameParts(name)?.part ?? 'workspace';
      const volume = {
        Name: name,
        Driver: 'local',
        DriverOpts: { type: 'overlay', device: 'overlay', o },
        Labels: labels({ instance, name, run, role, spec: digestOf('volume', { o }) }),
      };
      await call('create volume', docker.createVolume(volume));
    },
  };
}

type Images = 'images' | 'imageId' | 'imageVolumes' | 'ownImage' | 'removeTag' | 'removeImages';

function imagesOn({ docker, call }: Wire): Pick<Engine, Images | 'buildImages'> {
  const own = () =>
    call('list images', docker.listImages({ filters: { label: ['proofhouse=image'] } }));
  return {
    images: async () =>
      (await own()).map((one) => ({ tags: one.RepoTags ?? [], madeAt: one.Created * 1000 })),
    // Without force: the engine keeps what a sandbox is made of.
    removeTag: async (tag) =>
      (await call('remove image', docker.getImage(tag).remove()).catch(absentOrGoing)) !== null,
    imageId: async (tag) => {
      const image = await call('inspect image', docker.getImage(tag).inspect()).catch(absent);
      if (image === null) throw new Fault('image_missing', `the engine has no image ${tag}`);
      return image.Id;
    },
    imageVolumes: async (id) => {
      const image = await call('inspect image', docker.getImage(id).inspect()).catch(absent);
      if (image === null) throw new Fault('image_missing', `the engine has no image ${id}`);
      return Object.keys(image.Config.Volumes ?? {});
    },
    ownImage: async (name) => {
      // Anything else could name another place of the engine's API.
      if (!IMAGE_NAME.test(name)) return null;
      const image = await call('inspect image', docker.getImage(name).inspect()).catch(absent);
      // Each volume that an image declares is a folder on the engine's disk that no limit holds.
      const isOpen = Object.keys(image?.Config.Volumes ?? {}).length > 0;
      return image?.Config.Labels?.['proofhouse'] === 'image' && !isOpen ? image.Id : null;
    },
    removeImages: async () => {
      const images = await own();
      for (const { Id } of images) {
        const removal = docker.getImage(Id).remove({ force: true });
        await call('remove image', removal).catch(absentOrGoing);
      }
      return images.length;
    },
    buildImages: async (build) => {
      await call('ping', docker.ping());
      return buildImages(docker, build);
    },
  };
}

type Followed = {
  readonly container: Docker.Container;
  readonly spec: SandboxSpec;
  readonly call: Call;
  readonly callMs: number;
};

async function follow(
  { container, spec, call, callMs }: Followed,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const before = await call('inspect', container.inspect()).catch(absent);
  if (before === null) return { ended: 'lost', exitCode: null, wallMs: 0 };
  const stop = new AbortController();
  let timedOut = false;
  const leftMs = Math.max(0, spec.limits.wallMs - (await ageOf(before)));
  const deadline = later(leftMs, undefined, { signal: stop.signal })
    .then(async () => {
      timedOut = true;
      await call('kill', container.kill()).catch(() => {});
    })
    .catch(() => {});
  // An engine that hangs ends nothing at the deadline: then nobody waits for it any longer.
  const hung = AbortSignal.timeout(Math.ceil(leftMs) + 2 * callMs);
  const until = AbortSignal.any([signal, hung]);
  try {
    // What a streamed one says goes to whoever joined it, and is kept nowhere.
    if (!isStreamed(spec.role)) await readOutput({ container, call }, onLine, until);
    until.throwIfAborted();
    // Not through `call`: it may wait as long as the sandbox's own time limit.
    await container
      .wait({ abortSignal: until })
      .catch((error: EngineError) => absent(named('wait', error)));
  } catch (thrown) {
    if (!hung.aborted || signal.aborted) throw thrown;
    const what = `the engine did not end "${spec.name}" at its time limit`;
    throw new Fault('engine_failed', what, { cause: thrown });
  } finally {
    stop.abort();
    await deadline;
  }
  return endOf(await call('inspect', container.inspect()).catch(absent), timedOut, spec);
}

function endOf(
  state: Docker.ContainerInspectInfo | null,
  timedOut: boolean,
  spec: SandboxSpec,
): SandboxEnd {
  if (state === null) return { ended: 'lost', exitCode: null, wallMs: 0 };
  const { StartedAt, FinishedAt, ExitCode, OOMKilled } = state.State;
  const wallMs = Math.max(0, Date.parse(FinishedAt) - Date.parse(StartedAt));
  const late = timedOut || (ExitCode === 137 && wallMs >= spec.limits.wallMs);
  return { ended: late ? 'timed_out' : OOMKilled ? 'oom' : 'exited', exitCode: ExitCode, wallMs };
}

async function readOutput(
  { container, call }: Pick<Followed, 'container' | 'call'>,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<void> {
  const options = { follow: true, stdout: true, stderr: true, abortSignal: signal } as const;
  // One that is being removed has no more to say.
  const stream = await call('logs', container.logs(options)).catch(absentOrGoing);
  if (stream === null) return;
  const read = lineReader(onLine);
  try {
    for await (const chunk of stream) await read.push(chunk as Buffer);
  } catch (cause) {
    if (!signal.aborted)
      throw new Fault('docker_missing', 'the engine went away while a log was read', { cause });
  }
  await read.end();
}

async function removeAll(
  { docker, call }: Wire,
  label: string[],
  engine: Pick<Engine, 'remove' | 'removeVolume'>,
): Promise<number> {
  const filters = { label };
  const sandboxes = await call('list', docker.listContainers({ all: true, filters }));
  await Promise.all(sandboxes.map(({ Id }) => engine.remove(Id)));
  const { Volumes } = await call('list volumes', docker.listVolumes({ filters }));
  await Promise.all((Volumes ?? []).map(({ Name }) => engine.removeVolume(Name)));
  return sandboxes.length + (Volumes ?? []).length;
}

async function mine({ docker, call }: Wire, instance: string): Promise<Found> {
  const filters = { label: labelsOf('instance', instance) };
  const sandboxes = await call('list', docker.listContainers({ all: true, filters }));
  const { Volumes } = await call('list volumes', docker.listVolumes({ filters }));
  return {
    sandboxes: await Promise.all(
      sandboxes.map(async ({ Id, Names, State, Labels }) => ({
        ...thing((Names[0] ?? Id).replace(/^\//, ''), Labels),
        id: Id,
        isPastLimit: State === 'running' && (await isPastLimit(docker.getContainer(Id), call)),
      })),
    ),
    volumes: (Volumes ?? []).map(({ Name, Labels }) => thing(Name, Labels)),
  };
}

async function isPastLimit(container: Docker.Container, call: Call): Promise<boolean> {
  const state = await call('inspect', container.inspect()).catch(absent);
  const wallMs = Number(state?.Config.Labels['proofhouse.wall-ms']);
  return state !== null && wallMs > 0 && (await ageOf(state)) > wallMs;
}

function ageOf({ Id, State }: Docker.ContainerInspectInfo): Promise<number> {
  return ageMs({ id: Id, pid: State.Pid, startedAt: State.StartedAt }, new Date());
}

/** Both of a run's: another data directory may have one of the same id. */
function labelsOf(of: { run: RunId } | 'instance', instance: string): string[] {
  const own = `proofhouse=${instance}`;
  return of === 'instance' ? [own] : [own, `proofhouse.run=${of.run}`];
}
