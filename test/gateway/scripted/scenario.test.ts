import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadScenarios, parseScenario, writeScenario } from '../../../gateway/scripted/scenario.ts';

const HEAD = 'scenario: a\nwhen: { prompt_contains: [x] }\n';

it('every key of a step is read', () => {
  const steps = `steps:
  - say: hello
    shell: ls
  - delay_ms: 200
    write: { path: a, content: b }
  - error: { status: 503, message: busy, times: 2 }
    say: done
  - silent: true
  - garbage: true
  - call: { tool: Edit, input: { path: a, deep: [1] } }
  - call: { tool: apply_patch, input: "*** Begin" }
`;
  expect(parseScenario(HEAD + steps, 'a.yaml').steps).toEqual([
    { say: 'hello', shell: 'ls' },
    { delay_ms: 200, write: { path: 'a', content: 'b' } },
    { error: { status: 503, message: 'busy', times: 2 }, say: 'done' },
    { silent: true },
    { garbage: true },
    { call: { tool: 'Edit', input: { path: 'a', deep: [1] } } },
    { call: { tool: 'apply_patch', input: '*** Begin' } },
  ]);
});

describe('is refused with its place', () => {
  it.each([
    [
      `${HEAD}steps:\n  - say: a\n  - sya: b\n`,
      'dir/a.yaml:5: steps.1: Unrecognized key: "sya"; there are: say, shell, write, call',
    ],
    [
      `whne: 1\n${HEAD}steps: [{ say: a }]\n`,
      'dir/a.yaml:1: Unrecognized key: "whne"; there are: scenario, when, steps',
    ],
    [
      'scenario: a\nwhen: { prompt_contains: [x], atempt: 1 }\nsteps: [{ say: a }]\n',
      'dir/a.yaml:2: when: Unrecognized key: "atempt"; there are: prompt_contains, attempt',
    ],
    [
      `${HEAD}a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c]\nsteps: []\n`,
      'dir/a.yaml:1: its names (&name, *name) cannot be followed',
    ],
    [
      `${HEAD}steps:\n  - shell: a\n    call: { tool: x, input: {} }\n`,
      'dir/a.yaml:4: steps.0: a step has a shell, a write or a call',
    ],
    [`${HEAD}steps:\n  - {}\n`, 'dir/a.yaml:4: steps.0: a step must do something'],
    [
      `${HEAD}steps:\n  - { shell: a, write: { path: a, content: b } }\n`,
      'dir/a.yaml:4: steps.0: a step has a shell, a write or a call, and one of them only',
    ],
    [
      'scenario: a\nwhen: { prompt_contain: [x] }\nsteps: [{ say: a }]\n',
      'dir/a.yaml:2: when: Unrecognized key: "prompt_contain"; there are: prompt_contains, attempt',
    ],
    [`${HEAD}steps: []\n`, 'dir/a.yaml:3: steps: '],
    [`${HEAD}steps:\n  - delay_ms: -1\n`, 'dir/a.yaml:4: steps.0.delay_ms: '],
    [`${HEAD}steps:\n  - error: { status: 200 }\n`, 'dir/a.yaml:4: steps.0.error.status: '],
    [`${HEAD}steps: [say: a\n`, 'dir/a.yaml:'],
    [`${HEAD}steps:\n  - say: a\n    say: b\n`, 'dir/a.yaml:5: Map keys must be unique'],
    ['scenario: a\nwhen: { prompt_contains: [] }\nsteps: [{ say: a }]\n', 'dir/a.yaml:2: '],
    ['scenario: A b\nwhen: { prompt_contains: [x] }\nsteps: [{ say: a }]\n', 'dir/a.yaml:1: '],
    ['', 'dir/a.yaml:1: '],
  ])('%j', (source, message) => {
    expect(() => parseScenario(source, 'dir/a.yaml')).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) }),
    );
  });
});

describe('a folder', () => {
  async function folder(files: Record<string, string>): Promise<string> {
    const made = await mkdtemp(path.join(os.tmpdir(), 'proofhouse-folder-'));
    onTestFinished(() => rm(made, { recursive: true }));
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(made, name), text);
    return made;
  }
  const named = (name: string) =>
    `scenario: ${name}\nwhen: { prompt_contains: [x] }\nsteps: [{ say: a }]`;

  it('is read in the order of its file names', async () => {
    const made = await folder({ '2.yaml': named('b'), '1.yml': named('a'), 'readme.md': 'no' });
    expect((await loadScenarios(made)).map(({ scenario }) => scenario)).toEqual(['a', 'b']);
  });

  it('or one file of any name is read', async () => {
    const made = await folder({ one: named('a') });
    expect((await loadScenarios(`${made}/one`)).map(({ scenario }) => scenario)).toEqual(['a']);
  });

  it('a file that is far too long is not read', async () => {
    const made = await folder({ 'a.yaml': `${named('a')}\n#${'x'.repeat(17 * 2 ** 20)}` });
    await expect(loadScenarios(made)).rejects.toThrow(/has \d+ bytes; a scenario has at most/);
  });

  it('without a scenario, or that is not there, is refused', async () => {
    const made = await folder({ 'readme.md': 'no' });
    await expect(loadScenarios(made)).rejects.toMatchObject({ code: 'usage' });
    await expect(loadScenarios(`${made}/gone`)).rejects.toMatchObject({ code: 'usage' });
  });
});

it('what is written is read again, whatever it holds', () => {
  const steps = [
    { say: 'a: b\n# "c" \u0007 «secret:known»', shell: "cat <<'END'\n  x\nEND" },
    { call: { tool: 'Edit', input: { old: '\ttab', n: 1, list: [null, true] } } },
  ];
  const scenario = { scenario: 'a', when: { prompt_contains: ['- x: y'], attempt: 2 }, steps };
  const text = writeScenario(scenario, 'recorded\ntwo lines');
  expect(text).toMatch(/^# recorded\n# two lines\nscenario: a\n/);
  expect(parseScenario(text, 'a.yaml')).toEqual(scenario);
});
