import { describe, expect, test } from 'vitest';
import { canonical, sha256 } from '../../../orchestrator/domain/canonical.ts';
import { Fault, type FaultCode } from '../../../orchestrator/domain/faults.ts';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import type { Source } from '../../../orchestrator/ports/source.ts';
import type { SandboxEnd, Workspaces } from '../../../orchestrator/ports.ts';
import { prepare } from '../../../orchestrator/stages/prepare.ts';
import { policyDigest } from '../../../policies/decide.ts';
import { emptyMemory, openMemoryStore } from '../../contracts/memory-store.ts';
import { load, minimal } from '../../policies/sample.ts';
import { AT, CHANGE, QUOTA, RUN, STATES, sha, TASK } from '../fixtures.ts';
import { MACHINE } from '../machine.ts';
import {
  BASE,
  doorsWith,
  FORGE,
  type Given,
  layers,
  POLICY,
  POLICY_PATH,
  repository,
  SIGNAL,
  sourceOf,
  toolsWith,
  WORKSPACE_PATH,
} from './tools.ts';

const RUNNING = STATES.preparing;

function withFiles(files: Record<string, string>): Given {
  const updated: unknown[] = [];
  const update: Source['update'] = async (...given) => {
    updated.push(given);
  };
  return { source: sourceOf(repository({ files: { [BASE]: files } }), { update }) };
}

/** Workspaces that open one and say with what. */
function opening(over: Partial<Workspaces> = {}) {
  const opened: unknown[] = [];
  const workspaces: Partial<Workspaces> = {
    open: async (place, previous, plan) => {
      opened.push({ place, previous, key: plan?.key ?? null });
      return QUOTA;
    },
    ...over,
  };
  return { workspaces, opened };
}

const workspaceFile = (more: string): string =>
  `apiVersion: proofhouse/v1\nkind: Workspace\n${more}`;
const INSTALLS = workspaceFile('dependencies: { run: [[npm, ci]], keyed_by: [package-lock.json] }');

describe('a workspace that is ready', () => {
  test('fixes the base, the policy, the agent, the image, the model and the attempts', async () => {
    const { workspaces, opened } = opening();
    const tools = await toolsWith({ ...withFiles({ [POLICY_PATH]: POLICY }), workspaces });
    expect(await prepare(tools, RUNNING, TASK, SIGNAL)).toEqual({
      type: 'workspace_ready',
      prepared: {
        base: BASE,
        policy: policyDigest(layers()),
        rules: null,
        agent: 'codex 1.2.3',
        image: 'sha256:codex',
        model: 'scripted (models)',
        machine: sha256(canonical(MACHINE)),
        ignored: [],
        attemptsMax: 3,
        quota: QUOTA,
      },
    });
    const place = { run: RUN, attempt: 1, repository: TASK.repository, base: BASE };
    expect(opened).toEqual([{ place, previous: null, key: null }]);
  });

  test('of a later attempt starts from the change before, at the same base, and not at the tip', async () => {
    const { workspaces, opened } = opening();
    const forge = { ...FORGE, tip: async () => sha('9') };
    const tools = await toolsWith({ ...withFiles({ [POLICY_PATH]: POLICY }), workspaces, forge });
    await prepare(tools, { ...RUNNING, attempt: 2, previous: CHANGE }, TASK, SIGNAL);
    expect(opened).toMatchObject([{ place: { base: CHANGE.base }, previous: CHANGE.tree }]);
  });

  test('has the digest of the rule files that exist at the base', async () => {
    const files = { [POLICY_PATH]: POLICY, 'AGENTS.md': 'Be brief.\n\n' };
    const tools = await toolsWith({ ...withFiles(files), ...opening() });
    expect(await prepare(tools, RUNNING, TASK, SIGNAL)).toMatchObject({
      prepared: { rules: sha256('<!-- AGENTS.md -->\nBe brief.\n') },
    });
  });

  test('has as many attempts as the tightest layer allows', async () => {
    const strictest = load(minimal('budgets:\n  per_task: { retries: 0 }\n', 'org'));
    const given = { ...withFiles({ [POLICY_PATH]: POLICY }), ...opening() };
    const tools = await toolsWith({ ...given, over: { above: [strictest] } });
    expect(await prepare(tools, RUNNING, TASK, SIGNAL)).toMatchObject({
      prepared: { attemptsMax: 1, policy: policyDigest([strictest, ...layers()]) },
    });
  });
});

