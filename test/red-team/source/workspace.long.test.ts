/** What an agent does to its workspace so that reading it goes wrong, and what it reads of the repository. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Factory } from '../../../orchestrator/compose.ts';
import { folders } from '../../../sandboxes/source/folders.ts';
import { type Attempts, attemptsOn, node, sh } from '../../scenarios/sandbox/attempt.ts';
import { commitAll, scratch, testFactory } from '../../scenarios/support.ts';
import { gitOut, tinyRepository } from '../../scenarios/tiny.ts';
import { SOURCE_ROWS } from './rows.ts';

const LIMIT_MS = 10_000;

async function workspaceOf(
  name: string,
  files: Readonly<Record<string, string>> = {},
): Promise<{ factory: Factory; attempts: Attempts; repository: string }> {
  const factory = await testFactory(name);
  const repository = tinyRepository(path.join(factory.home, 'tiny'), files);
  return { factory, attempts: await attemptsOn(factory, repository), repository };
}

/** Everything below, as bytes: what a reader sees who does not wait for anybody to be gone. */
function seen(folder: string): string {
  const reading = 'find . -printf "%p %y %l\\n" | sort; find . -type f -exec cat {} +';
  return execFileSync('sh', ['-c', `(${reading}) 2>/dev/null | sha256sum`], {
    cwd: folder,
  }).toString();
}

describe.each([
  {
    row: SOURCE_ROWS.daemon,
    script: `setsid sh -c 'n=0; while :; do n=$((n+1)); echo $n > counter; done' > /dev/null 2>&1 &`,
  },
  {
    row: SOURCE_ROWS.swap,
    script: `setsid sh -c 'while :; do rm -rf sub; mkdir sub; echo x > sub/file; rm -rf sub; ln -s /etc sub; done' > /dev/null 2>&1 &`,
  },
])('$row.id: $row.attack', ({ row, script }) => {
  it('is seen by whoever reads while the sandbox is there, and by nobody afterwards', async () => {
    const { factory, attempts } = await workspaceOf(row.id.toLowerCase());
    const place = await attempts.open();
    const upper = folders(factory.home).upper(attempts.run, 1);
    const working = attempts.work(place, sh(`${script} echo new > new.txt; sleep 300`));
    // What it will do next is never what it did: two looks that differ are there soon.
    const looks = new Set<string>();
    for (let at = 0; at < 600 && looks.size < 3; at += 1) {
      looks.add(seen(upper));
      await later(20);
    }
    expect(looks.size).toBeGreaterThanOrEqual(3);
    const first = await attempts.seal(place);
    expect((await working).end.ended).not.toBe('timed_out');
    const still = seen(upper);
    // Refused by name, or a tree: whatever was there when it died, the same both times.
    expect(await attempts.seal(place)).toEqual(first);
    expect(seen(upper)).toBe(still);
  });
});

describe(`${SOURCE_ROWS.future.id}: ${SOURCE_ROWS.future.attack}`, () => {
  it('is found in the mirror, and not in a workspace', async () => {
    const ANSWER = 'the-answer-of-a-later-commit';
    const { factory, repository } = await workspaceOf('future');
    const base = gitOut(repository, 'rev-parse', 'HEAD').trim();
    const answered = path.join(repository, 'answer.txt');
    execFileSync('sh', ['-c', `echo ${ANSWER} > ${answered}`]);
    gitOut(repository, 'checkout', '-q', '-b', 'fix');
    commitAll(repository, ANSWER);
    gitOut(repository, 'update-ref', 'refs/pull/1/head', 'HEAD');
    gitOut(repository, 'checkout', '-q', 'main');
    expect(gitOut(repository, 'rev-parse', 'HEAD').trim()).toBe(base);
    const attempts = await attemptsOn(factory, repository);
    const look = (objects: string): string =>
      `for d in ${objects}; do git --git-dir=$d cat-file --batch-all-objects --batch 2>/dev/null; git --git-dir=$d log --all 2>/dev/null; done | grep -c ${ANSWER} || true`;
    const mirror = folders(factory.home).mirror(repository);
    const weak = execFileSync('sh', ['-c', look(mirror)], { encoding: 'utf8' });
    expect(Number(weak)).toBeGreaterThan(0);
    const { lines } = await attempts.work(
      await attempts.open(),
      sh(
        `${look('/mirror /workspace/.git')}; git log --oneline | wc -l; grep -rc ${ANSWER} /mirror /workspace 2>/dev/null | grep -vc ':0$' || true`,
      ),
    );
    expect(lines).toEqual(['0', '1', '0']);
  });
});

