import { expect, test } from 'vitest';
import { edited, found, problems } from './found.ts';

const allowing = (host: string, phase = 'agent') =>
  edited(`${phase}: { allow: [`, `${phase}: { allow: [{ host: "${host}" }, `);

const isTooWide = (host: string) => problems(allowing(host)).some(({ code }) => code === 'P0407');

test.each([
  '*.github.io',
  '*.GitHub.io',
  '*.amazonaws.com',
  '*.s3.eu-west-1.amazonaws.com',
  '*.blob.core.windows.net',
  '*.storage.googleapis.com',
  '*.vercel.app',
  '*.workers.dev',
  '*.co.uk',
  '*.com.au',
  '*.github.io.',
])('P0407: anybody can have a name under %s', (host) => {
  expect(isTooWide(host)).toBe(true);
});

test.each([
  'someone.github.io',
  '*.someone.github.io',
  '*.example.com',
  '*.example.co.uk',
  'storage.googleapis.com',
  'co.uk',
  '*.notgithub.io',
  '*.xamazonaws.com',
])('P0407: %s names hosts of one owner', (host) => {
  expect(isTooWide(host)).toBe(false);
});

test('P0407: it is an error at its place, in every phase', () => {
  for (const [phase, at] of [
    ['setup', '52:30'],
    ['agent', '53:30'],
  ] as const) {
    expect(found(allowing('*.github.io', phase)).filter((one) => one.startsWith('P0407'))).toEqual([
      `P0407 error policy.yaml:${at} anybody can have a name that \`*.github.io\` covers`,
    ]);
  }
});

test('P0407: a host that keeps what anybody sends it is no way out', () => {
  const every =
    '", methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS], ports: [443] }, { host: "a.example.com';
  expect(isTooWide(`api.github.com${every}`)).toBe(true);
  expect(isTooWide(`api.example.com${every}`)).toBe(false);
});
