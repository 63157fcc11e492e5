/** Secrets are put together here from pieces and from made-up letters, so that no scanner takes this file for a leak. */
import { describe, expect, test } from 'vitest';
import { secretAdded } from '../../../policies/detect/secret-added.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';
import { added, deleted, fileChange, firingsOf, keysOf, UNREADABLE } from './file-change.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Letters that look drawn by lot, the same ones at every run. */
function drawn(length: number, seed = 1, alphabet = LETTERS): string {
  let state = seed * 2_654_435_761;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet[(state >>> 8) % alphabet.length];
  }
  return text;
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const HEX = '0123456789abcdef';
const BEGIN = ['-----BEGIN ', 'PRIVATE KEY-----'];
const pem = (body: string, kind = '', lineEnd = '\n') =>
  [
    BEGIN.join(kind),
    ...(body.match(/.{1,64}/g) ?? []),
    BEGIN.join(kind).replace('BEGIN', 'END'),
    '',
  ].join(lineEnd);

const kinds = (path: string, before: string | null, after: string | null) =>
  keysOf(secretAdded, path, before, after).map((key) => key.replace(/:[0-9a-f]{12}$/, ''));

const SECRETS: readonly [kind: string, line: string, secret: string][] = (
  [
    ['aws-access-key', `AK${'IA'}${drawn(16, 2, UPPER)}`],
    ['github-token', `gh${'p_'}${drawn(36)}`],
    ['github-token', `gh${'s_'}${drawn(36)}`],
    ['github-token', `github${'_pat_'}${drawn(22)}_${drawn(59, 3)}`],
    ['gitlab-token', `gl${'pat-'}${drawn(20)}`],
    ['slack-token', `xo${'xb-'}${drawn(12, 1, '0123456789')}-${drawn(24)}`],
    ['stripe-key', `sk${'_live_'}${drawn(24)}`],
    ['stripe-key', `rk${'_test_'}${drawn(24)}`],
    ['google-api-key', `AI${'za'}${drawn(35)}`],
    ['npm-token', `np${'m_'}${drawn(36)}`],
    ['openai-key', `sk-${'proj-'}${drawn(48)}`],
    ['openai-key', `s${'k-'}${drawn(48)}`],
    ['anthropic-key', `sk-${'ant-'}api03-${drawn(95)}`],
    ['hugging-face-token', `hf${'_'}${drawn(34)}`],
    ['sendgrid-key', `S${'G.'}${drawn(22)}.${drawn(43)}`],
    ['jwt', `ey${'J'}${drawn(33)}.ey${'J'}${drawn(60)}.${drawn(43)}`],
  ] as const
).map(([kind, secret]) => [kind, `const value = "${secret}";`, secret]);

const NAMED: readonly [kind: string, line: string, secret: string][] = (
  [
    [
      'slack-webhook',
      ['https://hooks.slack', '.com/services/'],
      `T${drawn(8)}/B${drawn(8)}/${drawn(24)}`,
      '',
    ],
    ['connection-string', ['postgres', '://app:'], drawn(20), '@db.internal:5432/app'],
    ['connection-string', ['mongodb', '+srv://app:'], drawn(20), '@cluster0.example.net'],
    ['connection-string', ['redis', '://:'], drawn(20), '@cache:6379'],
    ['password', ['password', ' = "'], drawn(16), '"'],
    ['password', ["'DB_PASSWORD' ", "=> '"], drawn(16), "',"],
    ['password', ['"client_secret', '": "'], drawn(32), '"'],
    [
      'password',
      ['const apiKey', ': string = `'].map((part) => part.replace(': string', '')),
      drawn(32),
      '`;',
    ],
    ['password', ['config["auth_token', '"] = \''], drawn(40, 4, HEX), "'"],
    ['password', ['headers: { authorizationToken', ': "Bearer '], drawn(40), '" }'],
  ] as const
).map(([kind, [first, second], secret, rest]) => [
  kind,
  `${first}${second}${secret}${rest}`,
  secret,
]);

