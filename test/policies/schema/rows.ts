/** For each key: values that are read, values that are refused, with the code and the sentence. */
import type { Step } from './every.ts';

export type Row = {
  readonly at: readonly Step[];
  readonly good: readonly unknown[];
  readonly bad: readonly (readonly [value: unknown, code: string, sentence: string])[];
};

const row = (path: string, good: Row['good'], bad: Row['bad']): Row => ({
  at: path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
  good,
  bad,
});
const under = (parents: readonly string[], rows: (parent: string) => Row[]): Row[] =>
  parents.flatMap(rows);

const NAME = 'expected a name of at most 40 lower-case letters, digits and dashes';
const GROUP = 'expected the name of a group: lower-case letters, digits and dashes, or repo/NAME';
const TIME = 'expected a time such as 30s, 15m, 72h or 7d, at most 400d';
const RUN_TIME = 'expected a time such as 30s, 15m or 1h, at most 24h';
const COUNT = 'expected a whole number such as 5000, 250k or 3M';
const SIZE = 'expected a size such as 256KiB or 1MiB, at most 1024GiB';
const PATTERN = 'expected at least one pattern';
const CLASS = 'expected `low` or `medium` or `high` or `critical`, found';
const SURFACE = 'expected `ready-pr` or `draft-pr` or `hold` or `forbid`, found';
const LIST = 'expected a list, found';
const OBJECT = 'expected keys and values, found';
const TEXT = 'expected text, found';
const UP = '`..` is never part of a path; name the folder from the root';
const VERSION = 'expected a version in quotes, as in "23.0"';
const EMPTY = 'expected some text';

const classRow = (path: string): Row =>
  row(path, ['low', 'critical'], [['severe', 'P0104', `${CLASS} \`severe\``]]);
const globs = (path: string, isEmptyFine: boolean): Row =>
  row(
    path,
    [['src/', '*.md', '/app/[id]/(a)/'], ...(isEmptyFine ? [[]] : [])],
    [
      [['../x'], 'P0203', UP],
      [['src/***'], 'P0203', '`***` has no meaning; write `**` as a whole segment'],
      ['src/', 'P0104', LIST],
      ...(isEmptyFine ? [] : [[[], 'P0104', PATTERN] as const]),
    ],
  );
const count = (path: string): Row =>
  row(
    path,
    [1, 1500, '250k', '3M'],
    [
      [0, 'P0106', COUNT],
      ['20K', 'P0106', COUNT],
      [1.5, 'P0106', COUNT],
      [true, 'P0104', COUNT],
    ],
  );
const size = (path: string): Row =>
  row(
    path,
    ['1B', '256KiB', '1024GiB'],
    [
      ['1MB', 'P0106', SIZE],
      ['2000GiB', 'P0106', SIZE],
      [256, 'P0104', SIZE],
    ],
  );
const group = (path: string): Row =>
  row(
    path,
    ['platform', 'repo/dba'],
    [
      ['The Team', 'P0104', GROUP],
      ['repo/', 'P0104', GROUP],
      ['org/x', 'P0104', GROUP],
    ],
  );
const people = (path: string): Row =>
  row(
    path,
    [1, 20],
    [
      [0, 'P0104', 'expected at least 1'],
      [21, 'P0104', 'expected at most 20'],
      [1.5, 'P0104', 'expected a whole number, found `1.5`'],
      ['1', 'P0104', 'expected a number, found `1`'],
    ],
  );

const approvals = (parent: string): Row[] => [
  row(
    `${parent}.approvals`,
    [[], [{ group: 'a' }], [{ any_of: [[{ group: 'a' }], [{ group: 'b' }]] }]],
    [
      ['platform', 'P0104', LIST],
      [['platform'], 'P0104', OBJECT],
      [[{}], 'P0104', 'expected either `group` with a `count`, or `any_of`'],
      [[{ count: 2 }], 'P0104', 'expected either `group` with a `count`, or `any_of`'],
      [
        [{ group: 'a', any_of: [[{ group: 'a' }], [{ group: 'b' }]] }],
        'P0104',
        'expected either `group` with a `count`, or `any_of`',
      ],
      [[{ group: 'a', cuont: 2 }], 'P0103', 'unknown key `cuont`'],
    ],
  ),
  group(`${parent}.approvals.0.group`),
  people(`${parent}.approvals.0.count`),
  row(
    `${parent}.approvals.1.any_of`,
    [[[{ group: 'a' }], [{ group: 'b' }, { group: 'c' }]]],
    [
      [[[{ group: 'a' }]], 'P0104', 'expected at least two choices'],
      [[[], [{ group: 'a' }]], 'P0104', 'expected at least 1 items'],
      [[{ group: 'a' }, { group: 'b' }], 'P0104', LIST],
    ],
  ),
  group(`${parent}.approvals.1.any_of.0.0.group`),
  people(`${parent}.approvals.1.any_of.0.0.count`),
];

