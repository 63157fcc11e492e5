import { describe, expect, test } from 'vitest';
import { dockerBaseChanged, dockerPrivileged } from '../../../policies/detect/docker.ts';
import { change, keysOf, link, QUICK_MS, unread } from './change.ts';

const based = (before: string | null, after: string) =>
  keysOf(dockerBaseChanged, [change('Dockerfile', before, after)]);
const rights = (before: string | null, after: string) =>
  keysOf(dockerPrivileged, [change('Dockerfile', before, after)]);
const compose = (before: string | null, after: string, path = 'deploy/compose.yaml') =>
  keysOf(dockerPrivileged, [change(path, before, after)]);

describe('the images that an image is built on', () => {
  const base = 'FROM node:24\nRUN npm ci\n';

  test.each([
    ['another tag', 'FROM node:25', ['from node:25']],
    ['in small letters', 'from node:25', ['from node:25']],
    ['on another platform too', 'FROM --platform=linux/arm64 node:25 AS a', ['from node:25']],
    ['over lines', 'FROM \\\n  # comment\n\n  node:25', ['from node:25']],
    ['over lines as the file says', '# escape=`\nFROM `\nnode:25', ['from node:25']],
    ['a default', 'ARG V=25\nFROM node:$V', ['from node:25']],
    ['a default in quotes', `ARG A=1 V="25"\nFROM node:$\{V}`, ['from node:25']],
    ['the word for nothing', `FROM node:$\{V:-25}`, ['from node:25']],
    ['an argument of arguments', `ARG A=2\nARG V=$\{A}5\nFROM node:$V`, ['from node:25']],
    ['an argument without a default', 'ARG V\nFROM node:$V', ['from node:$V']],
    [
      'an argument of a stage, which FROM does not see',
      'FROM node:24\nARG V=25\nFROM node:$V',
      ['from node:$V'],
    ],
    ['a stage more', `${base}FROM nginx`, ['from nginx']],
    ['files of another image', `${base}COPY --chown=a --from=evil:1 / /`, ['copy from evil:1']],
    [
      'a mount of another image',
      `${base}RUN --mount=type=bind,from=evil:1,target=/a ls`,
      ['copy from evil:1'],
    ],
    [
      'another reader of the file',
      `# syntax=evil/dockerfile:1\n${base}`,
      ['syntax evil/dockerfile:1'],
    ],
    ['after a mark of the byte order', '\u{feff}FROM node:25\r\nRUN a\r\n', ['from node:25']],
  ])('%s', (_, after, keys) => {
    expect(based(base, after)).toEqual(keys);
    expect(based(after, after)).toEqual([]);
  });

  test.each([
    [
      'stages before it',
      'FROM node:24 AS Build\nFROM build\nCOPY --from=build / /\nCOPY --from=0 / /',
    ],
    [
      'text that is taken in',
      'FROM node:24\nRUN <<EOF\nFROM evil\nEOF\nCOPY <<-"A" <<B /\nFROM a\n\tA\nFROM b\nB\n',
    ],
    ['comments', '# FROM evil\nFROM node:24\n  # FROM evil\n'],
    ['what follows a backslash', 'FROM node:24\nRUN a \\\nFROM evil'],
  ])('not %s', (_, after) => {
    expect(based(base, after)).toEqual([]);
  });

  test('the default of an argument is part of the base', () => {
    const file = (version: string) => `ARG V=${version}\nFROM node:$\{V}-slim\n`;
    expect(based(file('24'), file('25'))).toEqual(['from node:25-slim']);
  });

  test('a name of a stage that comes later is an image', () => {
    expect(based(base, 'FROM later\nFROM node:24 AS later')).toEqual(['from later']);
  });

  test('every base of a new file is new, and a file that is gone has none', () => {
    expect(based(null, base)).toEqual(['from node:24']);
    expect(keysOf(dockerBaseChanged, [change('Dockerfile', base, null)])).toEqual([]);
  });

  test.each([
    ['no FROM', 'RUN a'],
    ['nothing', ''],
    ['text that never ends', 'FROM a\nRUN <<EOF\nFROM b'],
  ])('%s is not looked at, so it fires', (_, text) => {
    expect(based(base, text)).toEqual(['unreadable']);
    expect(based(text, base)).toEqual(['unreadable']);
  });

  test('what nobody read fires, and so does a link', () => {
    expect(keysOf(dockerBaseChanged, [change('Dockerfile', null, unread)])).toEqual(['unreadable']);
    expect(keysOf(dockerPrivileged, [change('Dockerfile', null, link('a'))])).toEqual([
      'unreadable',
    ]);
  });

  test.each([
    'ARG A=xx\nFROM a\n'.concat('ARG A=$A$A\n'.repeat(20_000)),
    'FROM a\n'.concat('RUN <<A\nA\n'.repeat(25_000)),
    'FROM a\n'.concat('RUN <<A\n'.repeat(30_000)),
    'FROM a\nARG '.concat(' '.repeat(250_000), '!'),
    'FROM a\nRUN '.concat('--a'.repeat(80_000)),
    'FROM a\nCOPY --from=b c\n'.repeat(900),
  ])('text made to take long', (text) => {
    const started = performance.now();
    based(null, text);
    rights(null, text);
    expect(performance.now() - started).toBeLessThan(QUICK_MS);
  });
});

