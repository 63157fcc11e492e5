/** Whatever an agent leaves in a workspace comes out as the right tree or as a refusal that names it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Factory } from '../../../orchestrator/compose.ts';
import { digestOf } from '../../../orchestrator/domain/canonical.ts';
import type { DependencyPlan } from '../../../orchestrator/ports.ts';
import { folders } from '../../../sandboxes/source/folders.ts';
import { testFactory } from '../support.ts';
import { gitOut, tinyRepository } from '../tiny.ts';
import { type Attempts, attemptsOn, node, sh } from './attempt.ts';

const signal = new AbortController().signal;
const MARKER = path.join(tmpdir(), 'proofhouse-red-team-marker');
const TOUCH = `touch ${MARKER}`;
/** What plain git runs by itself, on as little as `git status`. */
const HOSTILE_CONFIG = `git config core.fsmonitor '${TOUCH}; false'; git config core.sshCommand '${TOUCH}'`;

async function tiny(name: string): Promise<{ factory: Factory; attempts: Attempts }> {
  const factory = await testFactory(name);
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    '.gitignore': 'kept-out/\n',
    'lib/deep/keep.txt': 'keep\n',
  });
  return { factory, attempts: await attemptsOn(factory, repository) };
}

const blobId = (text: string): string =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');

/** Runs the script as the agent, seals what it left. */
async function left(attempts: Attempts, argv: readonly string[]) {
  const place = await attempts.open();
  const { end, lines } = await attempts.work(place, argv);
  expect(end, lines.join('\n')).toMatchObject({ ended: 'exited', exitCode: 0 });
  return attempts.seal(place);
}

