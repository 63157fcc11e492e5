import { describe, expect, test } from 'vitest';
import { budgetOf } from '../../policies/budgets.ts';
import { membersOf, validatorOf } from '../../policies/declared.ts';
import { modelsFor } from '../../policies/models.ts';
import { mayReach, mayTunnel, networkOf, someTunnel } from '../../policies/network.ts';
import { breakGlassOf, delegationOf, separationOf } from '../../policies/settings.ts';
import { FULL, load, minimal } from './sample.ts';

const full = load(FULL);
const bare = load(minimal());
const budget = (text: string) => load(minimal(`budgets: { per_task: { ${text} } }`));
const network = (phases: string) => load(minimal(`network: { phases: { ${phases} } }`));

test('the first layer that declares a validator or a group keeps it', () => {
  const other = load(
    minimal(`groups: { platform: { members: [local:mallory] } }
validators: { unit: { run: ["true"], reports: { junit: j.xml } } }`),
  );
  expect(validatorOf([full, other], 'unit')).toMatchObject({ run: ['npx', 'vitest'] });
  expect(validatorOf([other, full], 'unit')).toMatchObject({ run: ['true'] });
  expect(validatorOf([full], 'ghost')).toBeNull();
  expect(validatorOf([full], 'constructor')).toBeNull();
  expect(membersOf([full, other], 'platform').members).toEqual(['local:pia']);
  expect(membersOf([full], 'valueof')).toEqual({ members: [], minAssurance: 'session' });
});

test('without a word on the network each door is open in its phase', () => {
  expect(networkOf([bare])).toEqual({ setup: true, agent: true });
});

test('a door that is not written is shut once the network is spoken of', () => {
  expect(networkOf([network('')])).toEqual({ setup: false, agent: false });
  expect(networkOf([network('agent: { allow: [{ via: model-gateway }] }')])).toEqual({
    setup: false,
    agent: true,
  });
  expect(networkOf([network('agent: { allow: [] }')])).toEqual({
    setup: false,
    agent: false,
  });
});

test('a door is open only where every layer opens it, and never without a layer', () => {
  const onlyModel = network('agent: { allow: [{ via: model-gateway }] }');
  const onlyRegistry = network('setup: { allow: [{ via: package-registry }] }');
  expect(networkOf([full, onlyModel])).toEqual({ setup: false, agent: true });
  expect(networkOf([onlyModel, onlyRegistry])).toEqual({ setup: false, agent: false });
  expect(networkOf([])).toEqual({ setup: false, agent: false });
});

test('a run without a budget is still bounded in time and attempts', () => {
  expect(budgetOf([bare])).toEqual({
    microUsd: null,
    tokens: null,
    turns: null,
    wallMs: 1_800_000,
    attemptsMax: 3,
    refusals: 25,
    cacheMisses: null,
    wrapUpMs: 1_440_000,
  });
});

test('of each number the smallest counts, and two retries are three attempts', () => {
  const layers = [
    budget('usd: 2, tokens: 3M, wall: 2h, retries: 2'),
    budget('usd: 0.5, turns: 9, wall: 1h, retries: 0'),
  ];
  expect(budgetOf(layers)).toEqual({
    microUsd: 500_000,
    tokens: 3_000_000,
    turns: 9,
    wallMs: 3_600_000,
    attemptsMax: 1,
    refusals: 25,
    cacheMisses: null,
    wrapUpMs: 2_880_000,
  });
  expect(budgetOf([...layers].reverse())).toEqual(budgetOf(layers));
});

test('the defaults of a first layer that is silent are not lifted by those below', () => {
  const more = budget('wall: 10h, retries: 8');
  expect(budgetOf([bare, more])).toMatchObject({ wallMs: 1_800_000, attemptsMax: 3 });
  expect(budgetOf([more, bare])).toMatchObject({ wallMs: 36_000_000, attemptsMax: 9 });
});

