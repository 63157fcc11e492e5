import { describe, expect, test } from 'vitest';
import type { FileChange } from '../../../policies/detect/detector.ts';
import {
  iamWidened,
  k8sPrivileged,
  terraformResourceRemoved,
} from '../../../policies/detect/iac.ts';
import { change, keysOf, link, QUICK_MS, unread } from './change.ts';

describe('what Terraform would destroy', () => {
  const removed = (...files: FileChange[]) => {
    return terraformResourceRemoved
      .detect({ files, all: files, roots: [] }, {})
      .map(({ key }) => key);
  };
  const tf = (before: string | null, after: string | null, path = 'infra/main.tf') =>
    change(path, before, after);
  const db = (lines = '') => `resource "aws_db_instance" "main" {\n  name = "a"\n${lines}\n}\n`;
  const guarded = db('  lifecycle {\n    prevent_destroy = true\n  }');

  test.each([
    ['a resource', db(), '', 'removed: aws_db_instance.main'],
    ['a data source', 'data "aws_ami" "a" {}', '', 'removed: data.aws_ami.a'],
    ['a module', 'module "a" {\n source = "./a"\n}', '', 'removed: module.a'],
    [
      'a resource of another name',
      db(),
      db().replace('main', 'other'),
      'removed: aws_db_instance.main',
    ],
    ['a resource in a comment', db(), `/*\n${db()}*/\n#resource`, 'removed: aws_db_instance.main'],
    [
      'a resource in a heredoc',
      db(),
      `locals {\n a = <<EOT\n${db()}EOT\n}\n`,
      'removed: aws_db_instance.main',
    ],
    [
      'a resource that is forgotten',
      db(),
      'removed {\n  from = aws_db_instance.main\n}',
      'removed: aws_db_instance.main',
    ],
    ['no instance', db(), db('  count = 0'), 'count: aws_db_instance.main'],
    ['instances of nothing', db(), db('  for_each = toset([])'), 'count: aws_db_instance.main'],
    [
      'protection that is off',
      guarded,
      guarded.replace('true', 'false'),
      'prevent_destroy: aws_db_instance.main',
    ],
    ['protection that is gone', guarded, db(), 'prevent_destroy: aws_db_instance.main'],
    [
      'protection by a condition',
      guarded,
      guarded.replace('true', 'var.a'),
      'prevent_destroy: aws_db_instance.main',
    ],
  ])('%s', (_, before, after, key) => {
    expect(removed(tf(before, after))).toEqual([key]);
    expect(removed(tf(after, after))).toEqual([]);
  });

  test('the line is that of the old text', () => {
    const files = [tf(`# a\n\n${db()}`, '')];
    const [firing] = terraformResourceRemoved.detect({ files, all: files, roots: [] }, {});
    expect(firing?.line).toBe(3);
  });

  test('a file that is gone takes everything in it away', () => {
    expect(removed(tf(`${db()}data "b" "c" {}`, null))).toEqual([
      'removed: aws_db_instance.main',
      'removed: data.b.c',
    ]);
  });

  test('the next file of the same folder is as good a place, and that of another is not', () => {
    expect(removed(tf(guarded, ''), tf(null, guarded, 'infra/db.tf'))).toEqual([]);
    expect(removed(tf(guarded, ''), tf(null, db(), 'infra/db.tf'))).toEqual([
      'prevent_destroy: aws_db_instance.main',
    ]);
    expect(removed(tf(db(), ''), tf(null, db(), 'infra/db/db.tf'))).toEqual([
      'removed: aws_db_instance.main',
    ]);
  });

  const moved = (to: string) => `moved {\n  from = aws_db_instance.main\n  to   = ${to}\n}\n`;

  test('a new name that is told is none', () => {
    const after = guarded.replace('main', 'other');
    expect(removed(tf(guarded, `${after}${moved('aws_db_instance.other')}`))).toEqual([]);
    expect(removed(tf(db(), moved('module.db.aws_db_instance.main')))).toEqual([]);
    const open = db().replace('main', 'other');
    expect(removed(tf(guarded, `${open}${moved('aws_db_instance.other')}`))).toEqual([
      'prevent_destroy: aws_db_instance.main',
    ]);
  });

  test('a new name that nothing has is no new name', () => {
    expect(removed(tf(db(), moved('aws_db_instance.gone')))).toEqual([
      'removed: aws_db_instance.main',
    ]);
  });

  test('a file of overrides has the last word', () => {
    const off = db('lifecycle {\n prevent_destroy = false\n}');
    expect(removed(tf(null, off, 'infra/db_override.tf'))).toEqual([
      'prevent_destroy: aws_db_instance.main',
    ]);
    expect(removed(tf(null, db('count = 0'), 'infra/override.tf'))).toEqual([
      'count: aws_db_instance.main',
    ]);
    expect(removed(tf(null, off, 'infra/main.tf'))).toEqual([]);
    expect(removed(tf(off, off.replace('"a"', '"b"'), 'infra/override.tf'))).toEqual([]);
  });

  test('the JSON form says the same', () => {
    const json = (resource: unknown, more = {}) => JSON.stringify({ resource, ...more });
    const before = json({ aws_x: { a: { lifecycle: { prevent_destroy: true } }, b: [{}] } });
    expect(removed(tf(before, json({ aws_x: { a: {} } }), 'main.tf.json'))).toEqual([
      'prevent_destroy: aws_x.a',
      'removed: aws_x.b',
    ]);
    const after = json([{ aws_x: [{ a: { lifecycle: [{ prevent_destroy: true }] } }] }], {
      moved: { from: 'aws_x.b', to: 'aws_x.a' },
    });
    expect(removed(tf(before, after, 'main.tf.json'))).toEqual([]);
    expect(
      removed(tf(db(), JSON.stringify({ resource: { aws_db_instance: { main: {} } } }))),
    ).toEqual(['unreadable']);
  });

  test.each([
    ['a brace that is not closed', 'resource "a" "b" {'],
    ['a string that never ends', 'a = "b\n"'],
    ['a heredoc that never ends', 'a = <<EOT\nb'],
    ['a comment that never ends', '/* a'],
    ['an attribute twice', 'a = 1\na = 2'],
    ['brackets that cross', 'a = [(])'],
    ['something else', '<html></html>'],
    ['a great depth', `a = ${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['a name that every object has', '__proto__ "a" {}'],
  ])('%s is not looked at, so it fires', (_, text) => {
    expect(removed(tf('', text))).toEqual(['unreadable']);
    expect(removed(tf(text, null))).toEqual(['unreadable']);
  });

  test('what nobody read fires, and so does a link', () => {
    expect(removed(tf(db(), null), { ...change('a.tf', unread, null) })).toEqual([
      'removed: aws_db_instance.main',
      'unreadable',
    ]);
    expect(removed(change('a.tf', '', link('b')))).toEqual(['unreadable']);
  });

  test('forms that real files have are read', () => {
    const text = `
terraform {
  required_version = ">= 1.5" // comment
}
variable "a" { type = map(object({ b = optional(string, "c") })) }
locals {
  joined = join(",", [for k, v in var.a : "\${k}=\${v["b"]}" if v != null])
  object = { for k, v in var.a : k => v... }
  "quoted" : "in an object"
}
`.replace(
      '  "quoted" : "in an object"\n',
      '  nested = { "quoted" : 1, (var.k) = 2, a = -1 }\n  long = (\n    a.b[0].c == 1 ? "x" : "%{ if true }y%{ endif }"\n  )\n',
    );
    expect(removed(tf(`\u{feff}${text}${db()}`.replaceAll('\n', '\r\n'), text))).toEqual([
      'removed: aws_db_instance.main',
    ]);
  });
});

describe('what a container gets of its node', () => {
  const granted = (before: string | null, after: string, path = 'k8s/pod.yaml') =>
    keysOf(k8sPrivileged, [change(path, before, after)]);
  const pod = (lines: string, spec = '') =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n${spec}  containers:\n    - name: app\n      image: a\n${lines.replace(/^/gm, '      ')}\n`;
  const app = 'Pod/web spec.containers[app].securityContext';

  test.each([
    ['securityContext: { privileged: true }', [`${app}.privileged`]],
    ['securityContext: { "privileged": "true" }', [`${app}.privileged`]],
    ['securityContext: { privileged: yes }', [`${app}.privileged`]],
    ['securityContext: { allowPrivilegeEscalation: true }', [`${app}.allowPrivilegeEscalation`]],
    ['securityContext: { runAsUser: 0 }', [`${app}.runAsUser: 0`]],
    ['securityContext: { runAsUser: 0x0 }', [`${app}.runAsUser: 0`]],
    [
      'securityContext: { capabilities: { add: [SYS_ADMIN] } }',
      [`${app}.capabilities: add SYS_ADMIN`],
    ],
    ['securityContext:\n  <<: { privileged: true }', [`${app}.privileged`]],
    ['a: &a true\nsecurityContext: { privileged: *a }', [`${app}.privileged`]],
  ])('%s', (lines, keys) => {
    expect(granted(pod(''), pod(lines))).toEqual(keys);
    expect(granted(pod(lines), pod(lines))).toEqual([]);
    expect(granted(null, pod(lines), 'a.yml')).toEqual(keys);
  });

  test.each([
    ['  hostNetwork: true\n', 'Pod/web spec.hostNetwork'],
    ['  hostPID: true\n', 'Pod/web spec.hostPID'],
    ['  hostIPC: true\n', 'Pod/web spec.hostIPC'],
    ['  volumes: [{ name: a, hostPath: { path: / } }]\n', 'Pod/web spec.volumes[a].hostPath: /'],
  ])('%s', (spec, key) => {
    expect(granted(pod(''), pod('', spec))).toEqual([key]);
  });

  test.each([
    'securityContext: { privileged: false, allowPrivilegeEscalation: false, runAsUser: 1000 }',
    'securityContext: { capabilities: { drop: [ALL] } }',
    'securityContext: { runAsUser: "" }',
    '# privileged: true',
    'args: ["privileged: true"]',
  ])('not %s', (lines) => {
    expect(granted(null, pod(lines))).toEqual([]);
  });

  test('every document counts, and so do patches and values of a chart', () => {
    const text = `${pod('')}---\n${pod('securityContext: { privileged: true }')}`;
    expect(granted(pod(''), text)).toEqual([`${app}.privileged`]);
    const patch = '- { op: add, path: /spec/containers/0/securityContext/privileged, value: true }';
    expect(granted(null, patch)).toEqual(['/spec/containers/0/securityContext/privileged']);
    expect(granted(null, 'web: { securityContext: { privileged: true } }')).toEqual([
      'web.securityContext.privileged',
    ]);
  });

  test('another order of containers says nothing', () => {
    const list = (...names: string[]) =>
      `containers: [${names.map((name) => `{ name: ${name}, privileged: true }`).join()}]`;
    expect(granted(list('a', 'b'), list('b', 'a'))).toEqual([]);
    expect(granted(list('a', 'b'), list('a', 'c'))).toEqual(['containers[c].privileged']);
  });

  test.each(['a: {{ .Values.a }}', 'a: 1\na: 2', 'a: [', '%YAML 1.1\n---\na: b'])(
    '%j is not looked at, so it fires',
    (text) => {
      expect(granted('', text)).toEqual(['unreadable']);
    },
  );

  test('aliases that stand for more and more are not followed', () => {
    const lines = Array.from({ length: 40 }, (_, index) => {
      return `a${index}: &a${index} [${index === 0 ? 'x' : `*a${index - 1}, *a${index - 1}`}]`;
    });
    const started = performance.now();
    expect(granted('', lines.join('\n'))).toEqual(['unreadable']);
    const wide = `a: &a [${'x,'.repeat(20_000)}]\nb: [${'*a,'.repeat(90)}]`;
    expect(granted('', wide)).toEqual(['unreadable']);
    expect(performance.now() - started).toBeLessThan(QUICK_MS);
  });
});

describe('what a policy allows', () => {
  const widened = (before: string | null, after: string, path = 'infra/policy.json') =>
    keysOf(iamWidened, [change(path, before, after)]);
  const json = (...statements: unknown[]) => JSON.stringify({ Statement: statements });
  const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*' };

  test.each([
    ['every action', { ...allow, Action: '*' }, ['Statement: action *']],
    [
      'every action of a service',
      { ...allow, Action: ['s3:GetObject', 's3:*'] },
      ['Statement: action s3:*'],
    ],
    ['the same otherwise', { ...allow, Action: 's3:**' }, ['Statement: action s3:**']],
    [
      'every action but one',
      { Effect: 'Allow', NotAction: 'iam:*', Resource: 'a' },
      ['Statement: every action but iam:*'],
    ],
    [
      'writing to every resource',
      { ...allow, Action: ['s3:PutObject', 's3:GetObject', 'kms:Decrypt'], Resource: ['*'] },
      ['Statement: every resource for kms:Decrypt, s3:PutObject'],
    ],
    ['everyone', { ...allow, Principal: '*' }, ['Statement: every principal']],
    ['everyone of AWS', { ...allow, Principal: { AWS: ['*'] } }, ['Statement: every principal']],
    ['an effect that is not said', { Action: '*', Resource: 'a' }, ['Statement: action *']],
  ])('%s', (_, statement, keys) => {
    expect(widened(json(allow), json(allow, statement))).toEqual(keys);
    expect(widened(json(statement), json(allow, statement))).toEqual([]);
    expect(widened(null, json(statement))).toEqual(keys);
  });

  test.each([
    [
      'reading every resource',
      { ...allow, Action: ['s3:Get*', 'ec2:DescribeInstances'], Resource: '*' },
    ],
    ['to deny everything', { Effect: 'Deny', Action: '*', Resource: '*', Principal: '*' }],
    ['everything below one', { ...allow, Action: 's3:PutObject', Resource: 'arn:aws:s3:::a/*' }],
    ['what is no statement', { Action: '*' }],
  ])('not %s', (_, statement) => {
    expect(widened(null, json(statement))).toEqual([]);
  });

  test('YAML of CloudFormation, with its tags', () => {
    const text = `Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Name: !Sub "$\{A}-role"\n    Properties:\n      PolicyDocument:\n        Statement:\n          - Effect: Allow\n            Action: "*"\n            Resource: !GetAtt Bucket.Arn\n`;
    expect(widened(null, text, 'template.yaml')).toEqual([
      'Resources.Role.Properties.PolicyDocument.Statement: action *',
    ]);
  });

  test.each([
    [
      'jsonencode',
      'policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "a" }] })',
      'policy.Statement: action *',
    ],
    [
      'a heredoc',
      `policy = <<-EOT\n{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "$\{a}"}]}\nEOT`,
      'policy.Statement: action *',
    ],
    [
      'a string',
      'policy = "{\\"Statement\\": {\\"Action\\": \\"*\\", \\"Resource\\": \\"a\\"}}"',
      'policy.Statement: action *',
    ],
    [
      'a heredoc that is no JSON',
      'policy = <<EOT\n{"Statement": [%{ for a in b }x%{ endfor }]}\nEOT',
      'policy: a document that cannot be read',
    ],
    [
      'blocks',
      'statement {\n actions = ["s3:PutObject"]\n resources = ["*"]\n}',
      'statement: every resource for s3:PutObject',
    ],
    [
      'blocks for everyone',
      'statement {\n actions = ["s3:GetObject"]\n principals {\n type = "AWS"\n identifiers = ["*"]\n }\n}',
      'statement: every principal',
    ],
    [
      'one of two',
      'statement {\n actions = var.a ? ["*"] : []\n resources = ["a"]\n}',
      'statement: action *',
    ],
    [
      'a list that is put together',
      'statement {\n actions = concat(["*"], var.a)\n resources = []\n}',
      'statement: action *',
    ],
    ['an escape', 'statement {\n actions = ["\\u002a"]\n resources = []\n}', 'statement: action *'],
    ['the role of an owner', 'role = "roles/owner"', 'role: roles/owner'],
    [
      'the role of an editor',
      'roles = toset(["roles/viewer", "roles/editor"])',
      'roles: roles/editor',
    ],
  ])('HCL: %s', (_, lines, key) => {
    const text = (inner: string) => `resource "a" "b" {\n${inner}\n}\n`;
    expect(widened(text(''), text(lines), 'iam.tf')).toEqual([`resource.a.b.${key}`]);
    expect(widened(text(lines), text(lines), 'iam.tf')).toEqual([]);
  });

  test('the same on another resource is more', () => {
    const text = (name: string) =>
      `resource "a" "${name}" {\n statement {\n actions = ["*"]\n resources = ["a"]\n }\n}\n`;
    expect(widened(text('b'), text('c'), 'iam.tf')).toEqual(['resource.a.c.statement: action *']);
  });

  test('a file of another kind is none', () => {
    expect(widened(null, 'Action: "*"', 'iam/README.md')).toEqual([]);
  });

  test.each([
    ['policy.json', '{'],
    ['policy.json', '{"Statement":[{"Action":"a","Action":"*","Resource":"*"}]}'],
    ['policy.yaml', 'a: ['],
    ['iam.tf', 'a {'],
  ])('%s with %j is not looked at, so it fires', (path, text) => {
    expect(widened('{}', text, path)).toEqual(['unreadable']);
  });
});

test.each([
  ['a = [', 0.25],
  ['a "b" {\n', 0.25],
  ['"$'.concat('{'), 1],
  ['a = <<E\nE\n', 0.25],
  ['a = <<E ', 0.25],
  ['{', 0.25],
  ['/* ', 1],
  ['a.', 1],
] as const)('text made of %j takes no time', (piece, mebibytes) => {
  const text = piece.repeat((mebibytes * (1 << 20)) / piece.length);
  const started = performance.now();
  keysOf(terraformResourceRemoved, [change('a.tf', null, text)]);
  expect(performance.now() - started).toBeLessThan(QUICK_MS);
});