describe('a tree that comes out of a workspace', () => {
  it('is the same when it is taken out twice, and nothing stays behind', async () => {
    const { attempts } = await tiny('twice');
    const place = await attempts.open();
    await attempts.work(place, sh('echo new > added.txt; chmod 0600 added.txt; rm src/sum.mjs'));
    const first = await attempts.seal(place);
    expect(first).toMatchObject({ touched: ['add added.txt', 'delete src/sum.mjs'] });
    expect(await attempts.seal(place)).toEqual(first);
    expect(await attempts.discard()).toEqual([]);
  });

  it('comes with what the base has not, and with none of the rest', async () => {
    const { factory, attempts } = await tiny('packed');
    const place = await attempts.open();
    await attempts.work(place, sh('echo new > added.txt'));
    await attempts.seal(place);
    const at = folders(factory.home).quarantine(place.run, place.attempt);
    const brought = gitOut(at, 'cat-file', '--batch-all-objects', '--batch-check');
    expect(brought).toContain(blobId('new\n'));
    expect(brought).not.toContain(blobId('keep\n'));
  });

  it('owes nothing to what the agent did to .git, and none of it runs anywhere', async () => {
    const { factory, attempts } = await tiny('git-folder');
    const wanted = ['add added.txt'];
    const plain = await left(attempts, sh('echo new > added.txt'));
    expect(plain).toMatchObject({ touched: wanted });
    const tree = 'tree' in plain ? plain.tree : '';
    const hostile = [
      // Every program that plain git would run from here writes the marker.
      `echo new > added.txt; ${HOSTILE_CONFIG}
       git config filter.x.clean '${TOUCH}'; git config core.worktree /
       mkdir -p .git/hooks .git/info
       for h in pre-commit post-index-change reference-transaction post-checkout; do
         printf '#!/bin/sh\\n${TOUCH}\\n' > .git/hooks/$h; chmod 755 .git/hooks/$h; done
       echo '* filter=x' > .git/info/attributes; echo '*' > .git/info/exclude
       echo /home/agent > .git/objects/info/alternates; echo / > .git/commondir`,
      'echo new > added.txt; rm -rf .git; echo "gitdir: /home/agent/elsewhere" > .git',
      'echo new > added.txt; rm -rf .git; ln -s / .git',
      'echo new > added.txt; rm -rf .git',
    ];
    for (const script of hostile) {
      expect(await left(attempts, sh(script)), script).toEqual({ tree, touched: wanted });
    }
    expect(existsSync(MARKER)).toBe(false);
    // The same configuration under plain git on this host, to know that the marker would be there.
    const weak = tinyRepository(path.join(factory.home, 'weak'));
    execFileSync('sh', ['-c', `${HOSTILE_CONFIG}; git status`], { cwd: weak, stdio: 'ignore' });
    expect(existsSync(MARKER)).toBe(true);
    rmSync(MARKER);
  });

  it('is taken out without running what a submodule of the base would run', async () => {
    const { factory, attempts: unused } = await tiny('submodule');
    await unused.discard();
    const repository = path.join(factory.home, 'tiny');
    const commit = gitOut(repository, 'rev-parse', 'HEAD').trim();
    gitOut(repository, 'update-index', '--add', '--cacheinfo', `160000,${commit},sub`);
    gitOut(repository, 'commit', '--quiet', '--message', 'A submodule');
    const attempts = await attemptsOn(factory, repository);
    const plain = await left(attempts, sh('echo new > added.txt'));
    const place = await attempts.open();
    const hostile = `echo new > added.txt; cd sub && git init -q
      echo /mirror/objects > .git/objects/info/alternates; git update-ref --no-deref HEAD ${commit}
      printf '#!/bin/sh\\necho ran > /tmp/ran; echo ran > /out/ran; exit 1\\n' > .git/x; chmod 755 .git/x
      git config core.fsmonitor /workspace/sub/.git/x
      cd .. && git -c core.bare=false add -u . ; cat /tmp/ran`;
    // Weak: the same look that staging would take, in the agent's own sandbox.
    expect((await attempts.work(place, sh(hostile))).lines).toContain('ran');
    expect(await attempts.seal(place)).toEqual(plain);
    const out = folders(factory.home).out(attempts.run, place.attempt, 'export');
    expect(readdirSync(out).sort()).toEqual(['hidden', 'pack', 'tree']);
  });

  it('is empty when the agent deleted everything', async () => {
    const { attempts } = await tiny('empty');
    const sealed = await left(attempts, sh('rm -rf /workspace/* /workspace/.[!.]*; ls -A'));
    expect(sealed).toMatchObject({ tree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904' });
    expect('touched' in sealed && sealed.touched.every((one) => one.startsWith('delete '))).toBe(
      true,
    );
  });

  it('takes a dash at the start of a name, a blank and a glob for what they are', async () => {
    const { attempts } = await tiny('dashes');
    const names = ['--output=x', '-rf', 'a b', ':(exclude)*'.replace(':', '%'), '$(touch x)', '*'];
    const script = `import { writeFileSync } from 'node:fs';
      for (const name of ${JSON.stringify(names)}) writeFileSync('/workspace/' + name, 'x');`;
    expect(await left(attempts, node(script))).toMatchObject({
      touched: [...names].sort().map((name) => `add ${name}`),
    });
  });

  it('leaves out sockets, pipes and what the base ignores', async () => {
    const { attempts } = await tiny('special');
    const script = `import { execFileSync } from 'node:child_process';
      import { mkdirSync, writeFileSync } from 'node:fs'; import net from 'node:net';
      execFileSync('mkfifo', ['/workspace/pipe']);
      await new Promise((ready) => net.createServer().listen('/workspace/socket', ready));
      mkdirSync('/workspace/kept-out'); writeFileSync('/workspace/kept-out/x', 'x');
      writeFileSync('/workspace/plain', 'x');
      process.exit(0);`;
    expect(await left(attempts, node(script))).toMatchObject({ touched: ['add plain'] });
  });
});

describe('a workspace with what never leaves one', () => {
  it('is refused with every such name, and nothing is broken machinery', async () => {
    const { attempts } = await tiny('names');
    const script = `import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
      process.chdir('/workspace');
      const bytes = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
      writeFileSync('new\\nline', 'x');
      writeFileSync(bytes('not-text-', [0xff, 0xfe]), 'x');
      writeFileSync('escape\\u001b[31m', 'x');
      writeFileSync('turned\\u202etxt.js', 'x');
      writeFileSync('colon:stream', 'x');
      writeFileSync('back\\\\slash', 'x');
      writeFileSync('con.txt', 'x');
      mkdirSync('d/'.repeat(80), { recursive: true }); writeFileSync('d/'.repeat(80) + 'leaf', 'x');`;
    const sealed = await left(attempts, node(script));
    const refused = 'refused' in sealed ? sealed.refused.join('\n') : '';
    for (const named of [
      'new\\u{000a}line',
      'not-text-\\xff\\xfe',
      'escape\\u{001b}[31m',
      'turned\\u{202e}txt.js',
      'colon:stream',
      'back\\u{005c}slash',
      'con.txt',
      'd/d/d/d',
    ]) {
      expect(refused).toContain(named);
    }
  });

  it.each([
    ['a symlink to an absolute path', 'ln -s /etc/passwd out', /"out" is a symlink/],
    ['a symlink out of the tree', 'ln -s ../../etc/passwd out', /"out" is a symlink/],
    ['a symlink into .git', 'ln -s .git/config out', /"out" is a symlink/],
    ['a folder made a symlink', 'rm -rf lib; ln -s / lib', /"lib" is a symlink/],
    ['twins by letter case', 'mkdir LIB; echo x > LIB/other', /letter case/],
    ['a folder named .GIT', 'mkdir .GIT; echo x > .GIT/config', /\.GIT\/config/],
    ['a submodule file', 'echo x > .gitmodules', /\.gitmodules/],
    [
      'a repository in the tree',
      'git init -q sub; cd sub; echo x > x; git add x; git commit -qm x',
      /"sub" is a submodule/,
    ],
    ['a repository with no commit', 'git init -q sub; echo x > sub/x', /sub\//],
    ['a file that nobody may read', 'echo x > shut; chmod 0 shut', /shut/],
    ['a pipe in the place of a file', 'rm src/sum.mjs; mkfifo src/sum.mjs', /src\/sum\.mjs/],
  ])('%s is refused by name', async (_, script, named) => {
    const { attempts } = await tiny('refused');
    const sealed = await left(attempts, sh(script));
    expect('refused' in sealed ? sealed.refused.join('\n') : sealed).toMatch(named);
    expect(await attempts.discard()).toEqual([]);
  });

  it('may nest folders deeper than a path can be long, and is removed all the same', async () => {
    const { factory, attempts } = await tiny('deep');
    const script = `import { mkdirSync, writeFileSync } from 'node:fs';
      process.chdir('/workspace');
      for (let n = 0; n < 60; n += 1) { mkdirSync('d'.repeat(100)); process.chdir('d'.repeat(100)); }
      writeFileSync('leaf', 'x');`;
    const sealed = await left(attempts, node(script));
    expect('refused' in sealed || sealed.touched.length === 0).toBe(true);
    expect(await attempts.discard()).toEqual([]);
    const kept = readdirSync(path.join(factory.home, 'runs', attempts.run, '1'));
    expect(kept.filter((name) => name !== 'change.git')).toEqual([]);
  });
});

describe('layers that workspaces share', () => {
  it('cannot be written to, and never hide what a later base commit tracks', async () => {
    const factory = await testFactory('layers');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), { 'lib/made.txt': 'one\n' });
    const plan: DependencyPlan = {
      run: [
        [
          'sh',
          '-c',
          'mkdir -p node_modules/x; echo dep > node_modules/x/x; echo stale > lib/made.txt',
        ],
      ],
      image: 'base',
      key: digestOf('test', 'layers'),
    };
    const first = await attemptsOn(factory, repository, plan);
    await buildLayer(factory, await placeOf(first, factory, repository), plan);
    const before = digests(factory);
    const place = await first.open();
    const worked = await first.work(
      place,
      sh(`cat lib/made.txt node_modules/x/x
          echo mine > node_modules/x/x; echo mine > src/sum.mjs; rm -rf lib; chmod -R go+w .
          for f in /mirror /mirror/objects /snapshot /run/proofhouse /etc /opt/proofhouse; do
            touch $f/written 2>/dev/null && echo "wrote $f"; done; true`),
    );
    expect(worked.lines).toEqual(['one', 'dep']);
    expect(await first.seal(place)).toMatchObject({
      touched: ['delete lib/made.txt', 'modify src/sum.mjs'],
    });
    expect(digests(factory)).toBe(before);

    commitTo(repository, 'lib/made.txt', 'two\n');
    const later = await attemptsOn(factory, repository, plan);
    const seen = await later.work(await later.open(), sh('cat lib/made.txt node_modules/x/x'));
    expect(seen.lines).toEqual(['two', 'dep']);
    expect([...(await first.discard()), ...(await later.discard())]).toEqual([]);
  });

  it('hide nothing that is tracked, whatever dependency commands did to it', async () => {
    const factory = await testFactory('whiteouts');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), {
      ...{ 'vendor/deep/y': 'y\n', 'dist/x': 'x\n', 'linked/z': 'z\n', 'kept/w': 'w\n' },
    });
    const plan: DependencyPlan = {
      run: [
        [
          'sh',
          '-c',
          'rm -rf vendor dist linked; mkdir dist; echo new > dist/new; ln -s /etc linked',
        ],
        ['sh', '-c', 'mkdir kept/node_modules; echo dep > kept/node_modules/x'],
      ],
      image: 'base',
      key: digestOf('test', 'whiteouts'),
    };
    const attempts = await attemptsOn(factory, repository, plan);
    await buildLayer(factory, await placeOf(attempts, factory, repository), plan);
    const look = sh('cat vendor/deep/y dist/x dist/new linked/z kept/w kept/node_modules/x');
    const place = await attempts.open();
    const all = ['y', 'x', 'new', 'z', 'w', 'dep'];
    expect((await attempts.work(place, look)).lines).toEqual(all);
    expect(await attempts.seal(place)).toMatchObject({ touched: [] });
    const next = await attempts.open();
    await attempts.work(next, sh('echo 1 > vendor/new; echo 2 > kept/new; echo 3 > dist/new'));
    const sealed = await attempts.seal(next);
    expect(sealed).toMatchObject({ touched: ['add kept/new', 'add vendor/new'] });
    const checked = await factory.tools.workspaces.check(
      next,
      'tree' in sealed ? sealed.tree : next.base,
      plan,
      {
        ...{ part: 'check', role: 'validator', image: 'base', joins: null, argv: look },
        ...{ env: {}, files: {}, memoryBytes: 2 ** 28, wallMs: 60_000 },
      },
      signal,
    );
    expect(checked.tail).toEqual(all);
  });
});