const matching = (parent: string): Row[] => [
  row(
    `${parent}.id`,
    ['a', 'a-1', 'x'.repeat(40)],
    [
      ['Auth', 'P0104', NAME],
      ['x'.repeat(41), 'P0104', NAME],
      ['never.edit-policy', 'P0104', NAME],
      ['limits', 'P0104', 'the names unmatched, limits, path.confusable'],
      [undefined, 'P0104', 'the key `id` is missing'],
    ],
  ),
  row(
    `${parent}.why`,
    ['Because.', undefined],
    [
      ['', 'P0104', EMPTY],
      ['x'.repeat(501), 'P0104', 'expected at most 500 characters'],
      [3, 'P0104', TEXT],
    ],
  ),
  classRow(`${parent}.class`),
  row(
    `${parent}.surface`,
    ['ready-pr', 'draft-pr', 'hold', 'forbid'],
    [['held', 'P0104', `${SURFACE} \`held\``]],
  ),
  globs(`${parent}.except`, true),
  row(
    `${parent}.operations`,
    [['add', 'modify', 'delete', 'mode', 'type', 'link', 'gitlink'], ['link']],
    [
      [
        ['rename'],
        'P0104',
        'expected `add` or `modify` or `delete` or `mode` or `type` or `link` or `gitlink`, found `rename`',
      ],
      [[], 'P0104', 'expected at least one operation'],
      ['add', 'P0104', LIST],
    ],
  ),
  globs(`${parent}.branches`, false),
  globs(`${parent}.paths`, false),
  row(
    `${parent}.validators`,
    [[], ['unit']],
    [
      ['unit', 'P0104', LIST],
      [['Unit'], 'P0104', NAME],
    ],
  ),
  ...approvals(parent),
];

const KIND = 'expected `command` or `playwright` or `secrets` or';

const looking = (parent: string): Row[] => [
  row(`${parent}.advisory`, [true, false, undefined], [['yes', 'P0104', 'expected true or false']]),
  globs(`${parent}.required_for`, true),
];

const inspected = (parent: string): Row[] => [
  row(
    `${parent}.timeout`,
    ['30s', '24h'],
    [
      ['25h', 'P0106', RUN_TIME],
      [30, 'P0104', RUN_TIME],
    ],
  ),
  row(
    `${parent}.memory`,
    ['64MiB', '2GiB'],
    [['1MiB', 'P0106', 'expected a size such as 512MiB or 1GiB, at least 64MiB']],
  ),
  row(
    `${parent}.min_tests`,
    [1, 100],
    [[0, 'P0104', 'a check that runs no test proves nothing; expected 1 or more']],
  ),
  globs(`${parent}.required_for`, true),
  row(
    `${parent}.tests_from`,
    ['head', 'base'],
    [['main', 'P0104', 'expected `head` or `base`, found `main`']],
  ),
];

const DIGEST = `sha256:${'a'.repeat(64)}`;
const ARGV = 'expected a command and its arguments';
const TREE = 'expected a path below the root, without `..`';

