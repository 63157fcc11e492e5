/**
 * What rows of attacks on gates are made of: a change in a real repository, a gate weakened in one
 * thing, which it passes, and ours, which it does not.
 */
import { onTestFinished } from 'vitest';
import type { Facts } from '../../../orchestrator/domain/change.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { localFacts } from '../../../orchestrator/stages/local-facts.ts';
import { decide } from '../../../policies/decide.ts';
import type { LoadedPolicy } from '../../../policies/parse.ts';
import { openLocal } from '../../../sandboxes/source/local-change.ts';
import {
  commitAll,
  type Files,
  git,
  repositoryWith,
  writeAll,
} from '../../orchestrator/intake/repositories.ts';
import { load } from '../../policies/sample.ts';

/** As the page about security tells it. */
export type Told = {
  /** Of the row in the list of attacks; `DENY` for one of those that must always be denied. */
  readonly id: string;
  readonly attack: string;
  /** The one thing in which the weakened gate differs from ours. */
  readonly weak: string;
  /** What stops it: a gate that asks people, or the code of a refusal. */
  readonly ours: string;
};

/** A change that was made, and everything that a gate may look at. */
export type Made = { readonly folder: string; readonly facts: Facts };

export type Row = Told & {
  /** What the base has besides `BASE`. */
  readonly before?: (folder: string) => void;
  readonly does: (folder: string) => void;
  /** Whether the weakened gate lets it through. */
  readonly passes: (made: Made) => boolean;
};

export const NOW = '2026-03-01T10:00:00.000Z';
export const LOGIN = 'src/auth/login.ts';

export const POLICY = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: shop, layer: standalone, owner: platform }
packs: ["builtin:core@1", "builtin:node@1", "builtin:github-actions@1"]
groups:
  platform: { members: [local:pia] }
  security: { members: [local:rita] }
unmatched: { class: low }
gates:
  - { id: auth, why: Who is let in., class: critical, paths: ["src/auth/"] }
limits: { absolute: { max_files: 500, max_changed_lines: 20k } }
validators: { unit: { run: [npm, test], reports: { junit: j.xml } } }
`;

const lines = (...all: string[]): string => `${all.join('\n')}\n`;
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export const MANIFEST = {
  name: 'shop',
  type: 'module',
  imports: { '#auth': './src/auth/login.ts' },
  scripts: { start: 'node src/server.ts', test: 'vitest run' },
  dependencies: { left: '1.0.0' },
};
export const manifest = (more: object): string => json({ ...MANIFEST, ...more });
export const LOCK = (version: string): string =>
  json({
    ...{ name: 'shop', lockfileVersion: 3 },
    packages: {
      '': { name: 'shop', dependencies: { left: '1.0.0' } },
      'node_modules/left': { version, integrity: `sha512-${version}` },
    },
  });
export const TESTS = lines("test('lets nobody in', () => {", '  expect(1).toBe(1);', '});');
export const RUNNER = lines(
  'export default {',
  "  test: { include: ['test/**'], coverage: { thresholds: { lines: 90 } } },",
  '};',
);

const BASE: Files = {
  '.proofhouse/policy.yaml': POLICY,
  '.github/workflows/ci.yml': lines('on: push', 'permissions: read-all', 'jobs: {}'),
  'AGENTS.md': 'Write tests.\n',
  CODEOWNERS: '* @acme/platform\n',
  Dockerfile: lines('ARG NODE=24', `FROM node:$\{NODE}`),
  'lib/money.ts': 'export const round = 1;\n',
  'package.json': json(MANIFEST),
  'package-lock.json': LOCK('1.0.0'),
  'src/auth/login.ts': lines("import { round } from '../../lib/money.ts';", 'export { round };'),
  'src/cart.ts': 'export const cart = [];\n',
  'src/container.ts': "export { round as login } from './auth/login.ts';\n",
  'test/auth.test.ts': TESTS,
  'tsconfig.json': '{"compilerOptions":{"paths":{}}}\n',
  'vitest.config.ts': RUNNER,
  'data/rates.csv': 'eur,1\n',
};

/** Makes the change in a fresh repository, on a branch that parts from `main`. */
export async function made({ before, does }: Pick<Row, 'before' | 'does'>): Promise<Made> {
  const folder = repositoryWith(BASE);
  if (before) {
    before(folder);
    commitAll(folder);
  }
  git(folder, 'checkout', '--quiet', '-b', 'head');
  does(folder);
  commitAll(folder);
  const local = await openLocal(folder);
  onTestFinished(() => local.close());
  const [base, head] = [await local.resolve('main'), await local.resolve('head')];
  const read = await localFacts(local, base, head, 'refs/heads/main');
  if ('refused' in read) throw new Error(read.refused.map(({ message }) => message).join('\n'));
  return { folder, facts: read.facts };
}

export const writes = (files: Files) => (folder: string) => writeAll(folder, files);

/** Our policy with one thing in it changed. */
export function changed(from: string, to: string): LoadedPolicy {
  if (POLICY.split(from).length !== 2) throw new Error(`${from} is not there once`);
  return load(POLICY.replace(from, to));
}

export const allows =
  (policy: () => LoadedPolicy) =>
  ({ facts }: Made): boolean =>
    decide([policy()], facts, NOW).verdict === 'allow';

export const without = (pack: 'core' | 'node'): (() => LoadedPolicy) => {
  return () => changed(`"builtin:${pack}@1", `, '');
};
export const withoutPacks = () =>
  changed('packs: ["builtin:core@1", "builtin:node@1", "builtin:github-actions@1"]\n', '');

/** A gate as scripts have it: names that git printed, and what they are held against. */
export const namesPass =
  (isGuarded: (name: string) => boolean, ...args: string[]) =>
  ({ folder }: Made): boolean => {
    const printed = git(folder, 'diff', '--name-only', ...args, 'main', 'head').split('\n');
    return !printed.filter(Boolean).some(isGuarded);
  };
export const inAuth = (name: string): boolean => name.startsWith('src/auth/');

export function ours({ facts }: Made): Judgement {
  return decide([load(POLICY)], facts, NOW);
}

/** Gates of ours that ask people, and codes of refusals. */
export function stoppedBy(judgement: Judgement): string[] {
  const asking = judgement.gates.filter(({ approvals }) => approvals.length > 0);
  return [...asking.map(({ id }) => id), ...judgement.denials.map(({ code }) => code)];
}
