import { expect, test } from 'vitest';
import { codes, found, withMore } from './found.ts';

type Given = { gate?: string; paths?: string; expires?: string; ticket?: string };

function exempting({
  gate = 'auth',
  paths = 'src/auth/a.ts',
  expires = '2026-03-31',
  ticket = 'T-1',
}: Given) {
  const names = ticket === '' ? '' : `, ticket: ${ticket}`;
  return withMore(
    `exemptions:\n  - { id: x, gate: ${gate}, paths: [${paths}], why: y, granted_by: local:pia, expires: ${expires}${names} }`,
  );
}

test('an exemption in order has no problems', () => {
  expect(found(exempting({}))).toEqual([]);
});

test('P0501: one that ran out, the day after its last', () => {
  expect(found(exempting({ expires: '2026-02-28' }))).toEqual([
    'P0501 error policy.yaml:58:90 the exemption x ran out on 2026-02-28 and excuses nothing',
  ]);
  expect(codes(exempting({ expires: '2026-03-01' }))).toEqual([]);
});

test('P0502: one that holds longer than 90 days', () => {
  expect(found(exempting({ expires: '2026-05-31' }))).toEqual([
    'P0502 error policy.yaml:58:90 the exemption x holds for 91 days; 90 is the most',
  ]);
  expect(codes(exempting({ expires: '2026-05-30' }))).toEqual([]);
});

test('P0503: one that excuses no known file from its gate', () => {
  expect(found(exempting({ paths: 'web/' }))).toEqual([
    'P0503 warning policy.yaml:58:33 the exemption x excuses no known file from gate auth',
  ]);
  expect(codes(exempting({ paths: 'web/' }), { known: [] })).toEqual([]);
});

test('P0503: what the gate leaves alone needs no exemption', () => {
  expect(codes(exempting({ paths: 'src/auth/docs/' }))).toEqual(['P0503 warning']);
});

test('P0504: one from a gate of another file', () => {
  expect(found(exempting({ gate: 'ghost' }))).toEqual([
    'P0504 error policy.yaml:58:20 this file has no gate ghost; nobody excuses from a gate of another',
  ]);
});

test('P0505: one that names no ticket', () => {
  expect(found(exempting({ ticket: '' }))).toEqual([
    'P0505 warning policy.yaml:58:5 the exemption x names no ticket',
  ]);
});
