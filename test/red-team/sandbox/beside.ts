/** Attacks on sandboxes with a test of their own, or that no engine is needed for. */
import type { Attack } from '../attack.ts';

export const SOCKETS: Attack = {
  ...{ id: 'SBX-11', attack: "a socket of the host's found and connected to" },
  ...{ weak: 'with a socket of the host in Mounts', ours: 'none is there' },
};
export const SPOOFED: Attack = {
  ...{ id: 'SBX-23', attack: 'a false dmesg and /.dockerenv that speak of gVisor' },
  ...{ weak: 'what is printed inside is believed', ours: "the engine's own word on the runtime" },
};
export const LOGGED: Attack = {
  ...{ id: 'RES-04', attack: '80 MB of output' },
  ...{ weak: 'without max-size in LogConfig', ours: 'the log stays below 40 MB' },
};
export const EVERY_FIELD: Attack = {
  ...{
    id: 'SBX-13',
    attack: 'each field of the request changed in turn, and each foreign one added',
  },
  ...{ weak: 'the rule of that field is left out', ours: 'refused before the engine is asked' },
};
export const WORKING_DIR: Attack = {
  ...{ id: 'SBX-14', attack: 'WorkingDir /proc/self/fd/8' },
  ...{ weak: 'the rule of WorkingDir is left out', ours: 'refused before the engine is asked' },
};
export const ARCHIVE: Attack = {
  ...{ id: 'SBX-16', attack: 'exec, getArchive or putArchive on a sandbox that ran agent code' },
  ...{ weak: 'a file of ours calls it', ours: 'no file of ours may; a rule of the architecture' },
};

export const WATCHERS: Attack = {
  ...{ id: 'RES-01', attack: "every file watcher of a user taken by another repository's run" },
  ...{
    weak: 'with one User for all',
    ours: 'each repository has its own user, and its own watchers',
  },
};
export const SILENT: Attack = {
  ...{ id: 'RES-07', attack: 'an engine that takes every call and answers none' },
  ...{ weak: 'a call may wait for ever', ours: 'engine_failed, and no call is made twice' },
};

export const BESIDE = [
  WATCHERS,
  SILENT,
  SOCKETS,
  SPOOFED,
  LOGGED,
  EVERY_FIELD,
  WORKING_DIR,
  ARCHIVE,
];
