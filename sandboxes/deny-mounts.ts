/**
 * Where a sandbox may have a mount, of what, and whether it may write there. A source is one that the
 * controller makes, by the shape of its name below one of its own folders, and of the sandbox's own run.
 */
import { realpath } from 'node:fs/promises';

type Loose = Readonly<Record<string, unknown>>;

type Place = {
  readonly at: string;
  readonly kind: 'bind' | 'volume';
  /** Of a folder below the controller's, or of a volume. */
  readonly source: RegExp;
  readonly writable: boolean;
  /** The only roles that may have it; left out where any may. */
  readonly roles?: readonly string[];
};

/** What runs our own scripts and nothing that an agent wrote. */
const OURS = ['checkout', 'dependencies', 'exporter'];
const RUN = '(?<run>r[0-9a-z]{7})';
const REPOSITORY = 'repositories/[0-9a-f]{16}';
const COMMIT = '(?:[0-9a-f]{40}|[0-9a-f]{64})';
const PART = '[a-z0-9-]{1,80}';
const INSTANCE = '(?<instance>[0-9a-f]{12})';
const shape = (...parts: string[]): RegExp => new RegExp(`^${parts.join('')}$`);

const MIRROR = '-mirror-[0-9a-f]{16}';
const HISTORY = `-history-[0-9a-f]{16}-${COMMIT}`;
const LAYER = '-dependencies-[0-9a-f]{16}-[0-9a-f]{32}';
/** Where a carrier has the volume that it fills: a new one takes over that everybody may write here. */
const FILLED = '/var/tmp';

const PLACES: readonly Place[] = [
  place('/workspace', 'volume', true, 'proofhouse-', RUN, '-\\d{1,4}-', PART),
  place('/workspace', 'bind', false, 'doctor-[0-9a-f]{32}'),
  // What a service is filled from.
  place('/workspace', 'bind', false, REPOSITORY, '/snapshots/', COMMIT),
  { ...place('/mirror', 'bind', false, REPOSITORY, '/mirror\\.git'), roles: OURS },
  // The past of a base commit: what came after it, and other branches, are not there to be read.
  place('/mirror', 'bind', false, REPOSITORY, '/histories/', COMMIT),
  // A finished snapshot is every workspace's; only one that is being made is written to.
  place('/snapshot', 'bind', false, REPOSITORY, '/snapshots/', COMMIT),
  place('/snapshot', 'bind', true, REPOSITORY, '/snapshots/', COMMIT, '\\.', RUN),
  place('/layer', 'bind', true, REPOSITORY, '/dependencies/[0-9a-f]{32}\\.', RUN, '/upper'),
  place('/quarantine', 'bind', false, 'runs/', RUN, '/\\d{1,4}/change\\.git'),
  place('/out', 'bind', true, REPOSITORY, '/dependencies/[0-9a-f]{32}\\.', RUN, '/cache'),
  place('/out', 'bind', true, 'runs/', RUN, '/\\d{1,4}/out-', PART),
  place('/out', 'bind', true, 'runs/', RUN, '/\\d{1,4}/scratch-', PART, '/out'),
  // What is started, and the one socket. Below the folder for sockets the run comes first.
  place('/run/proofhouse', 'bind', false, RUN, '/\\d{1,4}-', PART),
  // The same where the engine does not see our folders: volumes, which carriers fill and empty.
  { ...place('/mirror', 'volume', false, 'proofhouse-', INSTANCE, MIRROR), roles: ['carrier'] },
  place('/mirror', 'volume', false, 'proofhouse-', INSTANCE, HISTORY),
  { ...place('/layer', 'volume', false, 'proofhouse-', INSTANCE, LAYER), roles: ['carrier'] },
  place('/out', 'volume', true, 'proofhouse-', RUN, '-\\d{1,4}-', PART, '-out'),
  place('/run/proofhouse', 'volume', false, 'proofhouse-', RUN, '-\\d{1,4}-', PART, '-launch'),
  {
    ...place('/run/proofhouse', 'volume', true, 'proofhouse-', RUN, '-\\d{1,4}-', PART, '-launch'),
    roles: ['relay'],
  },
  ...[
    shape('proofhouse-', INSTANCE, MIRROR),
    shape('proofhouse-', INSTANCE, HISTORY),
    shape('proofhouse-', INSTANCE, LAYER),
    shape('proofhouse-', RUN, '-\\d{1,4}-', PART),
  ].map(
    (source) =>
      ({ at: FILLED, kind: 'volume', source, writable: true, roles: ['carrier'] }) as const,
  ),
];