describe('GIT-10', () => {
  /** Time from the end of the agent to the answer. */
  async function sealed(attempts: Attempts, argv: readonly string[]) {
    const place = await attempts.open();
    const { end, lines } = await attempts.work(place, argv);
    expect(end, lines.join('\n')).toMatchObject({ ended: 'exited', exitCode: 0 });
    const from = performance.now();
    const came = await attempts.seal(place);
    return { came, ms: performance.now() - from };
  }
  const refusal = (came: Awaited<ReturnType<typeof sealed>>['came']): string =>
    'refused' in came ? came.refused.join('\n') : 'it came out';

  it(SOURCE_ROWS.holes.attack, async () => {
    const weak = scratch('weak');
    execFileSync('sh', ['-c', 'git init -q; truncate -s 64M hole; git add hole'], { cwd: weak });
    expect(gitOut(weak, 'ls-files')).toBe('hole\n');
    const { attempts } = await workspaceOf('holes');
    const { came, ms } = await sealed(attempts, sh('truncate -s 2147483647 hole'));
    expect(refusal(came)).toMatch(/a file of the change has 2147483647 bytes: hole/);
    expect(ms).toBeLessThan(LIMIT_MS);
  });

  it(SOURCE_ROWS.manyFiles.attack, async () => {
    const MANY = 'mkdir many; cd many; seq 1 25000 | xargs touch';
    const weak = scratch('weak');
    execFileSync('sh', ['-c', `git init -q; ${MANY}; git add .`], { cwd: weak });
    expect(gitOut(weak, 'ls-files').split('\n')).toHaveLength(25_001);
    const { attempts } = await workspaceOf('many');
    const { came, ms } = await sealed(attempts, sh(MANY));
    expect(refusal(came)).toMatch(/the change has 25000 entries; at most 20000/);
    expect(ms).toBeLessThan(LIMIT_MS);
  });

  it(SOURCE_ROWS.specials.attack, async () => {
    const script = `import { execFileSync } from 'node:child_process';
      import { chmodSync, linkSync, writeFileSync } from 'node:fs'; import net from 'node:net';
      process.chdir('/workspace'); execFileSync('mkfifo', ['pipe']);
      await new Promise((ready) => net.createServer().listen('socket', ready));
      writeFileSync('plain', 'x'); linkSync('plain', 'twin'); linkSync('src/sum.mjs', 'sum');
      writeFileSync('runs', 'x'); chmodSync('runs', 0o6755); process.exit(0);`;
    const weak = tinyRepository(path.join(scratch('weak'), 'tiny'));
    execFileSync('sh', ['-c', 'mkfifo pipe; echo x > runs; chmod 6755 runs; cp -a . ../copy'], {
      cwd: weak,
    });
    const kinds = execFileSync('find', ['../copy', '-type', 'p', '-o', '-perm', '/6000'], {
      cwd: weak,
    });
    expect(kinds.toString().split('\n').filter(Boolean)).toHaveLength(2);
    const { factory, attempts } = await workspaceOf('specials');
    const { came } = await sealed(attempts, node(script));
    if ('refused' in came) throw new Error(came.refused.join('\n'));
    expect(came.touched).toEqual(['add plain', 'add runs', 'add sum', 'add twin']);
    const quarantine = folders(factory.home).quarantine(attempts.run, 1);
    const modes = execFileSync('git', ['--git-dir', quarantine, 'cat-file', '-p', came.tree]);
    expect(modes.toString()).toMatch(/100755 blob \w+\truns/);
  });
});

describe(`${SOURCE_ROWS.ignoreWidened.id}: ${SOURCE_ROWS.ignoreWidened.attack}`, () => {
  it('comes out all the same and is told, and what the base ignores stays in', async () => {
    const files = { '.gitignore': 'kept-out/\n', 'lib/.gitignore': '/made\n' };
    const script = `echo 'src/evil.mjs' >> .gitignore; echo 'evil()' > src/evil.mjs
      mkdir kept-out; echo x > kept-out/x; echo x > lib/made; rm lib/.gitignore; echo '!/kept-out/' > src/.gitignore`;
    const weak = tinyRepository(path.join(scratch('weak'), 'tiny'), files);
    execFileSync('sh', ['-c', `${script}; git add -A`], { cwd: weak });
    expect(gitOut(weak, 'ls-files')).not.toContain('evil.mjs');
    expect(gitOut(weak, 'ls-files')).toContain('lib/made');
    const { factory, attempts } = await workspaceOf('ignore', files);
    const place = await attempts.open();
    await attempts.work(place, sh(script));
    const sealed = await factory.tools.workspaces.seal(place, null, new AbortController().signal);
    expect(sealed).toMatchObject({
      findings: [{ code: 'ignore_widened', message: expect.stringContaining('"src/evil.mjs"') }],
    });
    expect(await attempts.seal(place)).toMatchObject({
      touched: [
        'modify .gitignore',
        'delete lib/.gitignore',
        'add src/.gitignore',
        'add src/evil.mjs',
      ],
    });
    expect(readdirSync(folders(factory.home).upper(attempts.run, 1))).toContain('kept-out');
  });
});
