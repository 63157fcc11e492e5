/**
 * What the raw entries of a change say by themselves: modes, kinds and names, whatever the content.
 * These are the ways in which a change does more than its text shows.
 */
import { z } from 'zod';
import { printablePath } from '../paths.ts';
import { type Detector, type FileChange, type Firing, type Side, unreadable } from './detector.ts';
import { capped, contentName, shortDigest } from './firings.ts';

type EntryDetector = Detector<Record<string, never>>;

const SYMLINK = '120000';
const GITLINK = '160000';
const EXECUTABLE = '100755';
const NO_OPTIONS = z.strictObject({});
const ANY = ['**'];

export const binaryAdded: EntryDetector = {
  summary: 'a file whose content cannot be read as text was added or modified',
  paths: ANY,
  options: NO_OPTIONS,
  detect: ({ files }) => each(files, binary),
};

export const lfsPointerChanged: EntryDetector = {
  summary: 'a Git LFS pointer was added, modified or removed: the content lies elsewhere',
  paths: ANY,
  options: NO_OPTIONS,
  detect: ({ files }) => each(files, lfsPointer),
};

export const submoduleChanged: EntryDetector = {
  summary: 'a submodule was added, moved to another commit or removed, or .gitmodules changed',
  paths: ANY,
  options: NO_OPTIONS,
  detect: ({ files }) => each(files, submodule),
};

export const symlinkAdded: EntryDetector = {
  summary: 'a symlink was added, or leads to another place',
  paths: ANY,
  options: NO_OPTIONS,
  detect: ({ files }) => each(files, symlink),
};

export const modeExecutable: EntryDetector = {
  summary: 'a file became executable',
  paths: ANY,
  options: NO_OPTIONS,
  detect: ({ files }) => each(files, executable),
};

export const dotDirectoryAdded: EntryDetector = {
  summary: 'a new folder at the root whose name begins with a dot, where tools keep their settings',
  paths: ANY,
  options: NO_OPTIONS,
  detect({ files, roots }) {
    const known = new Set(roots);
    const named = files.flatMap((file) => {
      const name = dotDirectory(file);
      return name === null || known.has(name) ? [] : { name, path: file.path };
    });
    return capped([...Map.groupBy(named, ({ name }) => name)].map(dotDirectoryFiring));
  },
};

export const gitControlChanged: EntryDetector = {
  summary: 'a file that steers git itself changed: attributes, submodules, LFS, hooks, mailmap',
  // Git reads most of these in every folder.
  paths: ['.gitattributes', '.gitmodules', '.lfsconfig', '.mailmap', '.githooks/', '.husky/'],
  options: NO_OPTIONS,
  detect: ({ files }) =>
    each(files, (file) => changed(file, 'it steers git, and can hide or run what nobody reads')),
};

export const agentInstructionsChanged: EntryDetector = {
  summary: 'a file that agents take instructions, tools or settings from changed',
  // Agents read these in every folder on the way to the file they edit.
  paths: [
    ...['AGENTS.md', 'AGENTS.override.md', 'CLAUDE.md', 'CLAUDE.local.md', 'GEMINI.md', 'QWEN.md'],
    ...['.cursor/', '.claude/', '.codex/', '.gemini/', '.qwen/', '.windsurf/', '.clinerules/'],
    ...['.cursorrules', '.windsurfrules', '.roo/', '.roorules', '.aider*', '.goosehints'],
    ...['.mcp.json', '**/.vscode/mcp.json', '.junie/', '.kiro/', '.opencode/'],
    ...['**/.github/copilot-instructions.md', '**/.github/instructions/', '**/.github/prompts/'],
    ...['**/.github/chatmodes/', '**/.github/agents/', '*.instructions.md', '*.prompt.md'],
    ...['SKILL.md', '.agents/'],
  ],
  options: NO_OPTIONS,
  detect: ({ files }) => each(files, (file) => changed(file, 'it tells the next agent what to do')),
};