describe('a secret is added', () => {
  test.each([...SECRETS, ...NAMED])('%s', (kind, line, secret) => {
    for (const path of [
      'src/a.ts',
      'README.md',
      'package-lock.json',
      'test/a.test.ts',
      'LICENSE',
    ]) {
      if (kind === 'password' && path === 'package-lock.json') continue;
      const firings = firingsOf(secretAdded, [fileChange(path, 'a\r\n', `\uFEFFa\r\n${line}\r\n`)]);
      expect(firings.map(({ key, line: at }) => [key.split(':')[0], at])).toEqual([[kind, 2]]);
      expect(JSON.stringify(firings)).not.toContain(secret.slice(4));
    }
  });

  test.each([
    ['.env', `API_TOKEN=${drawn(24)}`],
    ['.env.production', `export SECRET_KEY_BASE=${drawn(64, 1, HEX)}  `],
    ['config/app.yml', `  password: ${drawn(20)}`],
    ['.npmrc', `//npm.example.com/:_authToken=${drawn(40)}`],
    ['app.properties', `db.password=${drawn(20)}`],
  ])('without quotes in %s', (path, line) => {
    expect(kinds(path, '', line)).toEqual(['password']);
    expect(kinds('src/a.ts', '', line)).toEqual([]);
  });

  test.each([
    ['PKCS#8', pem(drawn(64))],
    ['RSA', pem(drawn(1_600), 'RSA ')],
    ['OpenSSH', pem(drawn(400), 'OPENSSH ')],
    ['with CRLF', pem(drawn(400), 'EC ', '\r\n')],
    ['in a string', `key = "${pem(drawn(400)).replaceAll('\n', '\\n')}"`],
    ['in YAML', pem(drawn(400)).replace(/^/gm, '    ')],
    ['without its end', pem(drawn(400)).split('-----END')[0] ?? ''],
  ])('a private key, %s', (_, text) => {
    const [firing, ...rest] = firingsOf(secretAdded, [fileChange('a.txt', 'a\n', `a\n${text}`)]);
    expect(firing).toMatchObject({ path: 'a.txt', line: 2 });
    expect(firing?.key).toMatch(/^private-key:[0-9a-f]{12}$/);
    expect(rest).toEqual([]);
  });

  test('a private key that was exchanged, whose first and last line stay', () => {
    expect(kinds('a.pem', pem(drawn(400)), pem(drawn(400, 2)))).toEqual(['private-key']);
    expect(kinds('a.pem', pem(drawn(400)), pem(drawn(400), '', '\r\n'))).toEqual([]);
  });

  test('the message tells the kind and no more', () => {
    const token = SECRETS[1]?.[1] ?? '';
    const [firing] = firingsOf(secretAdded, [added('a.ts', token)]);
    expect(firing?.message).toBe(
      'a.ts gains what looks like a github token; once it is published it has to be replaced',
    );
  });

  test('several in one line, and one secret once', () => {
    const [one = '', two = ''] = SECRETS.map(([, , secret]) => secret);
    expect(kinds('a', '', `${one} ${two} ${one}\n${two}`)).toEqual([
      'aws-access-key',
      'github-token',
    ]);
  });

  test('in a file that cannot be read', () => {
    expect(keysOf(secretAdded, 'a.ts', null, UNREADABLE)).toEqual(['unreadable']);
    expect(keysOf(secretAdded, 'a.png', null, UNREADABLE)).toEqual([]);
  });
});

