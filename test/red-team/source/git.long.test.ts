/** GIT-01 and GIT-02: what an agent plants in .git and beside it, for whoever runs git there next. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Factory } from '../../../orchestrator/compose.ts';
import { attemptsOn, sh } from '../../scenarios/sandbox/attempt.ts';
import { outcomeOf, shellAgent } from '../../scenarios/steps.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../../scenarios/support.ts';
import { tinyRepository } from '../../scenarios/tiny.ts';
import { SOURCE_ROWS } from './rows.ts';
import { VECTORS } from './vectors.ts';

/** A folder whose path is the same inside; whatever appears in it on the host came from the host's git. */
function marks(): string {
  const folder = path.join(scratch('marks'), 'here');
  mkdirSync(folder);
  return folder;
}

const markOf = (folder: string, at: number): string => path.join(folder, `mark-${at}`);

/** By plain sh on this host, as whoever looks into a workspace does. What fails on the way is its own affair. */
function onHost(folder: string, script: string, mark: string): void {
  execFileSync('sh', ['-c', `(${script}) > /dev/null 2>&1 || true`], {
    cwd: folder,
    env: { ...process.env, MARK: mark, GIT_TERMINAL_PROMPT: '0' },
  });
}

describe(`${SOURCE_ROWS.programs.id}: ${SOURCE_ROWS.programs.attack}`, () => {
  it.each([...VECTORS.entries()])('work with plain git: %i %o', (at, { plant, use }) => {
    const folder = tinyRepository(path.join(scratch('weak'), 'tiny'));
    const mark = markOf(marks(), at);
    onHost(folder, plant, mark);
    expect(existsSync(mark)).toBe(false);
    onHost(folder, use, mark);
    expect(existsSync(mark)).toBe(true);
  });

  it('do nothing here, through the whole of a run', async () => {
    const folder = marks();
    const factory = await testFactory('vectors');
    // In folders of the tree that git takes for repositories of their own, and in the workspace itself.
    const planted = VECTORS.map(({ plant }, at) => {
      return `( export MARK=${markOf(folder, at)}; ${plant} ) > /dev/null 2>&1 || true`;
    });
    const script = `mkdir -p ${folder}; ${planted.join('\n')}
      rm -rf evil nested gpg hooks included .gitattributes; echo 'export const more = 1;' > src/more.mjs\n`;
    const repository = tinyRepository(path.join(factory.home, 'tiny'), shellAgent(script));
    const task = await queue(factory, repository, 'Plant all of them');
    const end = await settle(factory, task.id);
    expect(outcomeOf(end)).toMatchObject({ kind: 'published' });
    expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('');
    expect(leftOver(task.id)).toEqual([]);
  });

  it('do nothing one by one either, where what they leave beside .git comes out too', async () => {
    const folder = marks();
    const factory = await testFactory('vectors-each');
    const repository = tinyRepository(path.join(factory.home, 'tiny'));
    const attempts = await attemptsOn(factory, repository);
    for (const [at, { name, plant }] of VECTORS.entries()) {
      const place = await attempts.open();
      const mark = markOf(folder, at);
      await attempts.work(
        place,
        sh(`mkdir -p ${folder}; export MARK=${mark}; ${plant}; echo x > out; true`),
      );
      const sealed = await attempts.seal(place);
      if ('refused' in sealed) expect(sealed.refused.join('\n'), name).toMatch(/"?nested|HEAD/);
      else expect(sealed.touched, name).toContain('add out');
    }
    expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('');
  });
});

/** What plain `git add` of the workspace comes to, whatever its own .git says. */
function plainTree(folder: string): string {
  const git = (...args: string[]): string => {
    return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: 'pipe' });
  };
  try {
    git('add', '--all');
    return git('write-tree').trim();
  } catch {
    return 'git fails';
  }
}

describe(`${SOURCE_ROWS.gitFolder.id}: ${SOURCE_ROWS.gitFolder.attack}`, () => {
  const CHANGE = 'echo new > added.txt; echo "// more" >> src/sum.mjs';
  const LIES: Readonly<Record<string, string>> = {
    commondir: `${CHANGE}; mkdir .git/c; cp -r .git/objects .git/refs .git/HEAD .git/c/; echo '*' > .git/c/x; mkdir .git/c/info; echo '*.txt' > .git/c/info/exclude; echo c > .git/commondir`,
    'a .git that is a file': `${CHANGE}; mv .git /tmp/moved-$$; echo "gitdir: /nowhere" > .git`,
    'config.worktree': `${CHANGE}; git config core.repositoryformatversion 1; git config extensions.worktreeConfig true; git config --worktree core.autocrlf input; printf 'a\\r\\n' > added.txt; git config --worktree core.excludesFile "$PWD/.git/ex"; echo '*.txt' > .git/ex`,
    'info/attributes': `${CHANGE}; mkdir -p .git/info; echo '*.txt filter=x' > .git/info/attributes; git config filter.x.clean 'echo instead'`,
    'info/exclude': `${CHANGE}; mkdir -p .git/info; echo '*' > .git/info/exclude`,
    'an index that says nothing changed': `git update-index --skip-worktree src/sum.mjs; ${CHANGE}`,
    'an index that is no index': `${CHANGE}; echo rubbish > .git/index`,
  };

  async function ours(factory: Factory, script: string) {
    const repository = path.join(factory.home, 'tiny');
    const attempts = await attemptsOn(factory, repository);
    const place = await attempts.open();
    await attempts.work(place, sh(script));
    return attempts.seal(place);
  }

  it('lead git astray in the workspace, and not here', async () => {
    const factory = await testFactory('lies');
    tinyRepository(path.join(factory.home, 'tiny'));
    const honest = await ours(factory, CHANGE);
    for (const [name, script] of Object.entries(LIES)) {
      const weak = tinyRepository(path.join(scratch('weak'), 'tiny'));
      execFileSync('sh', ['-c', script], { cwd: weak, stdio: 'ignore' });
      const plain = tinyRepository(path.join(scratch('plain'), 'tiny'));
      // Without the lie: what the files alone come to.
      execFileSync('sh', ['-c', `cp -r ${weak}/src ${weak}/added.txt .`], { cwd: plain });
      expect(plainTree(weak), name).not.toBe(plainTree(plain));
      const sealed = await ours(factory, script);
      if (name === 'config.worktree') {
        expect(sealed, name).toMatchObject({ touched: ['add added.txt', 'modify src/sum.mjs'] });
      } else expect(sealed, name).toEqual(honest);
    }
  });
});