function each(files: readonly FileChange[], look: (file: FileChange) => Firing | null): Firing[] {
  return capped(files.flatMap((file) => look(file) ?? []));
}

function isRegular(side: Side | null): side is Side {
  return side?.mode.startsWith('100') === true;
}

function binary({ path, before, after }: FileChange): Firing | null {
  if (!isRegular(after) || after.text !== null) return null;
  if (isRegular(before) && before.oid === after.oid) return null;
  const key = `binary:${contentName(after)}`;
  return {
    ...{ path, line: null, key },
    message: `${path} is binary or too large to read: nobody can review what changed in it`,
  };
}

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

function lfsPointer({ path, before, after }: FileChange): Firing | null {
  const isPointer = [before, after].some((side) => side?.text?.startsWith(LFS_POINTER));
  if (!isPointer || before?.oid === after?.oid) return null;
  return {
    ...{ path, line: null, key: `lfs:${after ? contentName(after) : 'removed'}` },
    message: `${path} is a Git LFS pointer: its content lies outside the repository and is not reviewed here`,
  };
}

function submodule(file: FileChange): Firing | null {
  const { path, before, after } = file;
  if (/(^|\/)\.gitmodules$/i.test(path)) {
    return changed(file, 'it says where submodules are fetched from');
  }
  if (before?.mode !== GITLINK && after?.mode !== GITLINK) return null;
  if (after?.mode !== GITLINK) {
    const message = `the submodule ${path} is gone: what depends on it no longer finds it`;
    return { path, line: null, key: 'submodule:removed', message };
  }
  const commit = after.oid.slice(0, 12);
  return {
    ...{ path, line: null, key: `submodule:${commit}` },
    message: `${path} is a submodule at commit ${commit}: its content lies in another repository`,
  };
}

function symlink({ path, before, after }: FileChange): Firing | null {
  if (after?.mode !== SYMLINK) return null;
  if (before?.mode === SYMLINK && before.oid === after.oid) return null;
  if (after.text === null) return unreadable(path, 'the target of the symlink is not text');
  const target = after.text;
  return {
    ...{ path, line: null, key: `symlink:${shortDigest(target)}` },
    message: `${path} is a symlink to "${printablePath(Buffer.from(target))}"${whereTo(path, target)}`,
  };
}

/** Resolved by its letters alone: the folders on the way may themselves be symlinks. */
function whereTo(path: string, target: string): string {
  if (/^[/\\~]|^[A-Za-z]:/.test(target)) return ', a place outside the repository';
  const parts = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..' && parts.pop() === undefined) return ', a place outside the repository';
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  return parts.some((part) => part.toLowerCase() === '.git') ? ', inside a git folder' : '';
}

function executable({ path, before, after }: FileChange): Firing | null {
  if (after?.mode !== EXECUTABLE || before?.mode === EXECUTABLE) return null;
  const message = `${path} became executable: it can be run by its name, by git hooks and by tools`;
  return { path, line: null, key: 'executable', message };
}

/** The name of the folder at the root that this entry may be the first of, or null. */
function dotDirectory({ path, before, after }: FileChange): string | null {
  if (before || !after) return null;
  const [name = '', ...rest] = path.split('/');
  const isFolder = rest.length > 0 || after.mode === SYMLINK || after.mode === GITLINK;
  return isFolder && name.startsWith('.') ? name : null;
}

function dotDirectoryFiring([name, files]: [string, readonly { path: string }[]]): Firing {
  const [path = name] = files.map((file) => file.path).sort();
  return {
    ...{ path, line: null, key: `dot-directory:${shortDigest(name)}` },
    message: `${name} is a new folder at the root, hidden by its name; tools read their settings from such folders`,
  };
}

function changed({ path, before, after }: FileChange, why: string): Firing | null {
  if (before?.oid === after?.oid && before?.mode === after?.mode) return null;
  const key = after ? `changed:${contentName(after)}` : 'removed';
  return {
    ...{ path, line: null, key },
    message: `${path} ${after ? (before ? 'changed' : 'was added') : 'was removed'}: ${why}`,
  };
}