describe('nothing is opened, and the run ends for a person to mend it,', () => {
  /** Exit 2 is what makes the runner end the run at once. */
  async function refused(given: Given, code: FaultCode, message: string): Promise<void> {
    const error = await prepare(await toolsWith(given), RUNNING, TASK, SIGNAL).catch((e) => e);
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ code, exit: 2 });
    expect(error.message).toContain(message);
  }

  test('when the base has no policy', async () => {
    await refused(withFiles({}), 'policy_missing', 'there is no .proofhouse/policy.yaml');
  });

  test.each([
    ['an unknown key', `${POLICY}surprise: yes\n`, 'surprise'],
    ['no YAML', 'a: [', `${POLICY_PATH}:`],
    ['nothing', '', POLICY_PATH],
  ])('when its policy holds %s', async (_, policy, message) => {
    await refused(withFiles({ [POLICY_PATH]: policy }), 'policy_invalid', message);
  });

  test('when its workspace file cannot be read whole', async () => {
    const files = { [POLICY_PATH]: POLICY, [WORKSPACE_PATH]: workspaceFile('agents: codex\n') };
    await refused(withFiles(files), 'workspace_invalid', WORKSPACE_PATH);
  });

  test('when the machine lacks what a layer requires: what, where, what is there and what to do', async () => {
    const policy = `${POLICY}require: { lsm: true, cgroups: 2, engine: "99.0" }\n`;
    const given = { ...withFiles({ [POLICY_PATH]: policy }), ...opening() };
    const machine = { facts: async () => MACHINE };
    await refused({ ...given, over: { machine } }, 'requirement_unmet', 'engine 99.0 or newer');
    await refused(
      { ...given, over: { machine } },
      'requirement_unmet',
      `${POLICY_PATH}:17:43: requires engine 99.0 or newer; found: ${MACHINE.engine.version}. Install a newer Docker engine.`,
    );
    const above = [load(minimal('require: { user_namespace: true }\n', 'org'), 'org.yaml')];
    const bare = { ...MACHINE, engine: { ...MACHINE.engine, security: [] } };
    const asked = { machine: { facts: async () => bare }, above };
    const silent = { ...withFiles({ [POLICY_PATH]: POLICY }), ...opening(), over: asked };
    await refused(silent, 'requirement_unmet', 'org.yaml');
  });

  test('when its rule files would displace the task', async () => {
    const files = { [POLICY_PATH]: POLICY, 'AGENTS.md': 'x'.repeat(32_769) };
    await refused(withFiles(files), 'workspace_invalid', '32768 bytes');
  });

  test('when money is limited and the model has no price', async () => {
    const model = { id: 'm', model: 'm', shown: 'some-model', isPriced: false };
    const given = { ...withFiles({ [POLICY_PATH]: POLICY }), over: { model } };
    await refused(given, 'model_unpriced', 'some-model has no price');
  });

  test('when the branch is gone', async () => {
    const forge = { ...FORGE, tip: async () => null, branches: async () => [] };
    await refused({ forge }, 'base_not_found', 'has no branch "main"; it has none');
  });
});

test('a model without a price will do where no layer limits money', async () => {
  const model = { id: 'm', model: 'm', shown: 'm', isPriced: false };
  const given = { ...withFiles({ [POLICY_PATH]: minimal() }), ...opening(), over: { model } };
  const event = await prepare(await toolsWith(given), RUNNING, TASK, SIGNAL);
  expect(event.type).toBe('workspace_ready');
});

const LOCK = '{"lockfileVersion":3,"packages":{}}';

