import { describe, expect, test } from 'vitest';
import {
  actionsPermissionsWidened,
  actionsPullRequestTarget,
  actionsRunInjection,
  actionsUnpinnedUse,
} from '../../../policies/detect/actions.ts';
import { change, keysOf, link, unread } from './change.ts';

const path = '.github/workflows/ci.yml';
const SHA = '0123456789abcdef0123456789abcdef01234567';
const DETECTORS = [
  actionsPermissionsWidened,
  actionsPullRequestTarget,
  actionsUnpinnedUse,
  actionsRunInjection,
];

describe('the token of a workflow', () => {
  const flow = (top: string, ...jobs: string[]) =>
    `on: push\n${top}jobs:\n${jobs.map((job, index) => `  job${index}:\n    runs-on: a\n${job}`).join('')}`;
  const read = 'permissions:\n  contents: read\n';
  const write = 'permissions:\n  contents: write\n';
  const all = 'permissions: write-all\n';
  const indent = (block: string) => block.replace(/^/gm, '    ').replace(/ {4}$/, '');
  const widened = (before: string | null, after: string) =>
    keysOf(actionsPermissionsWidened, [change(path, before, after)]);

  test.each([
    ['reading to writing', flow(read, ''), flow(write, ''), ['workflow contents: write']],
    ['none to reading', flow('permissions: {}\n', ''), flow(read, ''), ['workflow contents: read']],
    ['a block that is gone', flow(read, ''), flow('', ''), ['workflow default']],
    ['everything', flow(read, ''), flow(all, ''), ['workflow write-all']],
    [
      'everything to read',
      flow(read, ''),
      flow('permissions: read-all\n', ''),
      ['workflow read-all'],
    ],
    ['everything, without a block before', flow('', ''), flow(all, ''), ['workflow write-all']],
    [
      'one scope, without a block before',
      flow('', ''),
      flow(write, ''),
      ['workflow contents: write'],
    ],
    [
      'a scope more',
      flow(read, ''),
      flow(`${read}  id-token: write\n`, ''),
      ['workflow id-token: write'],
    ],
    ['a job with more', flow(read, ''), flow(read, indent(write)), ['job job0 contents: write']],
    [
      'a job without its block',
      flow(write, indent(read)),
      flow(write, ''),
      ['job job0 contents: write'],
    ],
    ['a new job with more', flow(read, ''), flow(read, '', indent(all)), ['job job1 write-all']],
    ['in capitals', flow(read, ''), flow('permissions: Write-All\n', ''), ['workflow write-all']],
    [
      'what only a run would tell',
      flow(read, ''),
      flow('permissions: $x\n', ''),
      ['workflow write-all'],
    ],
    [
      'a level we do not know',
      flow(read, ''),
      flow('permissions:\n  contents: admin\n', ''),
      ['workflow contents: write'],
    ],
    [
      'in one line',
      flow(read, ''),
      flow('permissions: {"contents": "write"}\n', ''),
      ['workflow contents: write'],
    ],
  ])('%s', (_, before, after, keys) => {
    expect(widened(before, after)).toEqual(keys);
    expect(widened(after, after)).toEqual([]);
  });

  test('a new job is measured by what was there, and not by what came with it', () => {
    expect(widened(flow(read, ''), flow(write, '', indent(write)))).toEqual([
      'job job1 contents: write',
      'workflow contents: write',
    ]);
  });

  test('an anchor gives what it stands for', () => {
    const before = flow(read, indent('permissions: {}\n'));
    const after = flow(
      'permissions: &all\n  contents: read\n  packages: write\n',
      indent('permissions: *all\n'),
    );
    expect(widened(before, after)).toEqual([
      'job job0 contents: read',
      'job job0 packages: write',
      'workflow packages: write',
    ]);
  });

  test('narrower, the same or only moved says nothing', () => {
    expect(widened(flow(all, ''), flow(write, ''))).toEqual([]);
    expect(widened(flow('', ''), flow(read, ''))).toEqual([]);
    expect(widened(flow(write, ''), flow('permissions: {}\n', indent(write)))).toEqual([]);
    expect(widened(flow(write, ''), flow(write, '', ''))).toEqual([]);
  });

  test('a new workflow fires on what it may write', () => {
    expect(widened(null, flow(read, indent(write)))).toEqual(['job job0 contents: write']);
    expect(widened(null, flow(all, ''))).toEqual(['workflow write-all']);
    expect(widened(null, flow(read, ''))).toEqual([]);
    expect(widened(null, flow('', ''))).toEqual([]);
  });

  test('the line is that of the block', () => {
    const file = change(path, flow(read, ''), flow(read, indent(write)));
    const [firing] = actionsPermissionsWidened.detect({ files: [file], all: [], roots: [] }, {});
    expect(firing?.line).toBe(8);
  });
});

