import { describe, expect, test } from 'vitest';
import type { Exemption, Judgement } from '../../orchestrator/domain/judgement.ts';
import { separated } from '../../policies/separation.ts';
import { JUDGED, login, moment } from './moments.ts';
import { person } from './sample.ts';

type Changes = NonNullable<Parameters<typeof moment>[1]>;

function code(name: string, changes: Changes = {}, onBehalfOf: string | null = null): string {
  const vote = { by: login(name), gate: 'auth', onBehalfOf: onBehalfOf ? login(onBehalfOf) : null };
  return separated(vote, moment({}, changes))?.code ?? 'may';
}

const rule = (over: Partial<Judgement['separation']>): Changes => ({
  judgement: { separation: { ...JUDGED.separation, ...over } },
});
const granted: Exemption = {
  ...{ id: 'ex-1', gate: 'docs', layer: 'shop', where: 'p:1:1', paths: [], why: '', ticket: null },
  ...{ grantedBy: person('rita'), expires: '2026-12-31' },
};

describe('a yes never counts', () => {
  test.each<[string, Changes]>([
    ['requester', { involved: { requester: person('rita') } }],
    ['operator', { involved: { operator: person('rita') } }],
    ['committer', { involved: { committers: [person('pia'), person('rita')] } }],
    ['agent', { involved: { agents: [person('rita')] } }],
    ['exemption_author', { judgement: { exemptions: [granted] } }],
  ])('from the %s', (wanted, changes) => {
    expect(code('rita', changes)).toBe(wanted);
    expect(code('sam', changes)).toBe('may');
  });

  test('from whoever shares letters with them in another case', () => {
    const requester = 'LOCAL:Rita' as ReturnType<typeof person>;
    expect(code('rita', { involved: { requester } })).toBe('requester');
  });

  test('from another login of theirs', () => {
    const aliases = [[person('dana'), login('github:dana-acme')]];
    expect(code('github:dana-acme', { involved: { aliases } })).toBe('requester');
    expect(code('github:dana-acme')).toBe('may');
  });

  test('from who acts for them, nor from them for somebody else', () => {
    expect(code('rita', {}, 'dana')).toBe('requester');
    expect(code('dana', {}, 'rita')).toBe('requester');
    expect(code('rita', {}, 'sam')).toBe('may');
  });

  test.each(['bot:renovate', 'agent:codex'])('from %s, whatever group it is in', (name) => {
    expect(code(name)).toBe(name.startsWith('bot') ? 'bot' : 'agent');
  });

  test('from an app of a forge', () => {
    const app = 'github:renovate[bot]' as ReturnType<typeof person>;
    expect(separated({ by: app, onBehalfOf: null, gate: 'auth' }, moment())?.code).toBe('bot');
  });

  test('from a bot even where only agents are excluded, or only bots', () => {
    expect(code('bot:x', rule({ botsNeverApprove: false }))).toBe('bot');
    expect(code('bot:x', rule({ exclude: [] }))).toBe('bot');
    expect(code('bot:x', rule({ botsNeverApprove: false, exclude: [] }))).toBe('may');
  });

  test('from anybody when nobody knows who steered the run', () => {
    const unknown = { involved: { operator: null } };
    expect(code('rita', unknown)).toBe('operator_unknown');
    expect(code('rita', { ...unknown, ...rule({ unknownOperator: 'allow' }) })).toBe('may');
  });
});

test('a policy that excludes nobody lets the requester decide', () => {
  expect(code('dana', rule({ exclude: [] }))).toBe('may');
});

test('a sentence names the human who is in the way', () => {
  const vote = { by: person('rita'), onBehalfOf: person('dana'), gate: 'auth' };
  expect(separated(vote, moment())?.reason).toBe(
    'local:rita stands for local:dana, who requested this task and cannot approve it.',
  );
});
