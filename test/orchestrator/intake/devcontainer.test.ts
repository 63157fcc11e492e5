import { describe, expect, test } from 'vitest';
import { parseDevcontainer } from '../../../orchestrator/intake/devcontainer.ts';

const FILE = '.devcontainer/devcontainer.json';
const read = (value: unknown) =>
  parseDevcontainer(typeof value === 'string' ? value : JSON.stringify(value), FILE);

test('image and set-up commands are taken, with comments and a comma too many', () => {
  const text = `// For everybody's editor
{
  "name": "shop", /* nobody reads this */
  "image": "proofhouse/base:1",
  "postCreateCommand": ["npm", "run", "build // not a comment"],
  "onCreateCommand": "npm ci && npm test, }",
  "updateContentCommand": { "a": "make a", "b": ["make", "b"] },
  "customizations": { "vscode": {} },
}
`;
  expect(read(text)).toEqual({
    image: 'proofhouse/base:1',
    steps: [
      ['/bin/sh', '-c', 'npm ci && npm test, }'],
      ['/bin/sh', '-c', 'make a'],
      ['make', 'b'],
      ['npm', 'run', 'build // not a comment'],
    ],
    findings: [],
  });
});

describe('what is for the host or widens a sandbox is ignored, and people are told at its line:', () => {
  test.each([
    ['initializeCommand', 'touch /tmp/x', 'it would run on the host'],
    ['runArgs', ['--privileged'], 'it could take any wall down'],
    ['privileged', true, 'it would take every wall down'],
    ['capAdd', ['SYS_ADMIN'], 'no sandbox has a capability'],
    ['securityOpt', ['seccomp=unconfined'], "it could turn a sandbox's walls off"],
    ['mounts', ['source=/var/run/docker.sock'], 'nothing of the host is mounted'],
    ['workspaceMount', 'source=/', 'nothing of the host is mounted'],
    [
      'features',
      { 'features.example/x/y:1': {} },
      'they are scripts of strangers that run as root',
    ],
    ['build', { dockerfile: 'Dockerfile' }, 'no image is built for a repository'],
    ['dockerFile', 'Dockerfile', 'no image is built for a repository'],
    ['dockerComposeFile', 'x.yml', 'services are named in .proofhouse/workspace.yaml'],
    ['forwardPorts', [3000], 'a sandbox has no network'],
    ['appPort', 3000, 'a sandbox has no network'],
    ['containerEnv', { NODE_OPTIONS: '-r x' }, 'it could name where programs find their code'],
    ['remoteEnv', { PATH: '/x' }, 'it could name where programs find their code'],
    ['remoteUser', 'root', 'a sandbox has a user of its own'],
    ['containerUser', 'root', 'a sandbox has a user of its own'],
    ['postStartCommand', 'x', 'only what sets up is run'],
    ['postAttachCommand', 'x', 'only what sets up is run'],
    ['toString', 'x', 'it is not among what a workspace takes'],
    ['somethingNew', 'x', 'it is not among what a workspace takes'],
  ])('%s', (key, value, why) => {
    const { image, steps, findings } = read(`{\n\n"${key}": ${JSON.stringify(value)} }`);
    expect({ image, steps }).toEqual({ image: null, steps: [] });
    expect(findings).toEqual([
      {
        validator: 'workspace',
        code: 'devcontainer_ignored',
        message: `${key} is ignored: ${why}`,
        where: `${FILE}:3`,
      },
    ]);
  });

  test('a thousand keys are counted and not listed', () => {
    const keys = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, 1]));
    const { findings } = read(keys);
    expect(findings).toHaveLength(41);
    expect(findings.at(-1)?.message).toBe('960 more keys are ignored');
  });
});

describe('is refused whole, with the line and what to do, when', () => {
  test.each([
    ['it is no JSON', '{ "image": '],
    ['a key is given twice', '{ "image": "a", "image": "b" }'],
    ['it is a list', '[]'],
    ['it is too long', `{ "image": "${'x'.repeat(300_000)}" }`],
    ['a command is a number', { postCreateCommand: 3 }],
    ['a command is empty', { onCreateCommand: [] }],
    ['a command nests', { onCreateCommand: { a: { b: 'x' } } }],
    ['a word holds NUL', { onCreateCommand: ['a\0b'] }],
    [
      'there are too many commands',
      { onCreateCommand: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [at, 'x'])) },
    ],
  ])('%s', (_, value) => {
    expect(() => read(value)).toThrowError(
      expect.objectContaining({
        code: 'workspace_invalid',
        message: expect.stringMatching(
          /^\.devcontainer\/devcontainer\.json:\d+: .*workspace\.yaml/,
        ),
      }),
    );
  });
});