describe('who starts a workflow', () => {
  const triggers = (before: string | null, after: string) =>
    keysOf(actionsPullRequestTarget, [change(path, before, `${after}\njobs: {}\n`)]);

  test.each([
    ['on: pull_request_target', 'pull_request_target'],
    ['on: [push, pull_request_target]', 'pull_request_target'],
    ['on:\n  - pull_request_target', 'pull_request_target'],
    ['on:\n  pull_request_target:\n    types: [opened]', 'pull_request_target'],
    ['on: { "pull_request_target": }', 'pull_request_target'],
    ['"on": workflow_run', 'workflow_run'],
    ["'on':\n  workflow_run:\n    workflows: [ci]", 'workflow_run'],
    ['on: "\\x70ull_request_target"', 'pull_request_target'],
    ['on: >-\n  pull_request_target', 'pull_request_target'],
    ['on: Pull_Request_Target', 'pull_request_target'],
    ['env: &e [pull_request_target]\non: *e', 'pull_request_target'],
    ['x: &e { pull_request_target: }\non:\n  <<: *e', 'pull_request_target'],
  ])('%s', (text, key) => {
    expect(triggers('on: push', text)).toEqual([key]);
    expect(triggers(null, text)).toEqual([key]);
    expect(triggers(text, text)).toEqual([]);
  });

  test.each([
    'on: pull_request',
    '# on: pull_request_target\non: push',
    'on: [push]\nname: workflow_run',
  ])('not %s', (text) => {
    expect(triggers(null, text)).toEqual([]);
  });
});

describe('whose code runs', () => {
  const step = (uses: string) => `on: push\njobs:\n  a:\n    steps:\n      - uses: ${uses}\n`;
  const used = (before: string | null, after: string, at = path) =>
    keysOf(actionsUnpinnedUse, [change(at, before, after)]);

  test.each([
    'actions/checkout@v4',
    'actions/checkout',
    'actions/checkout@main',
    `actions/checkout@${SHA.slice(0, 39)}`,
    `actions/checkout@${SHA}0`,
    `actions/checkout@v1@${SHA}`,
    'docker://alpine:3',
    'docker://alpine@sha256:12',
    '../a',
  ])('%s can move', (uses) => {
    expect(used(null, step(uses))).toEqual([`uses ${uses}`]);
    expect(used(step(uses), step(uses))).toEqual([]);
    expect(used(step(uses), `${step(uses)}      - uses: ${uses}\n`)).toEqual([`uses ${uses}`]);
  });

  test.each([
    `actions/checkout@${SHA}`,
    `actions/checkout@${SHA.toUpperCase()} # v4`,
    `a/b/.github/workflows/c.yml@${SHA}`,
    './.github/actions/a',
    `docker://alpine@sha256:${'a'.repeat(64)}`,
  ])('%s cannot', (uses) => {
    expect(used(null, step(uses))).toEqual([]);
  });

  test('a workflow that is called and an action of many steps are code of others too', () => {
    const called = 'on: push\njobs:\n  a:\n    uses: a/b/.github/workflows/c.yml@main\n';
    expect(used(null, called)).toEqual(['uses a/b/.github/workflows/c.yml@main']);
    const composite = 'runs:\n  using: composite\n  steps: [{uses: "a/b@v1"}]\n';
    expect(used(null, composite, '.github/actions/x/action.yaml')).toEqual(['uses a/b@v1']);
    const image = 'runs: { using: docker, image: "docker://a:1" }\n';
    expect(used(null, image, '.github/actions/x/action.yml')).toEqual(['uses docker://a:1']);
    const own = 'runs: { using: docker, image: Dockerfile }\n';
    expect(used(null, own, '.github/actions/x/action.yml')).toEqual([]);
  });
});