describe('a host', () => {
  const at = (host: string, over = '') => network(`agent: { allow: [{ host: "${host}"${over} }] }`);
  const request = { host: 'api.example.com', port: 443, method: 'GET' };
  const may = (layers: Parameters<typeof mayReach>[0], over: Partial<typeof request> = {}) =>
    mayReach(layers, 'agent', { ...request, ...over });

  test('is reached where the first layer says so and no other that speaks says otherwise', () => {
    expect(may([at('api.example.com')])).toBe(true);
    expect(may([at('*.example.com'), at('api.example.com')])).toBe(true);
    expect(may([at('*.example.com'), bare])).toBe(true);
    expect(may([at('*.example.com'), network('')])).toBe(false);
    expect(may([at('*.example.com'), at('other.example.com')])).toBe(false);
    expect(may([bare, at('api.example.com')])).toBe(false);
    expect(may([bare])).toBe(false);
    expect(may([])).toBe(false);
  });

  test('is reached at its ports and with its methods, in its phase', () => {
    const narrow = at('api.example.com', ', ports: [8443], methods: [POST]');
    expect(may([narrow], { port: 8_443, method: 'POST' })).toBe(true);
    expect(may([narrow], { port: 443, method: 'POST' })).toBe(false);
    expect(may([narrow], { port: 8_443 })).toBe(false);
    expect(may([at('api.example.com')], { method: 'POST' })).toBe(false);
    expect(may([at('api.example.com')], { method: 'get' })).toBe(false);
    expect(mayReach([at('api.example.com')], 'setup', request)).toBe(false);
  });

  const every = ', methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS]';
  const tunnel = (...all: Parameters<typeof mayTunnel>[0]) =>
    mayTunnel(all, 'agent', { host: 'api.example.com', port: 443 });

  test('is tunnelled to only where every layer allows every method, which nobody sees in there', () => {
    const whole = at('api.example.com', every);
    expect(tunnel(whole)).toBe(true);
    expect(tunnel(at('*.example.com', every), whole)).toBe(true);
    expect(tunnel(at('api.example.com', every.replace(', OPTIONS', '')))).toBe(false);
    expect(tunnel(whole, at('api.example.com'))).toBe(false);
    expect(tunnel(at('other.example.com', every))).toBe(false);
    expect(tunnel()).toBe(false);
    expect(someTunnel([at('*.example.com', every), whole], 'agent')).toEqual({
      host: 'api.example.com',
      port: 443,
    });
    expect(someTunnel([at('*.example.com', every)], 'agent')).toBeNull();
  });

  test.each([
    ['*.github.io', 'mallory.github.io'],
    ['*.co.uk', 'mallory.co.uk'],
    ['api.github.com', 'api.github.com'],
    ['*.github.com', 'gist.github.com'],
  ])('%s opens no tunnel to strangers', (pattern, host) => {
    expect(mayTunnel([at(pattern, every)], 'agent', { host, port: 443 })).toBe(false);
  });

  test('is no door of ours, and a door is no host', () => {
    const door = network('agent: { allow: [{ via: model-gateway }] }');
    expect(may([door])).toBe(false);
    expect(networkOf([at('api.example.com')])).toEqual({ setup: false, agent: false });
  });
});

describe('models', () => {
  const routes = (text: string) => load(minimal(`models: { routes: [${text}] }`));
  const code = routes('{ stage: code, class: [low], use: [a, b] }, { stage: code, use: [c] }');

  test('the first route that holds for the stage and the class is taken', () => {
    expect(modelsFor([code], 'code', 'low')).toEqual(['a', 'b']);
    expect(modelsFor([code], 'code', 'high')).toEqual(['c']);
  });

  test('a stage that no layer speaks of is left to any; a class without a route has none', () => {
    expect(modelsFor([code, bare], 'review', 'low')).toBeNull();
    expect(modelsFor([], 'code', 'low')).toBeNull();
    expect(modelsFor([routes('{ stage: code, class: [low], use: [a] }')], 'code', 'high')).toEqual(
      [],
    );
  });

  test('of several layers only what all name, in the order of the first', () => {
    expect(modelsFor([code, routes('{ stage: code, use: [b, a, z] }')], 'code', 'low')).toEqual([
      'a',
      'b',
    ]);
    expect(modelsFor([code, routes('{ stage: code, use: [z] }')], 'code', 'low')).toEqual([]);
  });
});

describe('whose approval counts', () => {
  const said = (text: string) => load(minimal(`separation: { ${text} }`));
  const ALL = ['requester', 'operator', 'committers', 'agents', 'exemption-author'];

  test('the silence of the first layer is the default, and that of the others adds nothing', () => {
    const strict = {
      exclude: ALL,
      unknownOperator: 'block',
      botsNeverApprove: true,
      escalation: [],
    };
    expect(separationOf([])).toEqual(strict);
    expect(separationOf([bare])).toEqual(strict);
    expect(
      separationOf([bare, said('unknown_operator: allow, bots_never_approve: false')]),
    ).toEqual(strict);
    const loose = said('unknown_operator: allow, bots_never_approve: false');
    expect(separationOf([loose, bare])).toEqual({
      exclude: ['requester'],
      unknownOperator: 'allow',
      botsNeverApprove: false,
      escalation: [],
    });
  });

  test('whoever excludes, blocks or names a group to lift a veto is heard', () => {
    const layers = [
      said(
        'exclude: [agents], unknown_operator: allow, bots_never_approve: false, escalation: sec',
      ),
      said('exclude: [operator], unknown_operator: block, escalation: board'),
    ];
    expect(separationOf(layers)).toEqual({
      exclude: ['requester', 'operator', 'agents'],
      unknownOperator: 'block',
      botsNeverApprove: true,
      escalation: ['board', 'sec'],
    });
  });

  test('a vote may be handed on where the first layer says so, for as long and for what all allow', () => {
    const hand = (text: string) => load(minimal(`delegation: { ${text} }`));
    expect(delegationOf([])).toBeNull();
    expect(delegationOf([bare, hand('max_days: 3')])).toBeNull();
    expect(delegationOf([hand('max_days: 3'), bare])).toEqual({ maxMs: 259_200_000, scope: null });
    expect(
      delegationOf([hand('max_days: 3, scope: [a, b]'), hand('max_days: 1, scope: [b, c]')]),
    ).toEqual({ maxMs: 86_400_000, scope: ['b'] });
  });

  test('only the first layer opens anything in an emergency', () => {
    const glass = load(
      minimal('break_glass: { groups: [sec], incident_url: "https://a.example/" }'),
    );
    expect(breakGlassOf([glass, bare])?.groups).toEqual(['sec']);
    expect(breakGlassOf([bare, glass])).toBeNull();
    expect(breakGlassOf([])).toBeNull();
  });
});