describe('dependencies', () => {
  const files = { [POLICY_PATH]: POLICY, [WORKSPACE_PATH]: INSTALLS, 'package-lock.json': LOCK };
  const ended = (exitCode: number): SandboxEnd => ({ ended: 'exited', exitCode, wallMs: 5 });

  function building(end: SandboxEnd | Error) {
    const { doors, opened, open } = doorsWith();
    const { workspaces, opened: keys } = opening({
      hasDependencies: async () => false,
      socketPath: async (_, part) => `/sockets/${part}`,
      buildDependencies: async (_place, _plan, onLine) => {
        expect(open()).toBe(1);
        for (let index = 0; index < 25; index += 1) {
          await onLine({ index, stream: 'out', text: `line ${index} hunter2` });
        }
        if (end instanceof Error) throw end;
        return end;
      },
    });
    return { given: { ...withFiles(files), workspaces, over: { doors } }, opened, open, keys };
  }

  test('that are there already are not made again', async () => {
    const { workspaces, opened } = opening({ hasDependencies: async () => true });
    const tools = await toolsWith({ ...withFiles(files), workspaces });
    await prepare(tools, RUNNING, TASK, SIGNAL);
    expect(opened).toMatchObject([{ key: expect.stringMatching(/^sha256:/) }]);
  });

  test('have another key when a manifest, a command, the image or what may be reached is another', async () => {
    const keyOf = async (more: Record<string, string>, image = 'i'): Promise<unknown> => {
      const { workspaces, opened } = opening({ hasDependencies: async () => true });
      const given = { ...withFiles({ ...files, ...more }), workspaces };
      await prepare(
        await toolsWith({ ...given, over: { image: async () => image } }),
        RUNNING,
        TASK,
        SIGNAL,
      );
      return JSON.stringify(opened);
    };
    const keys = [
      await keyOf({}),
      await keyOf({ 'package-lock.json': `${LOCK} ` }),
      await keyOf({ [WORKSPACE_PATH]: INSTALLS.replace('npm, ci', 'npm, i') }),
      await keyOf({}, 'another'),
      await keyOf({ [POLICY_PATH]: `${POLICY}network: { phases: { setup: { allow: [] } } }\n` }),
    ];
    expect(new Set(keys).size).toBe(5);
    expect(await keyOf({ 'README.md': 'other' })).toBe(keys[0]);
  });

  test('are made behind a door to the registry only, which is closed after', async () => {
    const { given, opened, open } = building(ended(0));
    const tools = await toolsWith(given);
    await prepare(tools, RUNNING, TASK, SIGNAL);
    expect(opened).toMatchObject([{ to: 'package-registry', socketPath: '/sockets/dependencies' }]);
    expect(open()).toBe(0);
    const lines = await tools.store.activity(RUN);
    expect(lines).toHaveLength(25);
    expect(lines[3]).toMatchObject({ source: 'sandbox', kind: 'dependencies', text: 'line 3 ***' });
  });

  test('are of what the lockfile names, and of nothing else', async () => {
    const integrity = `sha512-${'A'.repeat(86)}==`;
    const packages = { 'node_modules/zod': { version: '1.0.0', integrity } };
    const lock = JSON.stringify({ lockfileVersion: 3, packages });
    const { given, opened } = building(ended(0));
    const source = withFiles({ ...files, 'package-lock.json': lock });
    await prepare(await toolsWith({ ...given, ...source }), RUNNING, TASK, SIGNAL);
    const tarballs = [{ package: 'zod', file: 'zod-1.0.0.tgz', integrity }];
    expect(opened).toMatchObject([{ packages: { names: ['zod'], tarballs } }]);
  });

  test('are not begun with when a lockfile names what cannot be checked', async () => {
    const packages = {
      'node_modules/zod': { version: '1.0.0', resolved: 'git+ssh://git@a.example/b' },
    };
    const lock = JSON.stringify({ lockfileVersion: 3, packages });
    const { given, opened } = building(ended(0));
    const source = withFiles({ ...files, 'package-lock.json': lock });
    const refused = prepare(await toolsWith({ ...given, ...source }), RUNNING, TASK, SIGNAL);
    await expect(refused).rejects.toMatchObject({
      code: 'lockfile_refused',
      message: 'package-lock.json:1: "node_modules/zod" has no hash',
    });
    expect(opened).toEqual([]);
  });

  test('have a door that leads nowhere when the policy gives them none', async () => {
    const closed = `${POLICY}network:\n  default: deny\n  phases:\n    setup: { allow: [] }\n`;
    const { given, opened } = building(ended(0));
    const source = withFiles({ ...files, [POLICY_PATH]: closed });
    await prepare(await toolsWith({ ...given, ...source }), RUNNING, TASK, SIGNAL);
    expect(opened).toMatchObject([{ to: 'nothing' }]);
  });

  test.each([
    ['failed', ended(1), 'exited with 1'],
    ['took too long', { ...ended(0), ended: 'timed_out', exitCode: null } as const, 'timed_out'],
    ['were killed for memory', { ...ended(0), ended: 'oom' } as const, 'oom'],
  ])(
    'that %s open no workspace, and say their last lines without secrets',
    async (_, end, says) => {
      const { given, open, keys } = building(end);
      const error = await prepare(await toolsWith(given), RUNNING, TASK, SIGNAL).catch((e) => e);
      expect(error).toMatchObject({ code: 'dependencies_failed' });
      expect(error.message).toContain(says);
      expect(error.message).toContain('line 24 ***');
      expect(error.message).not.toContain('line 4 ');
      expect([open(), keys]).toEqual([0, []]);
    },
  );

  test('close their door when the engine breaks under them', async () => {
    const { given, open } = building(new Fault('engine_failed', 'gone'));
    const broken = prepare(await toolsWith(given), RUNNING, TASK, SIGNAL);
    await expect(broken).rejects.toMatchObject({ code: 'engine_failed' });
    expect(open()).toBe(0);
  });
});