function place(at: string, kind: Place['kind'], writable: boolean, ...parts: string[]): Place {
  return { at, kind, writable, source: shape(...parts) };
}

const OPTIONS = {
  // A volume's options can name a driver, and the local driver binds any folder of the host.
  volume: { VolumeOptions: { NoCopy: true } },
  // Mounts below a folder that come or go are neither seen nor passed on.
  bind: { BindOptions: { Propagation: 'rprivate', NonRecursive: true } },
} as const;

export type Whose = {
  readonly roots: readonly string[];
  readonly run: unknown;
  readonly instance: unknown;
  readonly role: unknown;
};

export function wrongMounts(value: unknown, whose: Whose): string[] {
  if (!Array.isArray(value)) return [];
  const targets = value.map((mount) => (mount as Loose | null)?.['Target']);
  return [
    ...value.flatMap((mount) => wrongMount(mount, whose)),
    ...(new Set(targets).size === targets.length ? [] : ['two Mounts are at the same place']),
  ];
}

function wrongMount(mount: Loose | null, whose: Whose): string[] {
  if (typeof mount !== 'object' || mount === null) return ['one of Mounts is no mount'];
  const { Type: type, Source: source, Target: target, ReadOnly: readOnly, ...options } = mount;
  if (type !== 'bind' && type !== 'volume') return [`Mounts has one of type ${String(type)}`];
  if (typeof source !== 'string' || typeof readOnly !== 'boolean')
    return [`Mounts has one at ${String(target)} without a source or without a word on writing`];
  const names = type === 'volume' ? [source] : below(source, whose.roots);
  const here = PLACES.filter(({ at, kind, roles }) => {
    return at === target && kind === type && (roles?.includes(String(whose.role)) ?? true);
  });
  const found = here.flatMap((one) =>
    names.flatMap((name) => ({ one, match: one.source.exec(name) ?? [] }) satisfies Matched),
  );
  const ours = found.filter(({ match }) => match.length > 0);
  return [
    ...unless(here.length > 0, `${String(target)} is not a place where a sandbox may have one`),
    ...unless(ours.length > 0, `${source} was not made by the controller for ${String(target)}`),
    ...unless(
      ours.every(({ match }) => isOf('run', match, whose.run)),
      `${source} is of another run`,
    ),
    ...unless(
      ours.every(({ match }) => isOf('instance', match, whose.instance)),
      `${source} is of another data directory`,
    ),
    ...unless(
      readOnly || ours.some(({ one }) => one.writable),
      `${String(target)} is writable, and may not be`,
    ),
    ...unless(
      JSON.stringify(options) === JSON.stringify(optionsAt(target, type)),
      `${source} is mounted with options that no sandbox needs: ${Object.keys(options).join(' ')}`,
    ),
  ];
}

type Matched = { readonly one: Place; readonly match: RegExpExecArray | readonly string[] };
const isOf = (what: string, match: Matched['match'], whose: unknown): boolean => {
  const named = 'groups' in match ? match.groups?.[what] : undefined;
  return named === undefined || named === whose;
};

function optionsAt(target: unknown, type: 'bind' | 'volume') {
  return target === FILLED ? { VolumeOptions: { NoCopy: false } } : OPTIONS[type];
}

/** What a path is called below each of the controller's folders. */
function below(source: string, roots: readonly string[]): string[] {
  return roots
    .filter((root) => source.startsWith(`${root}/`))
    .map((root) => source.slice(root.length + 1));
}

/**
 * Sources that lead elsewhere than they say: whoever may put a link in the place of a folder chooses
 * what is mounted. One that is not there is left to the engine, whose files may not be ours.
 */
export async function misled(
  mounts: readonly { Type: string; Source: string }[],
): Promise<string[]> {
  const binds = mounts.filter(({ Type }) => Type === 'bind').map(({ Source }) => Source);
  const real = await Promise.all(
    binds.map((source) =>
      realpath(source).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return source;
        throw error;
      }),
    ),
  );
  return binds.flatMap((source, at) =>
    unless(real[at] === source, `${source} leads to ${real[at]}`),
  );
}

const unless = (holds: boolean, reason: string): string[] => (holds ? [] : [reason]);
