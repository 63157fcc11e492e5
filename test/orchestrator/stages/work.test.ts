import { describe, expect, test } from 'vitest';
import { Fault } from '../../../orchestrator/domain/faults.ts';
import type { Line, ModelCall, SandboxEnd, Workspaces } from '../../../orchestrator/ports.ts';
import type { StageTools } from '../../../orchestrator/stages/tools.ts';
import { work } from '../../../orchestrator/stages/work.ts';
import { AT, RUN, STATES, TASK } from '../fixtures.ts';
import {
  AGENT,
  BASE,
  doorsWith,
  POLICY,
  POLICY_PATH,
  repository,
  SIGNAL,
  sourceOf,
  toolsWith,
} from './tools.ts';

const EXITED: SandboxEnd = { ended: 'exited', exitCode: 0, wallMs: 10 };
const NO_BUDGET = { microUsd: null, tokens: null, turns: null };

const TESTED = 'proofhouse-self-test {"denied":"403","direct":"ENETUNREACH","allowed":null}';

type Agent = {
  /** What the sandbox found before the agent started; null when it said nothing. */
  readonly tested?: string | null;
  readonly end?: SandboxEnd | Error;
  readonly lines?: readonly string[];
  /** What goes on at the gateway meanwhile. */
  readonly meanwhile?: (store: StageTools['store']) => Promise<void>;
  /** What a controller before stored. */
  readonly earlier?: (store: StageTools['store']) => Promise<void>;
  readonly policy?: string;
  readonly full?: string | null;
  readonly over?: Partial<StageTools>;
};

async function worked(given: Agent) {
  const {
    end = EXITED,
    full = null,
    lines = [],
    meanwhile,
    over = {},
    policy = POLICY,
    tested = TESTED,
  } = given;
  const { doors, opened, open } = doorsWith();
  const commands: unknown[] = [];
  const workspaces: Partial<Workspaces> = {
    socketPath: async (place, part) => `/sockets/${place.attempt}-${part}`,
    runAgent: async (place, command, onLine) => {
      expect(open()).toBe(1);
      commands.push({ place, ...command });
      for (const [index, text] of (tested === null ? lines : [tested, ...lines]).entries()) {
        await onLine({ index, stream: 'out', text } satisfies Line);
      }
      await meanwhile?.(tools.store);
      if (end instanceof Error) throw end;
      return { full, ...end };
    },
  };
  const source = sourceOf(repository({ files: { [BASE]: { [POLICY_PATH]: policy } } }));
  const tools: StageTools = await toolsWith({ workspaces, source, over: { doors, ...over } });
  await given.earlier?.(tools.store);
  const again = (breaks = STATES.working.breaks) =>
    work(tools, { ...STATES.working, breaks }, TASK, SIGNAL);
  const event = await again().catch((error: unknown) => error);
  return { event, tools, opened, open, commands, again };
}

const call = (id: string, over: Partial<ModelCall>): ModelCall => ({
  id,
  run: RUN,
  attempt: 1,
  at: AT,
  role: 'edit',
  model: 'm-1',
  vendor: 'acme',
  state: 'failed',
  usage: { inputTokens: 1, outputTokens: 1 },
  microUsd: 0,
  wallMs: 1,
  failure: 'model_unavailable',
  ...over,
});

const made =
  (...calls: readonly ModelCall[]) =>
  async (store: StageTools['store']): Promise<void> => {
    for (const each of calls) {
      await store.ledger.reserve({ ...each, state: 'reserved' }, NO_BUDGET);
      await store.ledger.settle(each);
    }
  };