describe('text of strangers in a script', () => {
  const run = (expression: string) =>
    `on: push\njobs:\n  a:\n    steps:\n      - run: |\n          echo "$\{{ ${expression} }}"\n`;
  const injected = (before: string | null, after: string) =>
    keysOf(actionsRunInjection, [change(path, before, after)]);

  test.each([
    ['github.event.issue.title', 'run github.event.issue.title'],
    ['  github.head_ref', 'run github.head_ref'],
    ['inputs.name', 'run inputs.name'],
    ['GitHub.Event.Comment.Body', 'run github.event.comment.body'],
    ["github['event']['issue'].title", 'run github.event.issue.title'],
    ["github [ 'head_ref' ]", 'run github.head_ref'],
    ["format('{0}', github.event.issue.title)", "run format('',github.event.issue.title)"],
    ['toJSON(github.event)', 'run tojson(github.event)'],
    ['toJSON(github)', 'run tojson(github)'],
    ["github[format('{0}', 'event')].x", "run github[format('','')].x"],
    ['github.event.*.title', 'run github.event.*.title'],
    ["inputs['a b']", 'run inputs.ab'],
  ])('%s', (expression, key) => {
    expect(injected(run('github.sha'), run(expression))).toEqual([key]);
    expect(injected(run(expression), run(expression))).toEqual([]);
  });

  test.each([
    'github.sha',
    'github.event_name',
    'secrets.a',
    "'github.event.x'",
    'env.inputs',
    'steps.inputs.outputs.a',
  ])('not %s', (expression) => {
    expect(injected(null, run(expression))).toEqual([]);
  });

  test('a script of the action that takes one, and no other input', () => {
    const step = (uses: string, input: string) =>
      `jobs: {a: {steps: [{uses: "${uses}", with: {${input}: "$\{{ github.event.x }}"}}]}}`;
    expect(injected(null, step('actions/github-script@v7', 'script'))).toEqual([
      'script github.event.x',
    ]);
    expect(injected(null, step('Actions/GitHub-Script@v7', 'script'))).toHaveLength(1);
    expect(injected(null, step('actions/checkout@v4', 'ref'))).toEqual([]);
  });

  test('an environment variable is the way to do it', () => {
    const text = `jobs:\n  a:\n    steps:\n      - env:\n          T: $\{{ github.event.issue.title }}\n        run: echo "$T"\n`;
    expect(injected(null, text)).toEqual([]);
  });

  test('an expression that never ends is one', () => {
    expect(injected(null, `runs: {steps: [{run: '$\{{ inputs.a'}]}`)).toEqual(['run inputs.a']);
  });

  test('every use counts, in scripts that are shared by an anchor too', () => {
    const text = `x: &s\n  run: $\{{ inputs.a }}\njobs:\n  a:\n    steps: [*s, *s]\n`;
    expect(injected(null, text)).toEqual(['run inputs.a', 'run inputs.a', 'run inputs.a']);
  });
});

describe('a workflow that cannot be read', () => {
  test.each([
    ['no YAML', 'on: [push'],
    ['a key twice', 'on: push\non: pull_request_target'],
    ['a key twice in quotes', 'on: push\n"on": pull_request_target'],
    ['two documents', 'on: push\n---\non: pull_request_target'],
    ['another version of YAML', '%YAML 1.1\n---\non: push'],
    ['no mapping', '- on'],
    ['nothing', ''],
    ['an alias of itself', 'a: &a [*a]'],
    ['a great many aliases', `a: &a 1\nb:\n${'  - *a\n'.repeat(600)}`],
    ['a key that is a list', '? [a]\n: b'],
    ['a name that every object has', '__proto__: a'],
    ['more than anyone writes', `a: ${'x'.repeat(256 * 1024)}`],
  ])('%s fires', (_, text) => {
    for (const detector of DETECTORS) {
      expect(keysOf(detector, [change(path, 'on: push', text)])).toEqual(['unreadable']);
      expect(keysOf(detector, [change(path, text, 'on: push')])).toEqual(['unreadable']);
      expect(keysOf(detector, [change(path, text, null)])).toEqual([]);
    }
  });

  test('what nobody read fires, and so does a link', () => {
    for (const detector of DETECTORS) {
      expect(keysOf(detector, [change(path, null, unread)])).toEqual(['unreadable']);
      expect(keysOf(detector, [change(path, null, link('a.yml'))])).toEqual(['unreadable']);
    }
  });

  test('line ends and a mark of the byte order are no reason', () => {
    const text = '\u{feff}on:\r\n  workflow_run:\r\n';
    expect(keysOf(actionsPullRequestTarget, [change(path, null, text)])).toEqual(['workflow_run']);
  });
});
