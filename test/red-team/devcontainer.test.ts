/** SBX-17: a `devcontainer.json` that runs commands on the host and takes the walls down. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { engineOf, recipesOf } from '../../orchestrator/compose.ts';
import { eventsOf, saidBy, shellAgent } from '../scenarios/steps.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../scenarios/support.ts';
import { proofhouse, tinyRepository, workspaceFile } from '../scenarios/tiny.ts';

const SOCKET = '/var/run/docker.sock';
/** What the set-up command sees of its walls, kept where the agent can print it. */
const LOOK = `mkdir -p node_modules; {
  grep CapEff /proc/self/status; test -S ${SOCKET} && echo engine; echo seen; } > node_modules/walls`;

const hostile = (mark: string) => ({
  image: 'mcr.example/devcontainers/node:20',
  initializeCommand: ['touch', mark],
  runArgs: ['--user', 'root', '-v', `${SOCKET}:${SOCKET}`],
  mounts: [`type=bind,source=${SOCKET},target=${SOCKET}`],
  privileged: true,
  capAdd: ['SYS_ADMIN'],
  securityOpt: ['seccomp=unconfined'],
  features: { 'features.example/evil/root:1': {} },
  forwardPorts: [3000],
  postCreateCommand: LOOK,
});

/** As a tool does that takes the file at its word, as far as an engine inside a virtual machine lets it. */
async function naive(file: ReturnType<typeof hostile>, home: string): Promise<string> {
  const [program = '', ...args] = file.initializeCommand;
  execFileSync(program, args);
  const tag = recipesOf().find(({ name }) => name === 'base')?.tag ?? '';
  const image = await engineOf(home).imageId(tag);
  const command = `cd /tmp && ${file.postCreateCommand} && cat node_modules/walls`;
  const run = ['run', '--rm', '--network', 'none', ...file.runArgs];
  return execFileSync('docker', [
    ...run,
    '--entrypoint',
    '/bin/sh',
    image,
    '-c',
    command,
  ]).toString();
}

it('works where a reader does what the file says', async () => {
  const mark = path.join(scratch('mark'), 'host-was-here');
  const walls = await naive(hostile(mark), scratch('home'));
  expect(existsSync(mark)).toBe(true);
  expect(walls).toContain('engine');
  expect(walls).not.toMatch(/CapEff:\s0{16}/);
});

it('sets up inside our walls and nothing else, and people read what was ignored', async () => {
  const factory = await testFactory('devcontainer');
  const mark = path.join(scratch('mark'), 'host-was-here');
  const script = `cat node_modules/walls; echo 'export const more = 1;' > src/more.mjs\n`;
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    ...shellAgent(script),
    '.devcontainer/devcontainer.json': `// editors\n${JSON.stringify(hostile(mark), null, 2)}\n`,
    '.proofhouse/workspace.yaml': workspaceFile(
      'agent: { kind: command, run: [sh, fix.sh] }\ndevcontainer: true',
    ),
  });
  const { id } = await queue(factory, repository, 'Add more');
  const run = await settle(factory, id);
  expect(run, JSON.stringify(run)).toMatchObject({ outcome: { kind: 'published' } });
  expect(await eventsOf(factory, id)).toContain('workspace_ready');
  expect(existsSync(mark)).toBe(false);
  const said = await saidBy(factory, id, 1);
  expect(said).toContain('seen');
  expect(said).toMatch(/CapEff:\s0{16}/);
  expect(said).not.toContain('engine');

  const shown = await proofhouse({ home: factory.home }, 'run', 'show', id);
  const [request] = await factory.forge.pullRequests(repository);
  for (const key of [
    'initializeCommand',
    'runArgs',
    'mounts',
    'privileged',
    'capAdd',
    'features',
  ]) {
    expect(shown.out).toContain(`${key} is ignored`);
    expect(request?.body).toContain(`${key} is ignored`);
  }
  expect(shown.out).toContain('the image mcr.example/devcontainers/node:20 is not on the engine');
  expect(leftOver(id)).toEqual([]);
});
