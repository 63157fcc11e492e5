/** Policies of every shape that matters to what one change asks for, for laws that all must hold. */
import fc from 'fast-check';
import { RiskClass, Surface } from '../../orchestrator/domain/judgement.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { load, minimal } from './sample.ts';

export const PEOPLE = `groups:
  platform: { members: ["local:ana", "local:bo"] }
  security: { members: ["local:cy", "local:di"] }
`;
export const CHECKS = `validators:
  unit: { run: [x], reports: { junit: j.xml } }
  e2e: { run: [x], reports: { junit: j.xml }, required_for: ["never/"] }
`;
const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const PATTERNS = ['src/', 'src/auth/', '**/*.sql', '*.md', '/package.json'];
export const PATHS = [
  'src/auth/a.ts',
  'src/AUTH/a.ts',
  'db/1.sql',
  'README.md',
  'docs/a/b',
  'package.json',
];
const asked = fc.oneof(
  fc.record({ group: oneOf('platform', 'security', 'ghosts'), count: oneOf(1, 2) }),
  oneOf({ any_of: [[{ group: 'platform' }], [{ group: 'security', count: 2 }]] }),
);

export const sections = fc.record({
  enforcement: oneOf('enforce', 'evaluate'),
  classes: fc.dictionary(
    oneOf(...RiskClass.options),
    fc.record({
      approvals: fc.array(asked, { maxLength: 2 }),
      surface: oneOf(...Surface.options),
      bind: oneOf('change', 'tree', 'evidence'),
      carry_forward: oneOf('scoped', 'never'),
      expires: oneOf('1h', '1d', '9d'),
      distinct: fc.boolean(),
    }),
    { maxKeys: 4 },
  ),
  gates: fc.array(
    fc.record({
      class: oneOf(...RiskClass.options),
      paths: fc.uniqueArray(oneOf(...PATTERNS), { minLength: 1, maxLength: 3 }),
      except: fc.uniqueArray(oneOf(...PATTERNS), { maxLength: 1 }),
      operations: fc.uniqueArray(oneOf('add', 'modify', 'delete'), { minLength: 1 }),
      approvals: fc.array(asked, { maxLength: 2 }),
      validators: fc.uniqueArray(oneOf('unit', 'e2e')),
    }),
    { maxLength: 4 },
  ),
  unmatched: oneOf(...RiskClass.options).map((risk) => ({ class: risk })),
  limits: oneOf({}, { max_files: 1 }, { max_files: 2, absolute: { max_files: 3 } }),
  layer: oneOf('org', 'repo'),
});
type Sections = typeof sections extends fc.Arbitrary<infer T> ? T : never;
export const SECTIONS = ['enforcement', 'classes', 'gates', 'unmatched', 'limits'] as const;

export function layerOf({ gates, layer: whose, ...rest }: Sections): LoadedPolicy {
  const all = { ...rest, gates: gates.map((rule, index) => ({ id: `g${index}`, ...rule })) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  // A change that nothing proves is denied until a layer says what would; so each layer says it.
  const people = `${whose === 'org' ? PEOPLE : ''}${CHECKS}`;
  return load(minimal(people + lines.join('\n'), whose), `${whose}.yaml`);
}

export const layer: fc.Arbitrary<LoadedPolicy> = sections.map(layerOf);