describe('no secret is added', () => {
  const token = `gh${'p_'}${drawn(36)}`;
  test.each([
    ['one that was there, in a line that was edited', `a("${token}")`, `b("${token}")`],
    ['one that is taken away', token, ''],
  ])('%s', (_, before, after) => {
    expect(kinds('a.ts', before, after)).toEqual([]);
  });

  test('a file that was moved', () => {
    expect(firingsOf(secretAdded, [deleted('a', token), added('b', token)])).toEqual([]);
  });

  test.each([
    ['the key of the documentation', `AK${'IA'}IOSFODNN7EXAMPLE`],
    ['one letter', `gh${'p_'}${'x'.repeat(36)}`],
    ['zeros', `sk${'_live_'}${'0'.repeat(24)}`],
    ['counting', `gh${'p_'}abcdefghijklmnopqrstuvwxyz0123456789`],
    ['angle brackets', 'password = "<your-password-1234>"'],
    ['a variable', `password: "\${DB_PASSWORD_2024_x9}"`],
    ['a call', 'token: "$(cat /run/secrets/token1a2b)"'],
    ['a template', 'secret = "{{ vault.secret1a2b3c }}"'],
    ['changeme', 'password = "changeme1234Abc"'],
    ['words', 'token = "refresh-token-rotation-2"'],
    ['long words', 'token = "signing-key-for-documents-2024-v1"'],
    ['a pattern', 'token = "a1b2a1b2a1b2a1b2"'],
    ['a path', 'secret: "./fixtures/a1b2c3d4e5f6"'],
    ['an address', 'token_url = "https://a1b2c3.example.com/oauth2/token"'],
    ['a UUID', `client_secret = "${[8, 4, 4, 4, 12].map((n) => drawn(n, n, HEX)).join('-')}"`],
    ['a git commit', `commit = "${drawn(40, 1, HEX)}"`],
    ['an integrity', `"integrity": "sha512-${drawn(86)}=="`],
    ['a picture', `src: "data:image/png;base64,${drawn(800)}"`],
    ['a publishable key', `pk${'_live_'}${drawn(24)}`],
    ['a type', 'password: string; token: Promise<AccessToken2>'],
    ['an expression', 'const token = readTokenFromHeader2(request)'],
    ['a short value', 'password = "a1B2c3"'],
    ['a local database', 'postgres://postgres:postgres@localhost:5432/app'],
    ['a password from the environment', `postgres://app:\${PASSWORD}@db/app`],
    ['a password from a format', 'postgres://{user}:{password}@db/app'],
    ['a port', 'http://localhost:3000/users/@me'],
    ['a public key', '-----BEGIN PUBLIC KEY-----\n'.concat(drawn(400))],
    ['a private key that is none', `${BEGIN.join('')}\n...\n`],
    ['a JWT without its signature', `ey${'J'}${drawn(33)}.ey${'J'}${drawn(60)}.`],
  ])('%s', (_, line) => {
    expect(kinds('src/a.ts', '', line)).toEqual([]);
    expect(kinds('config/a.yml', '', line)).toEqual([]);
  });

  test('digests of a lock file', () => {
    const lines = `resolution-token: "${drawn(40)}"\nsecretkey: ${drawn(40, 2)}\n`;
    expect(kinds('pnpm-lock.yaml', '', lines)).toEqual([]);
    expect(kinds('yarn.lock', '', lines)).toEqual([]);
    expect(kinds('other.yaml', '', lines)).toHaveLength(2);
  });
});

test.each([
  ['beginnings of a JWT', 'eyJ'.repeat(350_000)],
  ['beginnings of a JWT, apart', 'eyJaaaaaaaaaaaa.'.repeat(65_000)],
  ['beginnings of a password', 'pwd="'.repeat(200_000)],
  ['names', 'secret_token_key-'.repeat(60_000)],
  ['blanks', `password${' '.repeat(1_000_000)}`],
  ['addresses', '://a:'.repeat(200_000)],
  ['addresses without an end', `://${'a'.repeat(99)}:${'b'.repeat(190)} `.repeat(3_500)],
  ['private keys', `${BEGIN.join('')}${drawn(60)}\n`.repeat(11_000)],
  ['tokens', `gh${'p_'}${drawn(36)} `.repeat(25_000)],
  [
    'different tokens',
    Array.from({ length: 10_000 }, (_, seed) => `gl${'pat-'}${drawn(20, seed)}`).join(' '),
  ],
  ['base64', drawn(1_000_000)],
])('a mebibyte of %s takes no longer than linear work', (_, text) => {
  const spent = cpuMs(() => {
    kinds('.env', '', text);
  });
  expect(spent).toBeLessThan(MEBIBYTE_MS);
});

describe('commits in between', () => {
  const token = `gh${'p_'}${drawn(36)}`;
  const found = (
    past: Parameters<typeof firingsOf>[1],
    all: Parameters<typeof firingsOf>[1] = [],
  ) => secretAdded.detect({ files: [...all, ...past], all, roots: [] }, {}).map(({ path }) => path);

  test('a secret that one adds and another deletes has leaked', () => {
    expect(found([deleted('a', token), added('a', token)])).toEqual(['a']);
  });

  test('one that is deleted under another name than it was added has leaked too', () => {
    const moves = [added('a', token), deleted('a', token), added('b', token), deleted('b', token)];
    expect(found(moves)).toEqual(['a', 'b']);
  });

  test('a file of the base that the whole change moves has not', () => {
    expect(found([], [deleted('a', token), added('b', token)])).toEqual([]);
  });
});