const reached = (phase: string, via: string): Row[] => {
  const allow = `network.phases.${phase}.allow`;
  return [
    row(
      `network.phases.${phase}`,
      [{ allow: [] }, undefined],
      [
        ['deny', 'P0104', OBJECT],
        [{}, 'P0104', 'the key `allow` is missing'],
      ],
    ),
    row(
      allow,
      [[], [{ via }], [{ host: 'a.example' }]],
      [
        [[{}], 'P0104', 'expected either `host` or `via`'],
        [[{ host: 'a.example', via }], 'P0104', 'expected either `host` or `via`'],
        [
          [{ via, ports: [22] }],
          'P0104',
          '`ports` and `methods` go with a `host`; a door of ours has its own',
        ],
        ['all', 'P0104', LIST],
      ],
    ),
    row(
      `${allow}.0.via`,
      [via],
      [['internet', 'P0104', 'expected `model-gateway` or `package-registry`, found `internet`']],
    ),
    row(
      `${allow}.1.host`,
      ['api.example.com', '*.example.com', 'API.Example.com.', 'bücher.example'],
      [
        ['*', 'P0407', 'a star stands only at the front, as in *.example.com'],
        ['127.0.0.1', 'P0407', 'an address is no host name; name the host'],
        ['*.com', 'P0407', 'a name without a dot is a whole domain'],
      ],
    ),
    row(
      `${allow}.1.ports`,
      [[443], [1, 65_535]],
      [
        [[], 'P0104', 'expected at least 1 items'],
        [[0], 'P0104', 'expected at least 1'],
        [[65_536], 'P0104', 'expected at most 65535'],
        [443, 'P0104', LIST],
      ],
    ),
    row(
      `${allow}.1.methods`,
      [['GET'], ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']],
      [
        [['get'], 'P0104', 'expected `GET` or `HEAD`'],
        [['CONNECT'], 'P0104', 'expected `GET` or `HEAD`'],
        [[], 'P0104', 'expected at least 1 items'],
      ],
    ),
  ];
};

const money = (path: string): Row =>
  row(
    path,
    [0, 2.5, 1_000_000],
    [
      [-1, 'P0104', 'expected at least 0'],
      ['$2', 'P0104', 'expected a number, found `$2`'],
      [1_000_001, 'P0104', 'expected at most 1000000'],
    ],
  );

const section = (name: string): Row => row(name, [undefined], [['none', 'P0104', OBJECT]]);

export const ROWS: readonly Row[] = [
  row(
    'apiVersion',
    ['proofhouse/v1'],
    [
      [
        'proofhouse/v2',
        'P0104',
        'expected proofhouse/v1; a policy of another version is never read by guessing',
      ],
      [undefined, 'P0104', 'the key `apiVersion` is missing'],
    ],
  ),
  row('kind', ['Policy'], [['Rules', 'P0104', 'expected `Policy`, found `Rules`']]),
  row(
    'metadata',
    [{ name: 'a', layer: 'standalone', owner: 'a' }],
    [[undefined, 'P0104', 'the key `metadata` is missing']],
  ),
  row(
    'metadata.name',
    ['shop'],
    [
      [undefined, 'P0104', 'the key `name` is missing'],
      ['', 'P0104', EMPTY],
    ],
  ),
  row(
    'metadata.layer',
    ['standalone', 'org'],
    [['team', 'P0104', 'expected `org` or `repo` or `standalone`, found `team`']],
  ),
  group('metadata.owner'),
  row('metadata.why', ['x', undefined], [[3, 'P0104', 'expected text, found `3`']]),
  row(
    'enforcement',
    ['enforce', 'evaluate', undefined],
    [['off', 'P0104', 'expected `evaluate` or `enforce`, found `off`']],
  ),
  row(
    'packs',
    [[], ['builtin:node@1', 'builtin:github-actions@1'], undefined],
    [
      [['core'], 'P0104', 'expected builtin:NAME@MAJOR, as in builtin:core@1'],
      [['builtin:core@0'], 'P0104', 'expected builtin:NAME@MAJOR, as in builtin:core@1'],
      [['builtin:ghost@1'], 'P0414', 'this version of Proofhouse has no pack `builtin:ghost@1`'],
      [['builtin:node@9'], 'P0414', 'this version of Proofhouse has no pack `builtin:node@9`'],
      [['builtin:node@1', 'builtin:node@1'], 'P0104', 'the pack `builtin:node@1` is named above'],
      ['builtin:node@1', 'P0104', LIST],
    ],
  ),
  row(
    'groups',
    [{ a: { members: [] } }, undefined],
    [
      [{ 'Plat form': { members: [] } }, 'P0104', GROUP],
      [
        { 'repo/dba': { members: [] } },
        'P0412',
        'names that begin with repo/ are for groups of a repository layer',
      ],
      [{ a: {} }, 'P0104', 'expected one of `members`, `github_team` and `file`'],
      [
        { a: { members: [], file: 'x' } },
        'P0104',
        'expected one of `members`, `github_team` and `file`',
      ],
    ],
  ),
  row(
    'groups.platform.members',
    [['local:pia', 'github:mo'], []],
    [
      [['pia'], 'P0104', 'a person is written provider:login, as in local:rita'],
      ['local:pia', 'P0104', LIST],
    ],
  ),
  row(
    'groups.team.github_team',
    ['acme/web', 'A-b/c.d_e'],
    [
      ['web', 'P0104', 'expected organisation/team'],
      ['acme/web/x', 'P0104', 'expected organisation/team'],
    ],
  ),
  row(
    'groups.listed.file',
    ['OWNERS', 'a/b.txt'],
    [
      ['/etc/passwd', 'P0104', TREE],
      ['../x', 'P0104', TREE],
      ['a/../b', 'P0104', TREE],
    ],
  ),
  row(
    'groups.platform.min_assurance',
    ['session', 'forge', 'signed'],
    [['none', 'P0104', 'expected `session` or `forge` or `signed`, found `none`']],
  ),
  row(
    'classes',
    [{}, { high: {} }, undefined],
    [[{ severe: {} }, 'P0103', 'unknown key `severe`']],
  ),
  ...under(['classes.low', 'classes.medium', 'classes.high', 'classes.critical'], (at) => [
    row(at, [{}, undefined], [[{ approve: [] }, 'P0103', 'unknown key `approve`']]),
    row(`${at}.validators`, [[], ['unit'], undefined], [[['Unit'], 'P0104', NAME]]),
    row(`${at}.distinct`, [true, false], [['yes', 'P0104', 'expected true or false, found `yes`']]),
    row(
      `${at}.surface`,
      ['ready-pr', 'draft-pr', 'hold', 'forbid'],
      [['readypr', 'P0104', `${SURFACE} \`readypr\``]],
    ),
    row(
      `${at}.bind`,
      ['change', 'tree', 'evidence'],
      [['commit', 'P0104', 'expected `change` or `tree` or `evidence`, found `commit`']],
    ),
    row(
      `${at}.carry_forward`,
      ['scoped', 'never'],
      [['always', 'P0104', 'expected `scoped` or `never`, found `always`']],
    ),
    row(
      `${at}.expires`,
      ['1s', '7d', '400d'],
      [
        ['30 days', 'P0106', TIME],
        ['401d', 'P0106', TIME],
        ['0d', 'P0106', TIME],
        [7, 'P0104', TIME],
      ],
    ),
    ...approvals(at),
  ]),
  row(
    'unmatched',
    [undefined, { class: 'high' }],
    [
      ['high', 'P0104', OBJECT],
      [{}, 'P0104', 'the key `class` is missing'],
    ],
  ),
  classRow('unmatched.class'),
  row(
    'gates',
    [[], undefined],
    [
      [{ auth: {} }, 'P0104', LIST],
      [
        [
          { id: 'a', class: 'low', paths: ['a'] },
          { id: 'a', class: 'low', paths: ['b'] },
        ],
        'P0104',
        'another gate has the name `a`',
      ],
    ],
  ),
  ...matching('gates.0'),
  globs('gates.0.require_with', true),
  row(
    'content',
    [[], undefined],
    [
      [[{ id: 'x', class: 'low' }], 'P0104', 'expected either `detect` or `text`'],
      [
        [{ id: 'x', class: 'low', detect: 'sql.destructive', text: {} }],
        'P0104',
        'expected either `detect` or `text`',
      ],
      [[{ id: 'auth', class: 'low', text: {} }], 'P0104', 'a gate has the name `auth` too'],
    ],
  ),
  ...matching('content.0'),
  row(
    'content.0.detect',
    ['sql.destructive'],
    [
      [
        'sql.destructve',
        'P0103',
        'unknown detector `sql.destructve`; did you mean `sql.destructive`?',
      ],
    ],
  ),
  row(
    'content.0.with',
    [{}, { allow_scopes: ['@acme/'] }, undefined],
    [
      [{ scopes: [] }, 'P0104', 'Unrecognized key'],
      ['x', 'P0104', OBJECT],
    ],
  ),
  row(
    'content.0.on_parse_error',
    ['fire', undefined],
    [['skip', 'P0104', 'expected `fire`, found `skip`']],
  ),
  row(
    'content.1.text',
    [{ added_re2: ['x'] }, { removed_re2: ['x'] }],
    [[{ added: ['x'] }, 'P0103', 'unknown key `added`']],
  ),
  ...['added_re2', 'removed_re2'].map((key) =>
    row(
      `content.1.text.${key}`,
      [['a+b', '\\bTODO\\b']],
      [
        [['(?<=a)b'], 'P0207', ''],
        ['x', 'P0104', LIST],
      ],
    ),
  ),
  section('limits'),
  count('limits.max_files'),
  count('limits.max_changed_lines'),
  size('limits.max_file_bytes'),
  size('limits.max_binary_bytes'),
  count('limits.max_new_dependencies'),
  row('limits.over', [undefined, { class: 'low' }], [['high', 'P0104', OBJECT]]),
  classRow('limits.over.class'),
  row('limits.absolute', [undefined, {}], [[{ max_file: 1 }, 'P0103', 'unknown key `max_file`']]),
  count('limits.absolute.max_files'),
  count('limits.absolute.max_changed_lines'),
  row(
    'validators',
    [{}, undefined],
    [
      [{ Unit: {} }, 'P0104', NAME],
      [['unit'], 'P0104', OBJECT],
      [{ small: { kind: 'size' } }, 'P0104', 'expected at least one of max_files'],
    ],
  ),
  row('validators.unit.kind', ['command', undefined], [['comand', 'P0104', KIND]]),
  row(
    'validators.unit.run',
    [['npm', 'test']],
    [
      ['npm test', 'P0104', LIST],
      [[], 'P0104', ARGV],
      [[''], 'P0104', EMPTY],
      [undefined, 'P0104', 'the key `run` is missing'],
    ],
  ),
  row(
    'validators.unit.image',
    ['base', 'browser', DIGEST, `node@${DIGEST}`, undefined],
    [
      [
        'node:latest',
        'P0104',
        'expected base, browser, or an image by digest: sha256:… or name@sha256:…',
      ],
      ['node:20@sha256:short', 'P0104', 'expected base, browser, or an image by digest'],
    ],
  ),
  row(
    'validators.unit.reports',
    [{ junit: '*.xml' }, { tap: '*.tap' }, { sarif: '*.sarif' }],
    [
      [undefined, 'P0104', 'the key `reports` is missing'],
      [{}, 'P0104', 'expected at least one of junit, tap, sarif'],
    ],
  ),
  ...['junit', 'tap', 'sarif'].map((format) =>
    row(`validators.unit.reports.${format}`, ['reports/*', undefined], [['../x', 'P0104', TREE]]),
  ),
  ...inspected('validators.unit'),
  ...inspected('validators.e2e'),
  row(
    'validators.e2e.app',
    [{ run: ['x'], port: 1 }],
    [[undefined, 'P0104', 'the key `app` is missing']],
  ),
  row('validators.e2e.app.run', [['x']], [[[], 'P0104', ARGV]]),
  row('validators.e2e.app.port', [1, 65_535], [[70_000, 'P0104', 'expected at most 65535']]),
  row('validators.e2e.tests', ['e2e/'], [['/e2e', 'P0104', TREE]]),
  row('validators.read.kind', ['review'], [['reviews', 'P0104', 'expected `command` or']]),
  row(
    'validators.read.required',
    [true, false, undefined],
    [['yes', 'P0104', 'expected true or false']],
  ),
  row('validators.read.raises', [['auth'], [], undefined], [['auth', 'P0104', 'expected a list']]),
  row(
    'validators.read.raises_from',
    ['low', 'medium', 'high', undefined],
    [['critical', 'P0104', 'expected `low`']],
  ),
  globs('validators.read.required_for', true),
  row('validators.secrets.kind', ['secrets'], [['secret', 'P0104', KIND]]),
  globs('validators.secrets.except', true),
  globs('validators.secrets.required_for', true),
  row('validators.weaker.kind', ['tests-weakened'], [['tests', 'P0104', KIND]]),
  row('validators.weaker.compare', [['unit'], [], undefined], [[['Unit'], 'P0104', NAME]]),
  ...looking('validators.weaker'),
  row('validators.packages.kind', ['dependencies'], [['packages', 'P0104', KIND]]),
  row(
    'validators.packages.allow',
    [['zod', '@acme/*', '*'], [], undefined],
    [[['a/b/c'], 'P0104', 'expected the name of a package']],
  ),
  row('validators.packages.cool_down', ['7d', '1h', undefined], [[7, 'P0104', 'expected']]),
  ...looking('validators.packages'),
  row('validators.small.kind', ['size'], [['small', 'P0104', KIND]]),
  ...['max_files', 'max_changed_lines'].map((limit) =>
    row(`validators.small.${limit}`, [1, 60, undefined], [[0, 'P0104', 'expected at least 1']]),
  ),
  ...['max_bytes', 'max_file_bytes'].map((limit) =>
    row(`validators.small.${limit}`, ['1MiB', undefined], [[1, 'P0104', 'expected a size']]),
  ),
  ...looking('validators.small'),
  row(
    'validators.e2e.pages',
    [[], [{ path: '/' }, { path: '/cart' }], undefined],
    [
      ['/', 'P0104', LIST],
      [
        [{ path: '/a-b' }, { path: '/a/b' }],
        'P0104',
        'another page has the name `a-b`; give this one a `name` of its own',
      ],
    ],
  ),
  row(
    'validators.e2e.pages.0.path',
    ['/', '/products/enamel-mug?size=2'],
    [
      ['cart', 'P0104', 'expected a path of the app that begins with one slash, as in /cart'],
      [
        '//other.test/',
        'P0104',
        'expected a path of the app that begins with one slash, as in /cart',
      ],
      [
        '/\\other.test/',
        'P0104',
        'expected a path of the app that begins with one slash, as in /cart',
      ],
      [undefined, 'P0104', 'the key `path` is missing'],
    ],
  ),
  row('validators.e2e.pages.0.name', ['front', undefined], [['Front page', 'P0104', NAME]]),
  row(
    'validators.e2e.visual_fail_above',
    [0, 0.5, 100, undefined],
    [
      [101, 'P0104', 'expected at most 100'],
      ['1%', 'P0104', 'expected a number, found `1%`'],
    ],
  ),
  row('require', [{}, undefined], [[{ docker: '23.0' }, 'P0103', 'unknown key `docker`']]),
  ...['engine', 'runc', 'kernel', 'git'].map((name) =>
    row(
      `require.${name}`,
      ['23.0', '1.2.8', '6.18.44.1', undefined],
      [
        [23, 'P0104', VERSION],
        ['23', 'P0104', VERSION],
        ['v23.0', 'P0104', VERSION],
        ['20.10.24+dfsg1', 'P0104', VERSION],
      ],
    ),
  ),
  row(
    'require.runtime',
    ['runsc', undefined],
    [['runc', 'P0104', 'expected `runsc`, found `runc`']],
  ),
  row('require.cgroups', [2, undefined], [[1, 'P0104', 'expected `2`, found `1`']]),
  ...[
    'hard_quota',
    'user_namespace',
    'lsm',
    'swap_accounting',
    'io_uring_disabled',
    'no_known_bad',
  ].map((name) =>
    row(`require.${name}`, [true, false, undefined], [['yes', 'P0104', 'expected true or false']]),
  ),
  section('network'),
  row(
    'network.default',
    ['deny', undefined],
    [['allow', 'P0104', 'expected `deny`, found `allow`']],
  ),
  row('network.phases', [{}], [[undefined, 'P0104', 'the key `phases` is missing']]),
  ...reached('setup', 'package-registry'),
  ...reached('agent', 'model-gateway'),
  row('network.phases.validate', [{ allow: [] }, undefined], [['x', 'P0104', OBJECT]]),
  row(
    'network.phases.validate.allow',
    [[]],
    [[[{ via: 'model-gateway' }], 'P0104', 'checks reach nothing; expected []']],
  ),
  section('budgets'),
  row('budgets.per_task', [{}, undefined], [[{ euro: 1 }, 'P0103', 'unknown key `euro`']]),
  money('budgets.per_task.usd'),
  count('budgets.per_task.tokens'),
  row(
    'budgets.per_task.wall',
    ['20m', '24h'],
    [
      [20, 'P0104', RUN_TIME],
      ['25h', 'P0106', RUN_TIME],
    ],
  ),
  count('budgets.per_task.turns'),
  row(
    'budgets.per_task.retries',
    [0, 8],
    [
      [9, 'P0104', 'expected at most 8'],
      [-1, 'P0104', 'expected at least 0'],
    ],
  ),
  count('budgets.per_task.refusals'),
  count('budgets.per_task.cache_misses'),
  row(
    'budgets.per_task.wrap_up',
    [10, 99, undefined],
    [
      [9, 'P0104', 'expected at least 10'],
      [100, 'P0104', 'expected at most 99'],
      [80.5, 'P0104', 'expected a whole number, found `80.5`'],
    ],
  ),
  row(
    'budgets.windows',
    [
      [],
      undefined,
      [{ of: 'role', name: 'review', per: 'task', turns: 9 }],
      [{ of: 'organisation', per: 'month', usd: 2_000 }],
      [{ of: 'requester', per: 'day', tokens: '9M' }],
    ],
    [
      ['x', 'P0104', LIST],
      [[{ of: 'team', per: 'day', usd: 1 }], 'P0104', '`name` goes with a team or a role'],
      [[{ of: 'requester', name: 'a', per: 'day', usd: 1 }], 'P0104', '`name` goes with a team'],
      [[{ of: 'role', name: 'code', per: 'task', usd: 1 }], 'P0104', 'expected one of plan, edit'],
      [[{ of: 'role', name: 'edit', per: 'day', usd: 1 }], 'P0104', 'a role counts per task'],
      [[{ of: 'repository', per: 'task', usd: 1 }], 'P0104', 'a role counts per task'],
      [[{ of: 'repository', per: 'day' }], 'P0104', 'expected at least one of `usd`'],
    ],
  ),
  row(
    'budgets.windows.0.of',
    ['team'],
    [['everybody', 'P0104', 'expected `organisation` or `team`']],
  ),
  row('budgets.windows.0.name', ['web'], [['Web', 'P0104', NAME]]),
  row(
    'budgets.windows.0.per',
    ['day', 'month'],
    [['year', 'P0104', 'expected `task` or `day` or `month`, found `year`']],
  ),
  money('budgets.windows.0.usd'),
  count('budgets.windows.0.tokens'),
  count('budgets.windows.0.turns'),
  row('budgets.per_repo_day', [{}, undefined], [[{ runs: 1 }, 'P0103', 'unknown key `runs`']]),
  money('budgets.per_repo_day.usd'),
  count('budgets.per_repo_day.tasks'),
  row(
    'budgets.on_exceed',
    ['pause', 'ask', 'fail', undefined],
    [['go', 'P0104', 'expected `pause` or `ask` or `fail`, found `go`']],
  ),
  section('models'),
  row('models.routes', [[], undefined], [['x', 'P0104', LIST]]),
  row(
    'models.routes.0.stage',
    ['plan', 'code', 'review', 'extract', 'title'],
    [
      [
        'test',
        'P0104',
        'expected `plan` or `code` or `review` or `extract` or `title`, found `test`',
      ],
    ],
  ),
  row(
    'models.routes.0.class',
    [['low', 'high'], undefined],
    [
      [[], 'P0104', 'expected at least 1 items'],
      ['low', 'P0104', LIST],
    ],
  ),
  row('models.routes.0.use', [['a', 'b']], [[[], 'P0104', 'expected at least 1 items']]),
  row(
    'models.routes.0.differ_from',
    ['code.vendor', undefined],
    [['plan.vendor', 'P0104', 'expected `code.vendor`, found `plan.vendor`']],
  ),
  row('models.free', [[], ['local-small'], undefined], [[['Local'], 'P0104', NAME]]),
  row(
    'models.secret_shapes',
    ['block', 'allow', undefined],
    [['ask', 'P0104', 'expected `block` or `allow`, found `ask`']],
  ),
  row('models.data', [[], undefined], [['x', 'P0104', LIST]]),
  row('models.data.0.paths', [['src/']], [[[], 'P0104', 'expected at least 1 items']]),
  row('models.data.0.providers', [['local']], [[[], 'P0104', 'expected at least 1 items']]),
  row('agents', [{}, { coder: {} }, undefined], [[{ Coder: {} }, 'P0104', NAME]]),
  globs('agents.coder.write', true),
  globs('agents.coder.readonly', true),
  globs('agents.coder.hidden', true),
  row('agents.coder.tools', [{}, undefined], [[{ allowed: [] }, 'P0103', 'unknown key `allowed`']]),
  ...['allow', 'ask', 'deny'].map((key) =>
    row(
      `agents.coder.tools.${key}`,
      [[], ['git.push', 'mcp__*', 'WebFetch']],
      [
        [['web fetch'], 'P0104', 'expected a tool, as in WebFetch or mcp__*'],
        ['read', 'P0104', LIST],
      ],
    ),
  ),
  row(
    'agents.coder.expected_harness',
    [[`sha256:${'0'.repeat(64)}`], undefined],
    [
      [[], 'P0104', 'expected at least 1 items'],
      [['sha256:0'], 'P0104', 'expected a digest, as `run harness` prints it: sha256:…'],
    ],
  ),
  row(
    'agents.coder.on_other_harness',
    ['alarm', 'refuse', undefined],
    [['ignore', 'P0104', 'expected `alarm` or `refuse`, found `ignore`']],
  ),
  row(
    'never_delegate',
    [[], undefined],
    [
      [
        [
          { action: 'edit-audit', absolute: true },
          { action: 'edit-audit', gate: { group: 'a' } },
        ],
        'P0104',
        '`edit-audit` was given before',
      ],
      [[{ action: 'edit-audit' }], 'P0104', 'expected either `absolute: true` or a `gate`'],
      [
        [{ action: 'edit-audit', absolute: true, gate: { group: 'a' } }],
        'P0104',
        'expected either `absolute: true` or a `gate`',
      ],
    ],
  ),
  row(
    'never_delegate.0.action',
    ['approve-own-work', 'raise-budget', 'force-push'],
    [['edit-polcy', 'P0405', 'there is no action `edit-polcy`']],
  ),
  row(
    'never_delegate.0.absolute',
    [true],
    [
      ['yes', 'P0104', 'expected true or false, found `yes`'],
      [false, 'P0104', 'expected either `absolute: true` or a `gate`'],
    ],
  ),
  row('never_delegate.1.gate', [{ group: 'a' }], [['a', 'P0104', OBJECT]]),
  group('never_delegate.1.gate.group'),
  people('never_delegate.1.gate.count'),
  section('separation'),
  row(
    'separation.exclude',
    [[], ['requester', 'operator', 'committers', 'agents', 'exemption-author'], undefined],
    [
      [
        ['owner'],
        'P0104',
        'expected `requester` or `operator` or `committers` or `agents` or `exemption-author`, found `owner`',
      ],
    ],
  ),
  row(
    'separation.unknown_operator',
    ['allow', 'block', undefined],
    [['ask', 'P0104', 'expected `allow` or `block`, found `ask`']],
  ),
  row(
    'separation.bots_never_approve',
    [true, false, undefined],
    [['no', 'P0104', 'expected true or false, found `no`']],
  ),
  group('separation.escalation'),
  row('exemptions', [[], undefined], [['x', 'P0104', LIST]]),
  row('exemptions.0.id', ['ex-2'], [['Ex 2', 'P0104', NAME]]),
  row('exemptions.0.gate', ['auth'], [['core.ci', 'P0104', NAME]]),
  globs('exemptions.0.paths', false),
  row('exemptions.0.why', ['x'], [[undefined, 'P0104', 'the key `why` is missing']]),
  row('exemptions.0.ticket', ['T-2', undefined], [['', 'P0104', EMPTY]]),
  row(
    'exemptions.0.granted_by',
    ['github:mo'],
    [['mo', 'P0104', 'a person is written provider:login, as in local:rita']],
  ),
  row(
    'exemptions.0.expires',
    ['2026-12-31'],
    [
      ['soon', 'P0104', 'expected a day such as 2026-12-31'],
      ['2026-02-30', 'P0104', 'expected a day such as 2026-12-31'],
      [undefined, 'P0104', 'the key `expires` is missing'],
    ],
  ),
  section('break_glass'),
  row('break_glass.groups', [['a']], [[[], 'P0104', 'expected at least 1 items']]),
  row('break_glass.count', [2, 10, undefined], [[1, 'P0104', 'expected at least two people']]),
  row(
    'break_glass.max_duration',
    ['5m', '2h', undefined],
    [
      ['3h', 'P0104', 'expected at most 2h'],
      ['soon', 'P0106', TIME],
    ],
  ),
  row('break_glass.reason_min_chars', [10, 500, undefined], [[9, 'P0104', 'expected at least 10']]),
  row(
    'break_glass.incident_url',
    ['https://x.example/'],
    [
      ['http://x.example/', 'P0104', 'expected an address that begins with https://'],
      ['javascript:alert(1)', 'P0104', 'expected an address that begins with https://'],
      [undefined, 'P0104', 'the key `incident_url` is missing'],
    ],
  ),
  row('break_glass.never', [[], ['edit-policy'], undefined], [[['Edit'], 'P0104', NAME]]),
  row('break_glass.review_within', ['48h', undefined], [['x', 'P0106', TIME]]),
  section('delegation'),
  row(
    'delegation.max_days',
    [1, 30],
    [
      [0, 'P0104', 'expected at least 1'],
      [31, 'P0104', 'expected at most 30'],
      [undefined, 'P0104', 'the key `max_days` is missing'],
    ],
  ),
  row('delegation.scope', [['auth'], [], undefined], [['auth', 'P0104', LIST]]),
  section('evidence'),
  row(
    'evidence.sign',
    ['ed25519', undefined],
    [['rsa', 'P0104', 'expected `ed25519`, found `rsa`']],
  ),
  row(
    'evidence.attest',
    [['provenance', 'test-result', 'approval', 'verdict'], undefined],
    [
      [
        ['sbom'],
        'P0104',
        'expected `provenance` or `test-result` or `approval` or `verdict`, found `sbom`',
      ],
    ],
  ),
  row('evidence.retain', ['400d', undefined], [['2y', 'P0106', TIME]]),
  row(
    'evidence.publish',
    [['check-run', 'pr-comment', 'sarif'], undefined],
    [[['mail'], 'P0104', 'expected `check-run` or `pr-comment` or `sarif`, found `mail`']],
  ),
];