describe('tasks of a day', () => {
  const LIMITED = `${POLICY.replace(/budgets:[\s\S]*$/, '')}budgets: { per_repo_day: { tasks: 2 } }\n`;

  async function nth(place: number, policy: string) {
    const { workspaces, opened } = opening();
    let ticks = 0;
    // One second after the other, so that there is an order.
    const store = openMemoryStore(emptyMemory(), () => new Date(Date.parse(AT) + 1_000 * ticks++));
    await store.addTask(TASK);
    const files = withFiles({ [POLICY_PATH]: policy });
    const tools = await toolsWith({ ...files, workspaces, over: { store } });
    for (let number = 1; number < place; number++) {
      const id = RunId.parse(`r000010${number}`);
      await tools.store.addTask({ ...TASK, id });
      await tools.store.append(id, 0, { type: 'claimed' }, null);
    }
    await tools.store.append(TASK.id, 0, { type: 'claimed' }, null);
    return { event: await prepare(tools, RUNNING, TASK, SIGNAL), opened };
  }

  test('beyond what the policy allows are not begun with, and no workspace is opened', async () => {
    const { event, opened } = await nth(3, LIMITED);
    expect(event).toEqual({
      type: 'limit_reached',
      limit: 'tasks',
      message: expect.stringMatching(/^tasks: this would be number 3 of .*, the budget is 2$/),
    });
    expect(opened).toEqual([]);
  });

  test('within it are, and without a limit any number is', async () => {
    expect((await nth(2, LIMITED)).event.type).toBe('workspace_ready');
    expect((await nth(9, minimal())).event.type).toBe('workspace_ready');
  });
});

describe('models that a policy names', () => {
  const routed = (text: string) =>
    minimal(`models: { ${text} }\nbudgets: { per_task: { usd: 2 } }`);
  const fact = (id: string, isPriced: boolean) => ({ id, shown: id, isPriced });
  const prepared = async (policy: string, models: ReturnType<typeof fact>[]) => {
    const given = { ...withFiles({ [POLICY_PATH]: policy }), ...opening(), over: { models } };
    const event = await prepare(await toolsWith(given), RUNNING, TASK, SIGNAL).catch((e) => e);
    return event.code ?? event.type;
  };

  test('must be here, at least one of them', async () => {
    const policy = routed('routes: [{ stage: code, use: [a, b] }]');
    expect(await prepared(policy, [fact('b', true)])).toBe('workspace_ready');
    expect(await prepared(policy, [fact('c', true)])).toBe('model_not_allowed');
  });

  test('must each have a price where money is limited, unless the policy says that it is free', async () => {
    const route = 'routes: [{ stage: code, use: [a, b] }]';
    const models = [fact('a', true), fact('b', false)];
    expect(await prepared(routed(route), models)).toBe('model_unpriced');
    expect(await prepared(routed(`${route}, free: [b]`), models)).toBe('workspace_ready');
    expect(await prepared(minimal(`models: { ${route} }`), models)).toBe('workspace_ready');
  });
});
