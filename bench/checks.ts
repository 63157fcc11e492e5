/**
 * What a check costs beyond the command that it runs, each beside the same command in one bare container
 * of the same image, in turn:
 *
 *   npm run bench:checks              n = 10
 *   npm run bench:checks -- --quick   n = 3
 *
 * A bare container and not the host itself, for a machine need not have the browser. Needs the engine
 * and the images. What it makes, it removes.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeShop, SHOP } from '../orchestrator/commands/demo-shop.ts';
import {
  chooseModel,
  type Factory,
  openFactory,
  openModel,
  runtimeFolder,
  unmountAll,
} from '../orchestrator/compose.ts';
import type { Check } from '../orchestrator/domain/check.ts';
import type { Sha } from '../orchestrator/domain/ids.ts';
import type { Place } from '../orchestrator/ports.ts';
import { CHROMIUM } from '../validators/chromium.ts';
import { bareCommand } from './bare.ts';
import { inTurn, table, tails, timed } from './measure.ts';
import { placeOf, worked } from './sandboxes.ts';

const never = new AbortController().signal;
const GIB = 2 ** 30;
const MINUTES_MS = 60_000;
const BARE_COMMAND = 'a command with a report, bare container';
const BARE_SPECS = 'specs of the shop, app and browser in a bare container';
/** Writes the report that a runner would, and does nothing else. */
const REPORT = `echo '<testsuite><testcase name="a"/></testsuite>' > /out/junit.xml`;

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const n = values.quick ? 3 : 10;
const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-'));
const factory = await open(path.join(scratch, 'home'));
try {
  const shop = path.join(scratch, 'shop');
  await makeShop(shop);
  const { place, tree } = await sealedIn(shop);
  const bare = path.join(scratch, 'bare');
  await cp(shop, bare, { recursive: true });
  const quick = await inTurn(n, [
    { what: BARE_COMMAND, against: null, go: () => bareReport(bare) },
    {
      what: 'the same as a check',
      against: { floor: BARE_COMMAND, bound: '' },
      go: () => commandCheck(place, tree),
    },
  ]);
  const browser = await inTurn(n, [
    { what: BARE_SPECS, against: null, go: () => bareSpecs(bare) },
    {
      what: 'the same specs as a check',
      against: { floor: BARE_SPECS, bound: '<= 1.3 x' },
      go: () => browserCheck(place, tree, []),
    },
    {
      what: 'and two pages, looked at before and after',
      against: { floor: BARE_SPECS, bound: '' },
      go: () => browserCheck(place, tree, ['/', '/cart']),
    },
  ]);
  await factory.tools.workspaces.discard(place.run);
  for (const rows of [quick, browser]) process.stdout.write(`${table(rows)}\n\n${tails(rows)}\n\n`);
} finally {
  await factory.engine.removeAll('instance');
  await unmountAll(factory.home);
  factory.close();
  await rm(runtimeFolder(factory.home), { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
}

async function open(home: string): Promise<Factory> {
  const model = await openModel(chooseModel({}, path.join(SHOP, 'models')));
  const clock = (): Date => new Date();
  return openFactory({ home, model, secrets: [], above: [], runtime: null, clock });
}

/** A change as an agent leaves it. */
async function sealedIn(repository: string): Promise<{ place: Place; tree: Sha }> {
  const base = await factory.forge.tip(repository, 'main');
  if (base === null) throw new Error('the shop has no main');
  await factory.tools.source.update(repository, factory.forge.remote(repository));
  const place = placeOf(repository, base);
  await worked(factory, place, ['sh', '-c', 'echo >> README.md'], async () => {});
  const sealed = await factory.tools.workspaces.seal(place, null, never);
  if ('refused' in sealed) throw new Error('the change was refused');
  return { place, tree: sealed.tree };
}

function commandCheck(place: Place, tree: Sha): Promise<number> {
  const command = {
    ...{ part: 'check-bench', role: 'validator' as const, image: 'base', env: {}, files: {} },
    ...{ argv: ['sh', '-c', REPORT], memoryBytes: GIB, wallMs: MINUTES_MS, joins: null },
  };
  return timed(async () => {
    const { end } = await factory.tools.workspaces.check(place, tree, null, command, never);
    if (end.exitCode !== 0) throw new Error(`the command ended with ${end.exitCode}`);
  });
}

async function bareReport(folder: string): Promise<number> {
  return bareCommand({ image: await factory.tools.image('base'), folder, script: REPORT });
}

function browserCheck(place: Place, tree: Sha, paths: readonly string[]): Promise<number> {
  return timed(async () => {
    const definition = {
      ...{ kind: 'playwright' as const, tests: 'e2e/', visualFailAbove: null, minTests: 3 },
      app: { run: ['node', 'src/server.ts'], port: 3000 },
      pages: paths.map((where, at) => ({ name: `page-${at}`, path: where })),
      ...{
        timeoutMs: 10 * MINUTES_MS,
        memoryBytes: GIB,
        requiredFor: [],
        testsFrom: 'head' as const,
      },
    };
    const asked = { place, tree, plan: null, id: 'bench', services: [], definition };
    passed(await factory.tools.validators.playwright(asked, never));
  });
}

function passed({ verdict, findings }: Check): void {
  if (verdict !== 'passed') throw new Error(`the check ${verdict}: ${JSON.stringify(findings)}`);
}

/** The settings that the check has: pictures and a trace of every test. */
async function bareSpecs(folder: string): Promise<number> {
  const config = {
    ...{ testDir: '/workspace/e2e', outputDir: '/out/specs', workers: 1 },
    reporter: [['junit', { outputFile: '/out/junit.xml' }]],
    use: {
      ...{ baseURL: 'http://127.0.0.1:3000', screenshot: 'on', trace: 'on' },
      launchOptions: CHROMIUM,
    },
  };
  const text = Buffer.from(`export default ${JSON.stringify(config)};`).toString('base64');
  const script = `echo ${text} | base64 -d > /tmp/playwright.config.mjs; node src/server.ts & app=$!
    until curl -s -o /dev/null http://127.0.0.1:3000/; do sleep 0.05; done
    node /node_modules/@playwright/test/cli.js test --config /tmp/playwright.config.mjs; end=$?; kill $app; exit $end`;
  return bareCommand({ image: await factory.tools.image('browser'), folder, script });
}
