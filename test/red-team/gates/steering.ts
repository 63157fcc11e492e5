/** GATE-06: behaviour of guarded code is changed, and no guarded path is touched. */
import { allows, manifest, type Row, without, writes } from './attack.ts';

const NODE = { weak: 'without the pack node', passes: allows(without('node')) };

export const STEERING: readonly Row[] = [
  {
    ...{ id: 'GATE-06', attack: 'an import led elsewhere by imports of package.json', ...NODE },
    does: writes({ 'package.json': manifest({ imports: { '#auth': './src/cart.ts' } }) }),
    ours: 'node.resolution',
  },
  {
    ...{ id: 'GATE-06', attack: 'another package in the place of a dependency, by overrides' },
    does: writes({ 'package.json': manifest({ overrides: { left: 'npm:evil@1.0.0' } }) }),
    ...{ ...NODE, ours: 'node.dependency-added' },
  },
  {
    ...{ id: 'GATE-06', attack: 'code that a script loads before the program', ...NODE },
    does: writes({
      'package.json': manifest({
        scripts: { start: 'node --import ./lib/first.ts src/server.ts', test: 'vitest run' },
      }),
      'lib/first.ts': 'export {};\n',
    }),
    ours: 'node.resolution',
  },
  {
    ...{ id: 'GATE-06', attack: 'a package.json of its own for a folder of sources', ...NODE },
    does: writes({ 'src/package.json': '{}\n' }),
    ours: 'node.resolution',
  },
  {
    ...{ id: 'GATE-06', attack: 'an import led elsewhere by paths of tsconfig.json', ...NODE },
    does: writes({
      'tsconfig.json': '{"compilerOptions":{"paths":{"#auth":["./src/cart.ts"]}}}\n',
    }),
    ours: 'node.compiler',
  },
  {
    ...{ id: 'GATE-06', attack: 'an alias that stands in for guarded code in tests', ...NODE },
    does: writes({ 'vitest.workspace.ts': "export default [{ alias: { '#auth': 'x' } }];\n" }),
    ours: 'node.test-setup',
  },
  {
    ...{ id: 'GATE-06', attack: 'other code registered under a guarded name', ...NODE },
    does: writes({ 'src/container.ts': "export { cart as login } from './cart.ts';\n" }),
    ours: 'node.wiring',
  },
  {
    ...{ id: 'GATE-06', attack: 'an edit of an installed package as a patch', ...NODE },
    does: writes({ 'patches/left+1.0.0.patch': '--- a/index.js\n+++ b/index.js\n' }),
    ours: 'node.patches',
  },
  {
    ...{ id: 'GATE-06', attack: 'settings by an environment file', ours: 'core.environment' },
    does: writes({ '.env': 'AUTH=off\n' }),
    ...{ weak: 'without the pack core', passes: allows(without('core')) },
  },
];
