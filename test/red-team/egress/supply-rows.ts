/** Attacks by way of packages, as the page about security lists them; the tests try each. */
import type { Attack, Family } from '../attack.ts';

const row = (id: string, attack: string, weak: string, ours: string): Attack => ({
  ...{ id, attack, weak, ours },
});

export const SUPPLY_ROWS = {
  scripts: row(
    'SUP-01',
    'a script that runs when a package is installed',
    'the step asks for scripts',
    'not run; where it is, it finds no key and writes nothing outside',
  ),
  exfilByName: row(
    'NET-20',
    'a secret as the name, the version or the query of a package',
    'any package may be read',
    'refused, and the registry is asked nothing',
  ),
  publish: row(
    'NET-20',
    '`npm publish`, `npm audit`',
    'requests go on as they come',
    'refused with 405',
  ),
  methods: row(
    'NET-17',
    'other methods; `..`, `//`, encoded slashes',
    'the path is normalised by somebody after the check',
    'refused',
  ),
  resolved: row(
    'SUP-02',
    'a lockfile that takes a package by http, from another host, or unhashed',
    'every entry is believed',
    '`lockfile_refused`, before anything is fetched',
  ),
  alias: row(
    'SUP-02',
    'another package under a known name',
    'the name of the folder is believed',
    '`lockfile_refused`',
  ),
  outside: row(
    'SUP-04',
    'a package from git, from a tarball anywhere, or from a file',
    'every entry is believed',
    '`lockfile_refused`',
  ),
  notLocked: row(
    'SUP-05',
    'a package that the base lockfile does not name',
    'any package may be read',
    'refused',
  ),
  swapped: row(
    'SUP-05',
    'other bytes under a locked name and version',
    'what the registry sends is passed on',
    'not a byte of it reaches the sandbox',
  ),
  layer: row(
    'SUP-08',
    'a dependency layer that was made under other rules',
    'the key is of the lockfile alone',
    'the key has lockfiles, commands, image and what the policy lets them reach',
  ),
} as const;

export const SUPPLY: Family = { title: 'Packages', rows: Object.values(SUPPLY_ROWS) };
