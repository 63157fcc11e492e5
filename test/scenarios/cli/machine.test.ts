/** What the command line says of the machine, what it clears away, and what it makes of a slip of the pen. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { runtimeFolder } from '../../../orchestrator/compose.ts';
import { DoctorReport } from '../../../orchestrator/domain/doctor.ts';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import { commitAll, leftOver, scratch } from '../support.ts';
import {
  type CommandLine,
  ended,
  proofhouse,
  queueByHand,
  startProofhouse,
  succeeded,
  TINY_POLICY,
  tinyRepository,
} from '../tiny.ts';
import { freshHome, serveArguments, shellRepository } from './shell-agent.ts';

const POLICY = '.proofhouse/policy.yaml';
const NO_ENGINE = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };

describe('doctor', () => {
  it('says what is there, as a table and as JSON', async () => {
    const at = freshHome();
    const text = await proofhouse(at, 'doctor');
    succeeded(text);
    for (const what of ['docker', 'images', 'disk', 'cores and memory', 'node', 'model'])
      expect(text.out).toContain(what);
    const json = await proofhouse(at, '--json', 'doctor');
    const report = DoctorReport.parse(JSON.parse(json.out));
    expect(report.rows.filter(({ state }) => state === 'bad')).toEqual([]);
    expect(report.machine?.engine.version).toMatch(/^\d+\./);
    const shares = report.rows.find(({ what }) => what.startsWith('shares this machine'));
    expect(shares?.state).toBe('good');
    expect(readdirSync(at.home).filter((name) => name.startsWith('doctor-'))).toEqual([]);
    expect(leftOver(RunId.parse('rdoctor0'))).toEqual([]);
  });

  it('holds the machine against what a policy requires, as a run is', async () => {
    const at = freshHome();
    const policy = (engine: string): string => {
      const file = path.join(scratch('required'), 'policy.yaml');
      const head = 'metadata: { name: here, owner: platform, layer: standalone }';
      const text = `apiVersion: proofhouse/v1\nkind: Policy\n${head}\nrequire: { engine: "${engine}" }\n`;
      writeFileSync(file, text);
      return file;
    };
    const held = await proofhouse(at, 'doctor', '--policy', policy('1.0'));
    succeeded(held);
    expect(held.out).toMatch(/^good +required by the policy +engine 1\.0 or newer$/m);
    const lacks = await proofhouse(at, 'doctor', '--policy', policy('99.0'));
    ended(lacks, 4);
    expect(lacks.out).toMatch(/^bad +required: engine 99\.0 or newer +.*policy\.yaml:4:/m);
    ended(await proofhouse(at, 'doctor', '--policy', '/nonexistent/policy.yaml'), 2);
  });

  it.each([
    ['where no engine answers', NO_ENGINE, 'scripts/setup'],
    // Nothing listens there, and nothing is asked: the refusal comes first.
    ['for an engine over bare TCP', { DOCKER_HOST: 'tcp://127.0.0.1:1' }, 'client certificates'],
  ])('exits 4 and says what to do %s', async (_, env, todo) => {
    const at = { home: scratch('home'), env };
    const json = await proofhouse(at, '--json', 'doctor');
    ended(json, 4);
    const report = DoctorReport.parse(JSON.parse(json.out));
    expect(report).toMatchObject({ worst: 'bad', machine: null });
    const docker = report.rows.find(({ what }) => what === 'docker');
    expect(docker).toMatchObject({ state: 'bad', todo: expect.stringContaining(todo) });
  });
});

describe('down', () => {
  it('removes what a killed controller left, through a link to the data directory as well', async () => {
    const home = freshHome().home;
    const link = path.join(scratch('link'), 'home');
    symlinkSync(home, link);
    const at: CommandLine = { home: link };
    const run = await queueByHand(at, shellRepository(), 'Work slowly.');
    const controller = startProofhouse(at, ...serveArguments());
    while (!(await proofhouse(at, 'run', 'logs', run)).out.includes('started'))
      expect(controller.process.exitCode).toBe(null);
    controller.process.kill('SIGKILL');
    await controller.ended;
    expect(leftOver(run)).toHaveLength(2);
    const runtime = runtimeFolder(home);
    expect(existsSync(path.join(runtime, run))).toBe(true);

    const down = await proofhouse(at, 'down');
    succeeded(down);
    expect(down.out).toContain('removed 2 sandboxes and volumes, 0 images; the data directory');
    expect(leftOver(run)).toEqual([]);
    expect(existsSync(runtime)).toBe(false);
    expect((await proofhouse(at, 'run', 'list')).out).toContain(run);

    const withData = await proofhouse({ home }, 'down', '--data');
    succeeded(withData);
    expect(existsSync(home)).toBe(false);
  });

  it('--images removes the images that bear our label and nothing else', async () => {
    const engine = await engineThatListens();
    const at = { home: scratch('home'), env: { DOCKER_HOST: `unix://${engine.socket}` } };
    succeeded(await proofhouse(at, 'down'));
    expect(engine.asked().filter((line) => line.includes('image'))).toEqual([]);
    const down = await proofhouse(at, 'down', '--images');
    succeeded(down);
    expect(down.out).toContain('removed 0 sandboxes and volumes, 2 images');
    expect(engine.asked().filter((line) => line.includes('image'))).toEqual([
      'GET images/json {"label":["proofhouse=image"]}',
      'DELETE images/sha256:one',
      'DELETE images/sha256:two',
    ]);
  });
});

describe('policy', () => {
  it('lint exits 0 for a good policy and 2 with file:line:column for a slip', async () => {
    const cwd = tinyRepository(scratch('tiny'));
    const good = await proofhouse({ home: scratch('home'), cwd }, 'policy', 'lint');
    succeeded(good);
    expect(good.out).toContain('.proofhouse/policy.yaml: 0 errors');
    const broken = tinyRepository(scratch('tiny'), {
      '.proofhouse/policy.yaml': TINY_POLICY.replace('validators:', 'validaters:'),
    });
    const at = { home: scratch('home'), cwd: broken };
    const said = await proofhouse(at, 'policy', 'lint');
    ended(said, 2);
    expect(said.out).toMatch(/--> \.proofhouse\/policy\.yaml:\d+:\d+/);
    expect(said.out).toContain('validators');
    const json = await proofhouse(at, '--json', 'policy', 'lint');
    ended(json, 2);
    expect(z.looseObject({ errors: z.int().min(1) }).safeParse(JSON.parse(json.out)).success).toBe(
      true,
    );
  });

  it('lint looks at the repository of the file, not at the one it is called from', async () => {
    const repository = tinyRepository(scratch('tiny'), { 'src/auth/door.mjs': '' });
    const file = path.join(repository, '.proofhouse/policy.yaml');
    const said = await proofhouse({ home: scratch('home') }, 'policy', 'lint', file);
    succeeded(said);
    expect(said.out).not.toContain('matches no known file');
  });

  it('explain says what a path would ask for', async () => {
    const at = { home: scratch('home'), cwd: tinyRepository(scratch('tiny')) };
    const guarded = await proofhouse(at, 'policy', 'explain', 'src/auth/door.mjs');
    succeeded(guarded);
    expect(guarded.out).toContain('auth');
    expect(guarded.out).toContain('critical');
    const policy = path.join(at.cwd, '.proofhouse/policy.yaml');
    const elsewhere = { home: at.home };
    const json = await proofhouse(
      elsewhere,
      '--json',
      'policy',
      'explain',
      'src/sum.mjs',
      '--policy',
      policy,
    );
    succeeded(json);
    expect(() => JSON.parse(json.out)).not.toThrow();
  });

  it('test runs the cases beside the policy, and ends with 1 when a gate is tried by none', async () => {
    const cases = (file: string) =>
      `cases:\n  - { name: x, change: [{ modify: ${file} }], expect: { decision: hold } }\n`;
    const inFolder = (file: string) => ({
      home: scratch('home'),
      cwd: tinyRepository(scratch('tiny'), { '.proofhouse/policy.test.yaml': cases(file) }),
    });
    const said = await proofhouse(inFolder('src/auth/a.mjs'), 'policy', 'test', '--coverage');
    ended(said, 1);
    expect(said.out).toContain('1 of 1 cases passed; 50 % of gates and content rules covered');
    const failed = await proofhouse(inFolder('src/sum.mjs'), 'policy', 'test');
    ended(failed, 1);
    expect(failed.out).toContain('FAILED x');
  });

  it('diff and simulate show what an edit lets go, and end with 1 for it', async () => {
    const at = { home: scratch('home'), cwd: tinyRepository(scratch('tiny')) };
    const same = await proofhouse(at, 'policy', 'diff', `HEAD:${POLICY}`, POLICY);
    succeeded(same);
    const looser = TINY_POLICY.replace('class: critical', 'class: low');
    writeFileSync(path.join(at.cwd, POLICY), looser);
    const diff = await proofhouse(at, 'policy', 'diff', `HEAD:${POLICY}`, POLICY);
    ended(diff, 1);
    expect(diff.out).toContain('auth');
    mkdirSync(path.join(at.cwd, 'src/auth'));
    writeFileSync(path.join(at.cwd, 'src/auth/door.mjs'), '');
    writeFileSync(path.join(at.cwd, POLICY), TINY_POLICY);
    commitAll(at.cwd, 'A door');
    writeFileSync(path.join(at.cwd, POLICY), looser);
    const replayed = await proofhouse(at, 'policy', 'simulate', '--last', '200');
    ended(replayed, 1);
    expect(replayed.out).toContain('1 loosened (1 newly free)');
  });
});

describe('a slip of the pen', () => {
  it.each([
    [['serv'], 'serve'],
    [['run', 'lst'], 'list'],
    [['serve', '--until-idel'], '--until-idle'],
    [['policy', 'lnt'], 'lint'],
  ])('%j exits 2 and names what was meant', async (args, meant) => {
    const said = await proofhouse({ home: scratch('home') }, ...args);
    ended(said, 2);
    expect(said.out).toBe('');
    expect(said.err).toContain(`(Did you mean ${meant}?)`);
  });
});

/** An engine that has two images and nothing else, and keeps what it is asked. */
async function engineThatListens(): Promise<{ socket: string; asked(): readonly string[] }> {
  const socket = path.join(scratch('engine'), 'e.sock');
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://engine');
    const where = url.pathname.replace(/^\/(v[\d.]+\/)?/, '');
    asked.push(`${request.method} ${where} ${url.searchParams.get('filters') ?? ''}`.trim());
    const answers: Record<string, unknown> = {
      'images/json': [{ Id: 'sha256:one' }, { Id: 'sha256:two' }],
      volumes: { Volumes: [] },
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers[where] ?? []));
  });
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { socket, asked: () => asked };
}
