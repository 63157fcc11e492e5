/** On an engine that does not see our folders a run goes as it goes beside us, and ends in the same tree. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Factory, runtimeFolder } from '../../../orchestrator/compose.ts';
import { digestOf } from '../../../orchestrator/domain/canonical.ts';
import type { CheckCommand, DependencyPlan } from '../../../orchestrator/ports.ts';
import { openQuotas } from '../../../sandboxes/quota.ts';
import { sharesFiles } from '../../../sandboxes/shares-files.ts';
import { folders } from '../../../sandboxes/source/folders.ts';
import { openWorkspaces } from '../../../sandboxes/workspaces/workspaces.ts';
import { attemptsOn, node, sh } from '../sandbox/attempt.ts';
import { leftOver, queue, settle, testFactory } from '../support.ts';
import { gitOut, SHELL_AGENT, tinyRepository, workspaceFile } from '../tiny.ts';
import { type SecondEngine, secondEngine } from './second-engine.ts';

const signal = new AbortController().signal;
const before = process.env['DOCKER_HOST'];
const second: { engine?: SecondEngine } = {};

beforeAll(async () => {
  second.engine = await secondEngine();
});
afterAll(async () => {
  here();
  await second.engine?.stop();
});

/** What is opened from now on talks to the engine on this machine. */
function here(): void {
  if (before === undefined) delete process.env['DOCKER_HOST'];
  else process.env['DOCKER_HOST'] = before;
}

function there(): void {
  process.env['DOCKER_HOST'] = second.engine?.host;
}

async function factoryThere(name: string): Promise<Factory> {
  there();
  return testFactory(name);
}

const shopOf = (factory: Factory) => ({
  engine: factory.engine,
  image: factory.tools.image,
  uidOf: async () => 20_000,
  quotas: openQuotas(factory.home),
  home: factory.home,
  folders: folders(factory.home),
  runtime: runtimeFolder(factory.home),
});

/** Asks the gateway, through whatever leads to it, and leaves what it said. */
const FIX = `sed -i 's/a + b/a + b + 0/' src/sum.mjs
node --input-type=module -e "
  import { writeFileSync } from 'node:fs';
  const models = await fetch('http://127.0.0.1:8080/v1/models');
  const other = await fetch('http://127.0.0.1:8080/elsewhere', { method: 'POST', body: 'x'.repeat(400000) });
  writeFileSync('asked.txt', models.status + ' ' + other.status + '\\n');
"
`;

async function finishedRun(factory: Factory): Promise<string> {
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    '.proofhouse/workspace.yaml': workspaceFile(SHELL_AGENT),
    'fix.sh': FIX,
  });
  const task = await queue(factory, repository, 'Add nothing.');
  const state = await settle(factory, task.id);
  expect(state, JSON.stringify(state)).toMatchObject({
    phase: 'done',
    outcome: { kind: 'published' },
  });
  const entries = await factory.store.read(task.id);
  const sealed = entries.find(({ event }) => event.type === 'change_sealed')?.event;
  if (sealed?.type !== 'change_sealed') throw new Error('nothing was sealed');
  await factory.tools.workspaces.discard(task.id);
  expect(leftOver(task.id)).toEqual([]);
  return sealed.change.tree;
}