describe('a sandbox whose network is not the one of the policy', () => {
  const found = (over: object): string =>
    `proofhouse-self-test ${JSON.stringify({ denied: '403', direct: 'ENETUNREACH', allowed: null, ...over })}`;
  const HOSTS = `${POLICY}network: { phases: { agent: { allow: [{ via: model-gateway }, { host: a.example.com, methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS] }] } } }\n`;

  test.each([
    ['said nothing', null],
    ['says something else', 'said|all is well'],
    ['says what nobody can read', 'proofhouse-self-test {'],
    ['reaches past the gateway', found({ direct: 'connected' })],
    ['waits for an answer from past the gateway', found({ direct: 'timeout' })],
    ['is let through to a host that nobody allows', found({ denied: '200' })],
    ['has no gateway', found({ denied: 'no answer' })],
  ])('%s: what came of it is not looked at', async (_, tested) => {
    const { event, open } = await worked({ tested, lines: ['said|done'] });
    expect(event).toMatchObject({
      type: 'machinery_broke',
      code: 'self_test_failed',
      final: false,
    });
    expect(open()).toBe(0);
  });

  test('is refused a host that the policy allows', async () => {
    const refused = await worked({ policy: HOSTS, tested: found({ allowed: '403' }) });
    expect(refused.event).toMatchObject({ code: 'self_test_failed' });
    for (const allowed of ['200', '502']) {
      const { event } = await worked({ policy: HOSTS, tested: found({ allowed }) });
      expect(event).toMatchObject({ type: 'agent_finished' });
    }
  });

  test('is told what to try, and the door which hosts the policy opens', async () => {
    const { commands, opened } = await worked({ policy: HOSTS, tested: found({ allowed: '200' }) });
    const [command] = commands as [{ env: Record<string, string> }];
    expect(JSON.parse(command.env['PROOFHOUSE_SELF_TEST'] ?? '')).toEqual({
      denied: 'proofhouse-self-test.invalid:443',
      direct: { host: '203.0.113.1', port: 443 },
      allowed: 'a.example.com:443',
    });
    const reaches = (host: string, port: number) => opened[0]?.reaches(host, port);
    expect([
      reaches('a.example.com', 443),
      reaches('a.example.com', 22),
      reaches('b.example.com', 443),
    ]).toEqual([true, false, false]);
  });

  test('is judged by what was journaled of it, whatever line a log begins with that ran over', async () => {
    // The sandbox is followed again, and its first line by now is one that the agent chose.
    const kept = { run: RUN, attempt: 1, source: 'sandbox', kind: 'self-test', at: AT } as const;
    const stored = (text: string) => async (store: StageTools['store']) =>
      store.note({ ...kept, index: 99_999_999, text });
    const good = await worked({ tested: 'said|anything', earlier: stored(TESTED) });
    expect(good.event).toMatchObject({ type: 'agent_finished' });
    const bad = await worked({ tested: TESTED, earlier: stored(found({ direct: 'connected' })) });
    expect(bad.event).toMatchObject({ code: 'self_test_failed' });
  });

  test('an agent that prints a right line later mends nothing', async () => {
    const { event } = await worked({ tested: null, lines: ['said|x', TESTED] });
    expect(event).toMatchObject({ code: 'self_test_failed' });
  });
});