async function placeOf(attempts: Attempts, factory: Factory, repository: string) {
  const base = await factory.forge.tip(repository, 'main');
  if (base === null) throw new Error('no base');
  return { run: attempts.run, attempt: 1, repository, base };
}

async function buildLayer(
  factory: Factory,
  place: Awaited<ReturnType<typeof placeOf>>,
  plan: DependencyPlan,
): Promise<void> {
  const { workspaces } = factory.tools;
  await workspaces.socketPath(place, 'dependencies');
  const end = await workspaces.buildDependencies(place, plan, async () => {}, signal);
  expect(end).toMatchObject({ ended: 'exited', exitCode: 0 });
}

/** One digest over every file of the snapshots and dependency layers: names, modes and bytes. */
function digests(factory: Factory): string {
  const folder = path.join(factory.home, 'repositories');
  const listed = execFileSync(
    'sh',
    [
      '-c',
      `find . \\( -path './*/snapshots/*' -o -path './*/dependencies/*' \\) -not -path '*/uses/*' -printf '%P %m %s %T@\\n' | sort;
       find . -type f \\( -path '*/snapshots/*' -o -path '*/dependencies/*' \\) -not -path '*/uses/*' -print0 | sort -z | xargs -0 sha256sum`,
    ],
    { cwd: folder },
  );
  expect(listed.length).toBeGreaterThan(500);
  return createHash('sha256').update(listed).digest('hex');
}

function commitTo(repository: string, file: string, text: string): void {
  const oid = execFileSync('git', ['-C', repository, 'hash-object', '-w', '--stdin'], {
    input: text,
    encoding: 'utf8',
  }).trim();
  gitOut(repository, 'update-index', '--cacheinfo', `100644,${oid},${file}`);
  gitOut(
    repository,
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@localhost.invalid',
    'commit',
    '-qm',
    'Later',
  );
}
