/**
 * Releases with holes that reach a sandbox, and whether ours depends on what is broken. A row is added
 * when an advisory names the releases that mend it; nothing is here from hearsay.
 *
 * A distribution's build of an affected release may have been mended without a new number: nobody can
 * tell from here, so it is neither called good nor bad.
 */
import type { MachineFacts } from './machine.ts';
import { compareVersions, type Version, versionIn } from './versions.ts';

export type Component = 'engine' | 'runc' | 'git';

export type KnownBad = {
  readonly component: Component;
  /** Advisories, or the commit that mended it. */
  readonly ids: readonly string[];
  /** From the first on, below the second. */
  readonly affected: readonly (readonly [from: string, mended: string])[];
  readonly what: string;
  /** Why it reaches no sandbox of ours; null when it does. */
  readonly heldBy: string | null;
  readonly todo: string;
};

export const KNOWN_BAD: readonly KnownBad[] = [
  {
    component: 'runc',
    ids: ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881'],
    affected: [
      ['0', '1.2.8'],
      ['1.3.0-rc.1', '1.3.3'],
      ['1.4.0-rc.1', '1.4.0-rc.3'],
    ],
    what: 'a sandbox can write to files of the kernel that are masked, and leave',
    heldBy: null,
    todo: 'Install runc 1.2.8, 1.3.3 or newer; until then use gVisor: serve --runtime runsc.',
  },
  {
    component: 'runc',
    ids: ['CVE-2024-21626'],
    affected: [['0', '1.1.12']],
    what: 'a working folder in /proc/self/fd leads out of a sandbox',
    heldBy: 'sandboxes start in folders that the controller names, and no image of a stranger runs',
    todo: 'Install runc 1.1.12 or newer.',
  },
  {
    component: 'engine',
    ids: ['moby 57b229012a'],
    affected: [['0', '23.0.0']],
    what: 'its default profile lets a sandbox open AF_VSOCK, which leads to the host of a virtual machine',
    heldBy: 'sandboxes bring a profile of their own that refuses it',
    todo: 'Install engine 23 or newer.',
  },
  {
    component: 'engine',
    ids: ['CVE-2024-29018'],
    affected: [
      ['0', '23.0.11'],
      ['24.0.0', '25.0.5'],
    ],
    what: 'names are looked up outside for sandboxes in an internal network',
    heldBy: 'no sandbox is in a network of the engine',
    todo: 'Install engine 25.0.5 or newer.',
  },
  {
    component: 'engine',
    ids: ['GHSA-x86f-5xw2-fm2r', 'GHSA-rg2x-37c3-w2rh', 'GHSA-vp62-88p7-qqf5'],
    affected: [['0', '29.5.1']],
    what: 'copying files to or from a sandbox can be led to files of the host',
    heldBy: 'files are never copied to or from a sandbox by the engine',
    todo: 'Install engine 29.5.1 or newer, and use no `docker cp` on sandboxes.',
  },
  {
    component: 'git',
    ids: ['CVE-2025-48384'],
    affected: [
      ['0', '2.43.7'],
      ['2.44.0', '2.44.4'],
      ['2.45.0', '2.45.4'],
      ['2.46.0', '2.46.4'],
      ['2.47.0', '2.47.3'],
      ['2.48.0', '2.48.2'],
      ['2.49.0', '2.49.1'],
      ['2.50.0', '2.50.1'],
    ],
    what: 'a submodule whose path ends in a carriage return writes where it should not',
    heldBy: 'no submodule leaves a workspace, and git checks nothing out on the host',
    todo: 'Install git 2.50.1 or newer.',
  },
  {
    component: 'git',
    ids: ['git da91a90c2f'],
    affected: [['0', '2.48.0']],
    what: 'fast-import takes paths such as .git/config',
    heldBy: 'fast-import is never used',
    todo: 'Install git 2.48 or newer.',
  },
];

export type Hole = KnownBad & {
  readonly version: string;
  /** `held`: it reaches no sandbox. `unclear`: a distribution may have mended it. */
  readonly state: 'open' | 'unclear' | 'held' | 'unknown';
};

/** Every row that holds for these components, or might. */
export function holesOf({ engine, host }: MachineFacts): Hole[] {
  const versions: Readonly<Record<Component, string | null>> = {
    engine: engine.version,
    runc: engine.runc,
    git: host.git,
  };
  return KNOWN_BAD.flatMap((bad) => holeIn(bad, versions[bad.component]) ?? []);
}

function holeIn(bad: KnownBad, shown: string | null): Hole | null {
  const version = shown === null ? null : versionIn(shown);
  if (version === null) return { ...bad, version: shown ?? 'unknown', state: 'unknown' };
  if (!bad.affected.some((range) => isWithin(version, range))) return null;
  const state = bad.heldBy !== null ? 'held' : version.isRebuilt ? 'unclear' : 'open';
  return { ...bad, version: shown ?? '', state };
}

function isWithin(version: Version, [from, mended]: readonly [string, string]): boolean {
  const [first, after] = [versionIn(from), versionIn(mended)];
  if (first === null || after === null) throw new TypeError(`${from} or ${mended} is no version`);
  return compareVersions(version, first) >= 0 && compareVersions(version, after) < 0;
}