describe('an agent', () => {
  test('is started once, with the task, behind one door to the model and the whole budget', async () => {
    const { event, commands, opened, open } = await worked({});
    expect(event).toMatchObject({
      type: 'agent_finished',
      ending: { ended: 'exited', exitCode: 0 },
    });
    expect(commands).toMatchObject([
      {
        argv: ['codex', expect.stringContaining('It is a cent off.')],
        env: { MODEL: 'm-1', TOKEN: `proofhouse-${RUN}-${'1'.repeat(48)}` },
        // As the journal names it, whatever a tag leads to by now.
        image: STATES.working.prepared.image,
        wallMs: 20 * 60_000,
        place: { run: RUN, attempt: 1, base: BASE },
      },
    ]);
    expect(opened).toMatchObject([
      {
        to: 'model',
        socketPath: '/sockets/1-agent',
        budget: { microUsd: 2_000_000, tokens: 2_000_000, turns: 60 },
      },
    ]);
    expect(open()).toBe(0);
  });

  test.each([
    ['its variable TOKEN', { env: { TOKEN: 'AKIA' }, argv: ['x'] }],
    ['its command line', { env: {}, argv: ['x', 'AKIA'] }],
  ])('is not started, and no door opens, where %s would hold a key', async (where, given) => {
    const over = { agentFor: () => ({ ...AGENT, launch: () => ({ ...given, files: {} }) }) };
    const { event, commands, opened } = await worked({ over });
    expect(event).toEqual({
      type: 'machinery_broke',
      code: 'secret_refused',
      message: `the agent was not started: ${where} would hold what looks like a key`,
      final: true,
    });
    expect([commands, opened]).toEqual([[], []]);
  });

  test('has a door that knows what its calls count for, who answers what, and when it is to end', async () => {
    const policy = `${POLICY.replace('retries: 2', 'retries: 2, refusals: 7, wrap_up: 50')}
  per_repo_day: { usd: 9 }
  windows: [{ of: team, name: security, per: month, turns: 5 }, { of: role, name: review, per: task, usd: 1 }]
models: { routes: [{ stage: code, use: [m-1] }, { stage: review, use: [m-2], differ_from: code.vendor }] }
`;
    const { opened } = await worked({ policy });
    const none = { microUsd: null, tokens: null, calls: null };
    const repository = `repository:${TASK.repository}`;
    expect(opened[0]).toMatchObject({
      budget: {
        accounts: ['organisation', repository, 'requester:local:dana', 'team:security'],
        windows: [
          { ...none, account: repository, per: 'day', microUsd: 9_000_000 },
          { ...none, account: 'team:security', per: 'month', calls: 5 },
        ],
        roles: { review: { ...none, microUsd: 1_000_000 } },
        apart: [['review', 'edit']],
      },
      models: {
        routes: { edit: ['m-1'], review: ['m-2'], plan: null },
        refusals: 7,
        wrapUpAtMs: Date.parse(AT) + 10 * 60_000,
      },
    });
  });

  describe('that tells how it ended', () => {
    const TELLS = { agentFor: () => ({ ...AGENT, tellsItsEnd: true }) };

    test('and never came to ask a model is broken machinery, with what it printed last', async () => {
      const lines = ['command|ls', 'Invalid auth method selected, hunter2.'];
      const { event } = await worked({ over: TELLS, lines, end: { ...EXITED, exitCode: 0 } });
      expect(event).toEqual({
        type: 'machinery_broke',
        code: 'agent_failed',
        message: 'codex 1.2.3 ended before it asked a model: Invalid auth method selected, ***.',
        final: false,
      });
    });

    test.each([
      ['completed', 'completed|all', 1],
      ['failed', 'failed|too long', 0],
      ['cut_short', 'said|I begin', 0],
    ])('has %s by its own word, whatever its exit code', async (verdict, line, exitCode) => {
      const { event } = await worked({
        over: TELLS,
        lines: [line],
        end: { ...EXITED, exitCode },
        meanwhile: made(call('c1', { state: 'settled', failure: null })),
      });
      expect(event).toMatchObject({ type: 'agent_finished', ending: { verdict, exitCode } });
    });
  });

  test('has a door that leads nowhere when the policy gives it none', async () => {
    const policy = `${POLICY}network:\n  default: deny\n  phases:\n    agent: { allow: [] }\n`;
    expect((await worked({ policy })).opened).toMatchObject([{ to: 'nothing' }]);
  });

  test.each([1, 137, null])('is not believed when it ends with %j', async (exitCode) => {
    const { event } = await worked({ end: { ...EXITED, exitCode } });
    expect(event).toMatchObject({ type: 'agent_finished', ending: { exitCode } });
  });

  test('that was killed for memory has finished; its tree is looked at all the same', async () => {
    const { event } = await worked({ end: { ended: 'oom', exitCode: 137, wallMs: 1 } });
    expect(event).toMatchObject({ type: 'agent_finished', ending: { ended: 'oom' } });
  });

  test('has its last words kept, redacted and within bounds, and noise left out', async () => {
    const lines = ['said|first', 'noise', 'command|cat secret', `said|hunter2 ${'x'.repeat(3000)}`];
    const { event, tools } = await worked({ lines });
    const said = `*** ${'x'.repeat(1996)}`;
    expect(event).toMatchObject({ ending: { said } });
    const noted = await tools.store.activity(RUN);
    expect(noted.map(({ source, index, kind }) => [source, index, kind])).toEqual([
      ['sandbox', 99_999_999, 'self-test'],
      ['agent', 1, 'said'],
      ['agent', 3, 'command'],
      ['agent', 4, 'said'],
    ]);
    expect(JSON.stringify(noted)).not.toContain('hunter2');
  });

  test('that is followed a second time after a crash has each line stored once', async () => {
    const { tools, again } = await worked({ lines: ['said|one', 'said|two'] });
    expect(await again()).toMatchObject({ ending: { said: 'two' } });
    expect(await tools.store.activity(RUN)).toHaveLength(3);
  });

  test('that was started again after broken machinery has its lines kept beside the first ones', async () => {
    const { tools, again } = await worked({ lines: ['said|one', 'said|two'] });
    await again(STATES.working.breaks + 1);
    expect(await tools.store.activity(RUN)).toHaveLength(6);
  });
});