describe('what a build or container may do', () => {
  const base = 'FROM node:24\nUSER node\n';

  test.each([
    ['a step without its guard', `${base}RUN --security=insecure a`, ['run --security=insecure']],
    ['a step on the network of the host', `${base}RUN --network=HOST a`, ['run --network=host']],
    ['root after another user', `${base}USER root`, ['user root']],
    ['root by its number', `${base}USER 0:0`, ['user root']],
    ['root by an argument', `FROM node:24\nARG U=root\nUSER $U`, ['user root']],
    ['no user any more', 'FROM node:24', ['user unset']],
    ['no user in the last stage', `${base}FROM node:24`, ['user unset']],
    ['root from a stage before', 'FROM node:24 AS a\nUSER root\nFROM A', ['user root']],
  ])('%s', (_, after, keys) => {
    expect(rights(base, after)).toEqual(keys);
    expect(rights(after, after)).toEqual([]);
  });

  test.each([
    ['root for some steps', 'FROM node:24\nUSER root\nRUN a\nUSER node'],
    ['another user', 'FROM node:24\nUSER app'],
    ['a user from a stage before', 'FROM node:24 AS a\nUSER node\nFROM a'],
    ['a word of a command', `${base}RUN echo --security=insecure`],
  ])('not %s', (_, after) => {
    expect(rights(base, after)).toEqual([]);
  });

  test('a new file without a user is left to its image', () => {
    expect(rights(null, 'FROM node:24')).toEqual([]);
    expect(rights(null, 'FROM node:24\nUSER root')).toEqual(['user root']);
  });
});

describe('what a service gets of its host', () => {
  const web = (lines: string) =>
    `services:\n  web:\n    image: a\n${lines.replace(/^/gm, '    ')}\n`;

  test.each([
    ['privileged: true', ['services.web.privileged']],
    ['privileged: "true"', ['services.web.privileged']],
    ['privileged: yes', ['services.web.privileged']],
    ['use_api_socket: true', ['services.web.use_api_socket']],
    [
      'cap_add: [SYS_ADMIN, net_admin]',
      ['services.web.cap_add: net_admin', 'services.web.cap_add: sys_admin'],
    ],
    ['pid: host', ['services.web.pid: host']],
    ['ipc: "Host"', ['services.web.ipc: host']],
    ['network_mode: host', ['services.web.network_mode: host']],
    ['userns_mode: host', ['services.web.userns_mode: host']],
    [`pid: $\{P:-host}`, ['services.web.pid: host']],
    [
      'build: { context: ., network: host, privileged: true }',
      ['services.web.build.network: host', 'services.web.build.privileged'],
    ],
    ['devices: ["/dev/sda:/dev/a"]', ['services.web.devices: /dev/sda:/dev/a']],
    ['security_opt: [seccomp=unconfined]', ['services.web.security_opt: seccomp=unconfined']],
    [
      'security_opt: ["apparmor:unconfined", "no-new-privileges:true"]',
      ['services.web.security_opt: apparmor:unconfined'],
    ],
    ['user: root', ['services.web.user: root']],
    ['user: "0:0"', ['services.web.user: 0:0']],
    ['volumes: ["/:/host:ro"]', ['services.web.volumes: /']],
    [
      'volumes:\n  - /var/run/docker.sock:/var/run/docker.sock',
      ['services.web.volumes: /var/run/docker.sock:/var/run/docker.sock'],
    ],
    ['volumes: [{type: bind, source: /etc, target: /a}]', ['services.web.volumes: /etc']],
    ['volumes: ["~/.ssh:/a"]', ['services.web.volumes: ~/.ssh']],
    ['volumes: ["C:\\\\a:/a"]', ['services.web.volumes: C:\\a']],
    ['volumes: ["../../..:/a"]', ['services.web.volumes: ../../..']],
    ['volumes: ["./a/../../../b:/a"]', ['services.web.volumes: ./a/../../../b']],
    [`volumes: ["$\{ROOT:-/}:/a"]`, ['services.web.volumes: /']],
    [
      `volumes: ["$\{SOCK}:/var/run/docker.sock"]`,
      [`services.web.volumes: $\{SOCK}:/var/run/docker.sock`],
    ],
  ] as [string, string[]][])('%s', (lines, keys) => {
    expect(compose(web(''), web(lines))).toEqual(keys);
    expect(compose(web(lines), web(lines))).toEqual([]);
    expect(compose(null, web(lines), 'deploy/docker-compose.yml')).toEqual(keys);
  });

  test.each([
    'privileged: false',
    'pid: "container:a"',
    'network_mode: bridge',
    'volumes: ["data:/var/lib", "./a:/b", "../b:/c", "/anonymous"]',
    'volumes: [{type: volume, source: data, target: /a}]',
    'security_opt: ["no-new-privileges:true"]',
    'user: node',
    '# privileged: true',
  ])('not %s', (lines) => {
    expect(compose(null, web(lines))).toEqual([]);
  });

  test('a merge gives what it stands for', () => {
    const text = 'x-all: &all { pid: host }\nservices:\n  web:\n    <<: *all\n';
    expect(compose(null, text)).toEqual(['services.web.pid: host', 'x-all.pid: host']);
  });

  test('a volume that is a folder of the host', () => {
    const text = 'volumes: { data: { driver_opts: { type: none, o: bind, device: / } } }';
    expect(compose(null, text)).toEqual(['volumes.data.driver_opts: /']);
  });

  test.each(['a: [', 'a: 1\na: 2', 'a: &a [*a]'])('%j is not looked at, so it fires', (text) => {
    expect(compose('', text)).toEqual(['unreadable']);
  });
});
