import { expect, test } from 'vitest';
import { gcText } from '../../../orchestrator/text/gc-report.ts';

const NONE = {
  ...{ totalBytes: 3 * 2 ** 20, freedBytes: 0, excessBytes: 0 },
  ...{ removed: [], images: [], volumes: [], isEngineAsked: true },
};

test('where nothing goes, it says how much there is', () => {
  expect(gcText('/data', NONE, false)).toMatchInlineSnapshot(`"freed 0.0 MiB of 3.0 MiB"`);
});

test('an engine that was not asked is not an engine without old images', () => {
  expect(gcText('/data', { ...NONE, isEngineAsked: false }, false)).toMatchInlineSnapshot(`
    "freed 0.0 MiB of 3.0 MiB
    no engine answered: its images and volumes were not looked at"
  `);
});

test('each thing that goes has a line, and what is too much still is said', () => {
  const tree = { kind: 'tree', path: '/data/repositories/a/trees/b', bytes: 2 ** 20, usedAt: 0 };
  const snapshot = { ...tree, kind: 'snapshot', path: '/data/s', usedAt: 86_400_000 };
  const all = {
    ...NONE,
    freedBytes: 2 ** 21,
    removed: [tree, snapshot],
    images: ['proofhouse/base:0123456789ab'],
    volumes: ['proofhouse-0123456789ab-mirror-0123456789abcdef'],
    excessBytes: 2 ** 20,
  };
  expect(gcText('/data', all, true)).toMatchInlineSnapshot(`
    "tree      1.0 MiB  never used                  repositories/a/trees/b
    snapshot  1.0 MiB  last used 1970-01-02T00:00  s
    image              of an earlier version       proofhouse/base:0123456789ab
    volume             not used for a week         proofhouse-0123456789ab-mirror-0123456789abcdef
    would free 2.0 MiB of 3.0 MiB; 1.0 MiB more is over the size, and all of it in use"
  `);
});