describe('an engine elsewhere', () => {
  it('is told from one that shares our files and our sockets', async () => {
    here();
    expect(await sharesFiles(shopOf(await testFactory('shared')), signal)).toBe(true);
    const factory = await factoryThere('not-shared');
    expect(await sharesFiles(shopOf(factory), signal)).toBe(false);
    // A policy that requires a hard quota is not run there, whatever this machine could mount.
    const { host } = await factory.tools.machine.facts();
    expect(host.quota).toMatchObject({ isHard: false, why: expect.stringContaining('counted') });
  });

  it('has no use for a folder of ours', async () => {
    const factory = await factoryThere('weak');
    const repository = tinyRepository(path.join(factory.home, 'tiny'));
    const { source } = factory.tools;
    const attempts = await attemptsOn(factory, repository);
    await source.update(repository, factory.forge.remote(repository));
    const base = await factory.forge.tip(repository, 'main');
    if (base === null) throw new Error('no base');
    const beside = openWorkspaces(shopOf(factory));
    const place = { run: attempts.run, attempt: 1, repository, base };
    await expect(beside.open(place, null, null, signal)).rejects.toMatchObject({
      code: 'engine_failed',
      message: expect.stringContaining('bind'),
    });
  });

  it('runs a task to its pull request, by the same tree as the engine here', async () => {
    here();
    const ours = await finishedRun(await testFactory('run-here'));
    const theirs = await finishedRun(await factoryThere('run-there'));
    expect(theirs).toBe(ours);
  });

  it('opens an attempt over the tree of the one before, and over dependencies that are no change', async () => {
    const factory = await factoryThere('layers');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), {
      ...{ 'lib/made.txt': 'one\n', 'vendor/y': 'y\n' },
    });
    const made = 'mkdir -p lib/deps; echo dep > lib/deps/x; echo stale > lib/made.txt';
    const plan: DependencyPlan = {
      // What takes the place of a tracked folder hides nothing of it either.
      run: [['sh', '-c', `${made}; rm -rf vendor; ln -s /etc vendor`]],
      image: 'base',
      key: digestOf('test', 'remote-layers'),
    };
    const attempts = await attemptsOn(factory, repository, plan);
    const base = await factory.forge.tip(repository, 'main');
    if (base === null) throw new Error('no base');
    const { workspaces } = factory.tools;
    const first = { run: attempts.run, attempt: 1, repository, base };
    expect(await workspaces.hasDependencies(first, plan, signal)).toBe(false);
    await halfMade(factory, first.run);
    await workspaces.socketPath(first, 'dependencies');
    const built = await workspaces.buildDependencies(first, plan, async () => {}, signal);
    expect(built).toMatchObject({ ended: 'exited', exitCode: 0 });
    expect(await workspaces.hasDependencies(first, plan, signal)).toBe(true);

    const place = await attempts.open();
    const worked = await attempts.work(
      place,
      sh('cat lib/made.txt lib/deps/x vendor/y; echo 1 > lib/new'),
    );
    expect(worked.lines).toEqual(['one', 'dep', 'y']);
    const sealed = await attempts.seal(place);
    expect(sealed).toMatchObject({ touched: ['add lib/new'] });
    expect(await attempts.seal(place)).toEqual(sealed);
    const again = await attempts.open('tree' in sealed ? sealed.tree : null);
    const next = await attempts.work(again, sh('cat lib/new lib/deps/x; rm src/sum.mjs'));
    expect(next.lines).toEqual(['1', 'dep']);
    expect(await attempts.seal(again)).toMatchObject({
      touched: ['add lib/new', 'delete src/sum.mjs'],
    });
    expect(await attempts.discard()).toEqual([]);
  });

  it('shows a workspace the past of its base, and nothing that came after', async () => {
    const factory = await factoryThere('past');
    const repository = tinyRepository(path.join(factory.home, 'tiny'));
    const attempts = await attemptsOn(factory, repository);
    gitOut(repository, 'commit', '--allow-empty', '-m', 'The answer');
    const later = gitOut(repository, 'rev-parse', 'HEAD').trim();
    const newer = await attemptsOn(factory, repository);
    await newer.open();
    const place = await attempts.open();
    const looking = `git cat-file -t HEAD; git log --oneline | wc -l; git fsck > /dev/null && echo whole
      git --git-dir=/mirror cat-file -t ${later} 2>/dev/null || echo unknown`;
    const looked = await attempts.work(place, sh(looking));
    expect(looked.lines).toEqual(['commit', expect.stringMatching(/^\s*1$/), 'whole', 'unknown']);
  });

  it('tells what an ignore file of the change would hide, and refuses what is too large', async () => {
    const factory = await factoryThere('ignored');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), { '.gitignore': '*.log\n' });
    const attempts = await attemptsOn(factory, repository);
    const place = await attempts.open();
    await attempts.work(place, sh('echo "*.js" >> .gitignore; echo 1 > a.log; echo 2 > hidden.js'));
    const { workspaces } = factory.tools;
    expect(await workspaces.seal(place, null, signal)).toMatchObject({
      findings: [{ code: 'ignore_widened', message: expect.stringContaining('hidden.js') }],
    });
    expect(await attempts.seal(place)).toMatchObject({
      touched: ['modify .gitignore', 'add hidden.js'],
    });
    const large = await attempts.open();
    await attempts.work(large, sh('truncate -s 1G src/large'));
    expect(await attempts.seal(large)).toMatchObject({
      refused: [expect.stringContaining('1073741824 bytes: src/large')],
    });
  });

  it('ends an agent that writes more than a workspace may hold', async () => {
    const factory = await factoryThere('full');
    const attempts = await attemptsOn(factory, tinyRepository(path.join(factory.home, 'tiny')));
    const place = await attempts.open();
    const fill = 'fallocate -l 1500M a; fallocate -l 1500M b; sleep 120';
    const worked = await attempts.work(place, sh(fill));
    expect(worked.end).toMatchObject({ full: expect.stringContaining('2048 MiB'), exitCode: 137 });
  });

  it('leaves what all runs share when it clears away, and removes it when it is old', async () => {
    const factory = await factoryThere('shared');
    const attempts = await attemptsOn(factory, tinyRepository(path.join(factory.home, 'tiny')));
    await attempts.open();
    const layers = async (): Promise<number> => {
      const { volumes } = await factory.engine.mine();
      return volumes.filter(({ role }) => role === 'layer').length;
    };
    await factory.reap();
    expect(await layers()).toBe(1);
    expect(await attempts.discard()).toEqual([]);
    await factory.collect(Number.MAX_SAFE_INTEGER, false);
    expect(await layers()).toBe(0);
  });

  it('reads regular files of an output and follows nothing', async () => {
    const factory = await factoryThere('outputs');
    const repository = tinyRepository(path.join(factory.home, 'tiny'));
    const attempts = await attemptsOn(factory, repository);
    const place = await attempts.open();
    await attempts.work(place, sh('echo new > added.txt'));
    const sealed = await attempts.seal(place);
    const tree = 'tree' in sealed ? sealed.tree : null;
    if (tree === null) throw new Error('refused');
    const script = `import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
      import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
      mkdirSync('/out/below'); writeFileSync('/out/below/a', 'text'); writeFileSync('/out/empty', '');
      symlinkSync('/etc/passwd', '/out/link'); execFileSync('mkfifo', ['/out/pipe']);`;
    const ran = await factory.tools.workspaces.check(
      place,
      tree,
      null,
      {
        ...{ part: 'check', role: 'validator', image: 'base', joins: null },
        ...{ argv: node(script), env: {}, files: {}, memoryBytes: 2 ** 28, wallMs: 60_000 },
      },
      signal,
    );
    expect(ran.end).toMatchObject({ ended: 'exited', exitCode: 0 });
    expect(ran.files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
      ['below/a', 'text'],
      ['empty', ''],
    ]);
    expect(await attempts.discard()).toEqual([]);
  });

  it('gives a check its services, seeded from the base, again after the run was cleared away', async () => {
    const factory = await factoryThere('services');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), { 'seed.txt': 'sown' });
    const attempts = await attemptsOn(factory, repository);
    const place = await attempts.open();
    await attempts.work(place, sh('echo new > added.txt'));
    const sealed = await attempts.seal(place);
    const tree = 'tree' in sealed ? sealed.tree : null;
    if (tree === null) throw new Error('refused');
    const keeps = `import http from 'node:http'; let kept = '';
      http.createServer((asked, answer) => { kept ||= asked.url; answer.end(kept); }).listen(7001, '127.0.0.1');`;
    const sows = `import { readFileSync } from 'node:fs';
      await fetch('http://127.0.0.1:7001/' + readFileSync('/workspace/seed.txt', 'utf8'));`;
    const service = {
      ...{ name: 'kept', image: 'base', argv: node(keeps), env: {}, ready: { port: 7001 } },
      ...{ readyMs: 20_000, seed: [node(sows)], memoryBytes: 2 ** 27, data: null },
    };
    const asks = `console.log(await (await fetch('http://127.0.0.1:7001/mine')).text());`;
    const command: CheckCommand = {
      part: 'check',
      role: 'validator',
      ...{ image: 'base', joins: null, argv: node(asks) },
      ...{ env: {}, files: {}, memoryBytes: 2 ** 28, wallMs: 60_000, services: [service] },
    };
    const { workspaces } = factory.tools;
    expect((await workspaces.check(place, tree, null, command, signal)).tail).toEqual(['/sown']);
    // As a run that waits for a person is; it is checked again when its base has moved.
    await workspaces.discard(place.run);
    expect((await workspaces.check(place, tree, null, command, signal)).tail).toEqual(['/sown']);
    expect(await attempts.discard()).toEqual([]);
  });

  it('keeps nothing of a data directory that is taken down', async () => {
    const factory = await factoryThere('down');
    const repository = tinyRepository(path.join(factory.home, 'tiny'));
    const attempts = await attemptsOn(factory, repository);
    await attempts.open();
    await factory.engine.removeAll('instance');
    const label = `label=proofhouse=${factory.engine.instance}`;
    const args = ['volume', 'ls', '--quiet', '--filter', label];
    expect(execFileSync('docker', args, { encoding: 'utf8' })).toBe('');
  });
});

/** As a controller that was killed while the layer was copied leaves it. */
async function halfMade(factory: Factory, run: string): Promise<void> {
  const { volumes } = await factory.engine.mine();
  const layer = volumes.find(({ name }) => name.includes('-dependencies-'))?.name;
  const [user = ''] = readdirSync(folders(factory.home).users);
  const at = ['--user', user, '--volume', `${layer}:/layer`];
  const image = await factory.tools.image('base');
  const make = ['mkdir', '--parents', `/layer/${run}/half`];
  execFileSync('docker', ['run', '--rm', '--network', 'none', ...at, image, ...make]);
}
