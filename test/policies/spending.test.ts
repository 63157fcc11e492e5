import { describe, expect, test } from 'vitest';
import { Person } from '../../orchestrator/domain/ids.ts';
import { spendingOf, tasksPerDay } from '../../policies/budgets.ts';
import { modelRules } from '../../policies/models.ts';
import { load, minimal } from './sample.ts';

const ASKED = { repository: '/shop', requester: Person.parse('local:dana') };
const GROUPS =
  'groups: { web: { members: [local:dana] }, pay: { members: [local:sam] }, far: { github_team: acme/far } }';
const windows = (text: string, more = GROUPS) =>
  load(minimal(`${more}\nbudgets: { windows: [${text}] }`));
const accounts = (...layers: Parameters<typeof spendingOf>[0]) =>
  spendingOf(layers, ASKED).windows.map(({ account }) => account);

describe('a window', () => {
  test.each([
    ['{ of: organisation, per: month, usd: 1 }', 'organisation'],
    ['{ of: repository, per: day, usd: 1 }', 'repository:/shop'],
    ['{ of: requester, per: day, usd: 1 }', 'requester:local:dana'],
    ['{ of: team, name: web, per: day, usd: 1 }', 'team:web'],
  ])('%s is over %s', (text, account) => {
    expect(accounts(windows(text))).toEqual([account]);
  });

  test('of a team holds for its members, and for everybody where nobody can tell who they are', () => {
    expect(accounts(windows('{ of: team, name: pay, per: day, usd: 1 }'))).toEqual([]);
    expect(accounts(windows('{ of: team, name: far, per: day, usd: 1 }'))).toEqual(['team:far']);
    expect(accounts(windows('{ of: team, name: gone, per: day, usd: 1 }'))).toEqual(['team:gone']);
  });

  test('of every layer holds, and so does what a repository may use up on a day', () => {
    const day = load(minimal('budgets: { per_repo_day: { usd: 0.1, tasks: 5 } }'));
    const more = load(minimal('budgets: { per_repo_day: { tasks: 7 } }'));
    const one = windows('{ of: organisation, per: day, tokens: 5M }');
    expect(spendingOf([day, one, more], ASKED).windows).toEqual([
      { account: 'repository:/shop', per: 'day', microUsd: 100_000, tokens: null, calls: null },
      { account: 'organisation', per: 'day', microUsd: null, tokens: 5_000_000, calls: null },
    ]);
    expect(tasksPerDay([more, day])).toBe(5);
    expect(tasksPerDay([one])).toBeNull();
  });

  test('of a role counts within a task; of several the smaller number holds', () => {
    const first = windows('{ of: role, name: review, per: task, usd: 1, turns: 9 }');
    const other = windows('{ of: role, name: review, per: task, usd: 2, turns: 3 }');
    expect(spendingOf([first, other], ASKED)).toMatchObject({
      windows: [],
      roles: { review: { microUsd: 1_000_000, tokens: null, calls: 3 } },
    });
  });
});

describe('models of a run', () => {
  const models = (text: string) => load(minimal(`models: { ${text} }`));

  test('are those of the class critical: what a change will touch is not known yet', () => {
    const routes = models(
      'routes: [{ stage: code, class: [low], use: [small] }, { stage: code, use: [large] }]',
    );
    expect(modelRules([routes]).plan).toMatchObject({ edit: ['large'], review: null });
    const low = models('routes: [{ stage: code, class: [low], use: [small] }]');
    expect(modelRules([low]).plan.edit).toEqual([]);
  });

  test('cost nothing where the first layer says so and none below takes it back', () => {
    const free = models('free: [a, b]');
    expect(modelRules([free]).free).toEqual(['a', 'b']);
    expect(modelRules([free, load(minimal())]).free).toEqual(['a', 'b']);
    expect(modelRules([free, models('free: [b, c]')]).free).toEqual(['b']);
    expect(modelRules([load(minimal()), free]).free).toEqual([]);
  });

  test('are told what looks like a key where the first layer says so and none below takes it back', () => {
    const [allow, block] = [models('secret_shapes: allow'), models('secret_shapes: block')];
    expect(modelRules([load(minimal())]).secretShapes).toBe('block');
    expect(modelRules([allow]).secretShapes).toBe('allow');
    expect(modelRules([allow, load(minimal())]).secretShapes).toBe('allow');
    expect(modelRules([allow, block]).secretShapes).toBe('block');
    expect(modelRules([load(minimal()), allow]).secretShapes).toBe('block');
  });

  test('of two roles are of two vendors when any layer says so', () => {
    const differ = models('routes: [{ stage: review, use: [a], differ_from: code.vendor }]');
    expect(modelRules([load(minimal()), differ]).apart).toEqual([['review', 'edit']]);
    expect(modelRules([load(minimal())]).apart).toEqual([]);
  });
});