describe('a limit', () => {
  test('of time ends the run, in minutes', async () => {
    const { event } = await worked({ end: { ended: 'timed_out', exitCode: null, wallMs: 1 } });
    expect(event).toEqual({
      type: 'limit_reached',
      limit: 'wall',
      message: 'the agent did not end within 20 minutes',
    });
  });

  const refusal = (attempt: number) => (store: StageTools['store']) =>
    store.note({
      ...{ run: RUN, attempt, source: 'gateway', index: 0, at: AT, kind: 'limit' },
      text: 'turns: this call would be number 61, the budget is 60',
    });

  test('of the budget ends the run, however the agent ended', async () => {
    const end = { ended: 'timed_out', exitCode: null, wallMs: 1 } as const;
    const { event } = await worked({ end, meanwhile: refusal(1) });
    expect(event).toEqual({
      type: 'limit_reached',
      limit: 'budget',
      message: 'turns: this call would be number 61, the budget is 60',
    });
  });

  test('that an earlier attempt met is no limit of this one', async () => {
    const { event } = await worked({ meanwhile: refusal(2) });
    expect(event).toMatchObject({ type: 'agent_finished' });
  });

  test('that somebody only pretends to have met is none', async () => {
    const { event } = await worked({ lines: ['said|limit'] });
    expect(event).toMatchObject({ type: 'agent_finished' });
  });
});

describe('broken machinery', () => {
  test('is a sandbox that vanished', async () => {
    const { event } = await worked({ end: { ended: 'lost', exitCode: null, wallMs: 1 } });
    expect(event).toMatchObject({ type: 'machinery_broke', code: 'engine_failed', final: false });
  });

  test('is a model of which every call failed, with the code of the last one', async () => {
    const meanwhile = made(call('1', {}), call('2', { failure: 'model_silent' }));
    const { event } = await worked({ meanwhile });
    expect(event).toEqual({
      type: 'machinery_broke',
      code: 'model_silent',
      message: '2 calls to scripted (models) failed and none was answered',
      final: false,
    });
  });

  test.each(['rm -rf', null])(
    'with the failure %j, which is no code, is an unavailable model',
    async (failure) => {
      const { event } = await worked({ meanwhile: made(call('1', { failure })) });
      expect(event).toMatchObject({ type: 'machinery_broke', code: 'model_unavailable' });
    },
  );

  test('is not what it was when one call was answered', async () => {
    const meanwhile = made(call('1', { state: 'settled', failure: null }), call('2', {}));
    expect((await worked({ meanwhile })).event).toMatchObject({ type: 'agent_finished' });
  });

  test('of an earlier attempt is not of this one', async () => {
    const meanwhile = made(call('1', { attempt: 2 }));
    expect((await worked({ meanwhile })).event).toMatchObject({ type: 'agent_finished' });
  });

  test('in the engine is thrown on, and the door is closed', async () => {
    const { event, open } = await worked({ end: new Fault('engine_failed', 'gone') });
    expect(event).toMatchObject({ code: 'engine_failed' });
    expect(open()).toBe(0);
  });
});

describe('the harness of the agent', () => {
  test('the door is told what the agent was given and what the policy says of its tools', async () => {
    const policy = `${POLICY}agents: { coder: { tools: { deny: [WebFetch] } } }\n`;
    const { opened } = await worked({ policy });
    const harness = opened[0]?.harness;
    expect(harness).toMatchObject({ expected: null, rules: [] });
    expect(harness?.toolProblem('WebFetch')).toContain('is denied to the coder');
    expect(harness?.toolProblem('Bash')).toBeNull();
  });

  test('that was refused ends the run, and is no fault of the task', async () => {
    const text = 'the tool "WebFetch" is denied to the coder';
    const { event } = await worked({
      meanwhile: (store) =>
        store.note({
          ...{ run: RUN, attempt: STATES.working.attempt, source: 'gateway', index: 0, at: AT },
          ...{ kind: 'harness-refused', text },
        }),
    });
    expect(event).toEqual({
      ...{ type: 'machinery_broke', code: 'harness_refused', message: text, final: true },
    });
  });
});
