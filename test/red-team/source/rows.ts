/** Attacks on what goes into a workspace and what comes out, as the page about security lists them. */
import type { Attack, Family } from '../attack.ts';

const row = (id: string, attack: string, weak: string, ours: string): Attack => ({
  ...{ id, attack, weak, ours },
});

const PLAIN_GIT = 'plain git runs in the workspace';

export const SOURCE_ROWS = {
  programs: row(
    'GIT-01',
    '19 ways in which a repository makes git run a program',
    PLAIN_GIT,
    'none runs on the host, and the change is what it would have been',
  ),
  gitFolder: row(
    'GIT-02',
    'commondir, a .git that is a file, config.worktree, attributes, an index that lies',
    "git reads the workspace's own .git",
    'the same tree as without them',
  ),
  names: row(
    'GIT-04',
    'entries named .GIT, git~1, .g‌it with a character between, `..`, twice, unsorted, of an odd mode',
    'a pack is taken in without its objects being looked at',
    'refused by name',
  ),
  submodules: row(
    'GIT-05',
    '.gitmodules with a command, a path outside, a carriage return; a submodule without it',
    "git's own check of objects is all there is",
    'refused by name',
  ),
  twins: row(
    'GIT-07',
    'names that differ in letter case or Unicode form only',
    "git's own check of objects is all there is",
    'refused by name',
  ),
  hiddenNames: row(
    'GIT-08',
    'bidi, invisible and control characters, a line feed in a name',
    "git's own check of objects is all there is",
    'refused, and shown spelt out',
  ),
  wordsAsNames: row(
    'GIT-08',
    'names that are options, commands and pathspecs',
    'names are given to git as arguments',
    'carried as they are',
  ),
  packBombs: row(
    'GIT-10',
    'a file that unpacks a thousandfold, a delta of 640 MiB, a tree of 10¹⁰ files',
    'git takes in what it is given',
    'refused within ten seconds',
  ),
  holes: row(
    'GIT-10',
    'a file of two gigabytes that takes no room',
    'git adds it',
    'refused by name and size before a byte is read',
  ),
  manyFiles: row(
    'GIT-10',
    '25,000 files',
    'git adds them',
    'refused by their number before one is read',
  ),
  specials: row(
    'GIT-10',
    'pipes, sockets, hard links, setuid',
    'the folder is copied as it is',
    'left out, or plain files',
  ),
  ignoreWidened: row(
    'GATE-05',
    'an ignore file that hides what the change adds',
    "the change's own ignore files count",
    'part of the change, and whoever decides is told',
  ),
  daemon: row(
    'SBX-22',
    'a process that leaves its session and goes on writing',
    'the tree is read while the sandbox is there',
    'gone first: the same tree twice',
  ),
  swap: row(
    'TOC-11',
    'a folder swapped for a symlink again and again while the tree is read',
    'the tree is read while the sandbox is there',
    'gone first: the same tree twice',
  ),
  future: row(
    'EVD-11',
    'the answer read from a later commit, another branch or a pull request',
    'the sandbox sees the mirror',
    'only what led to the base is there',
  ),
  fullOfBytes: row(
    'RES-02',
    'a workspace filled with bytes',
    'its folder lies on the disk of the host',
    '`workspace_full`; the disk of the host is as it was',
  ),
  fullOfFiles: row(
    'RES-02',
    'a workspace filled with empty files',
    'its folder lies on the disk of the host',
    '`workspace_full`; the disk of the host is as it was',
  ),
} as const satisfies Record<string, Attack>;

export const SOURCE: Family = {
  title: 'What goes into a workspace and what comes out',
  rows: Object.values(SOURCE_ROWS),
};
