/** A factory and a repository for chaos: no test around them, so that a script may run it for an hour. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  chooseModel,
  type Factory,
  openFactory,
  openModel,
  runtimeFolder,
} from '../../orchestrator/compose.ts';
import { mountedRuns } from '../../sandboxes/quota.ts';

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const POLICY = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: tiny, layer: standalone, owner: platform }
groups: { platform: { members: ["local:rita"] } }
gates: []
validators:
  unit:
    run: [sh, -c, "test -e added.txt && cp unit.xml /out/"]
    reports: { junit: "unit.xml" }
    timeout: 1m
    memory: 512MiB
    required_for: ["**"]
network: { default: deny, phases: { setup: { allow: [] }, agent: { allow: [] }, validate: { allow: [] } } }
budgets: { per_task: { wall: 5m, retries: 1 } }
`;
const FILES = {
  '.proofhouse/policy.yaml': POLICY,
  '.proofhouse/workspace.yaml':
    'apiVersion: proofhouse/v1\nkind: Workspace\nagent: { kind: command, run: [sh, fix.sh] }\n',
  'fix.sh': 'echo working; sleep 1; date > added.txt\n',
  'unit.xml':
    '<testsuites tests="1"><testsuite name="unit" tests="1"><testcase name="adds"/></testsuite></testsuites>\n',
};

export type House = {
  readonly factory: Factory;
  readonly repository: string;
  close(): Promise<void>;
};

export async function openHouse(): Promise<House> {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-test-chaos-'));
  const model = await openModel(chooseModel({}, path.join(CHECKOUT, 'examples/shop/models')));
  const home = path.join(folder, 'home');
  const factory = openFactory({
    ...{ home, model, secrets: [], above: [], runtime: null },
    clock: () => new Date(),
  });
  return {
    factory,
    repository: repositoryIn(path.join(folder, 'tiny')),
    close: async () => {
      await factory.engine.removeAll('instance');
      factory.close();
      rmSync(runtimeFolder(factory.home), { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function repositoryIn(folder: string): string {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const identity = ['-c', 'user.name=Chaos', '-c', 'user.email=chaos@localhost.invalid'];
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, ...identity, ...args], { stdio: 'ignore' });
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'First');
  return folder;
}

/** Everything of this data directory that outlived its run: on the engine, mounted, in sockets and workspaces. */
export async function orphans({ engine, home }: Factory): Promise<string[]> {
  const { sandboxes, volumes } = await engine.mine();
  const runs = path.join(home, 'runs');
  const below = (folder: string): string[] =>
    readdirSync(folder).map((name) => path.join(folder, name));
  const parts = below(runs).flatMap(below).flatMap(below);
  return [
    ...[...sandboxes, ...volumes].map(({ name }) => name),
    ...(await mountedRuns(runs)),
    ...readdirSync(runtimeFolder(home)),
    ...parts.filter((part) => path.basename(part) !== 'change.git'),
  ];
}
