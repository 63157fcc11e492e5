/** The parsers on what real CLIs printed, whole and broken. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { adapters } from '../../agents/adapters.ts';
import { AGENT_NAMES, type AgentName } from '../../orchestrator/domain/agent-lock.ts';
import { lockedAgents } from '../../orchestrator/intake/agents-lock.ts';
import { heard, NOTHING_HEARD, verdictOf } from '../../orchestrator/stages/agent-end.ts';
import { GOLDEN, goldenFile } from '../scenarios/agents/golden.ts';

const LOCK = lockedAgents();
const AGENTS = adapters(LOCK);
type What = keyof typeof GOLDEN;
const linesOf = (name: AgentName, what: What = 'done'): string[] =>
  readFileSync(goldenFile(name, what), 'utf8').split('\n').filter(Boolean);
const KINDS = Object.keys(GOLDEN) as What[];
const FILES = AGENT_NAMES.flatMap((name) => KINDS.map((what) => [name, what] as const));

test.each(FILES)('what %s printed (%s) is of the version that is locked', (name, what) => {
  expect(JSON.parse(linesOf(name, what)[0] ?? '')).toMatchObject({
    printed_by: name,
    version: LOCK[name].version,
  });
});

describe.each(AGENT_NAMES)('what %s printed', (name) => {
  const { parse } = AGENTS[name];
  const events = linesOf(name).flatMap((line) => parse(line) ?? []);

  it('is a command that failed, an edit, what it said, and its end, which comes last', () => {
    const texts = (kind: string): string[] =>
      events.filter((one) => one.kind === kind).map(({ text }) => text);
    expect(texts('command').join('\n')).toContain('ls src; exit 3');
    expect([...texts('edit'), ...texts('command')].join('\n')).toMatch(
      /\/workspace\/src\/(sum|total)\.mjs/,
    );
    expect(texts('said')).toContain('Any number of numbers can be added now.');
    expect(events.at(-1)?.kind).toBe('completed');
    expect(texts('failed')).toEqual([]);
  });

  it('is read a second time as it was the first', () => {
    expect(linesOf(name).flatMap((line) => parse(line) ?? [])).toEqual(events);
  });

  it('breaks nothing wherever a line is cut off', () => {
    for (const line of linesOf(name))
      for (let at = 0; at < line.length; at += 7) expect(parse(line.slice(0, at))).toBeNull();
  });

  it('breaks nothing where a field is of another kind', () => {
    for (const line of linesOf(name)) {
      for (const other of [null, 7, [], {}, 'x']) {
        const broken = JSON.parse(line, (key, value: unknown) =>
          key === '' || key === 'type' ? value : other,
        );
        expect(() => parse(JSON.stringify(broken))).not.toThrow();
      }
    }
  });

  it.each([
    '',
    'not json',
    'null',
    '[]',
    '{"type":7}',
    '{"type":"something.new","data":{"of":"the next version"}}',
    '{"type":"item.completed","item":{"type":"new"}}',
  ])('%s beside it is noise', (line) => {
    expect(parse(line)).toBeNull();
  });
});

/** Each of these was refused its second call by the gateway. What they exit with is in the first line. */
describe.each(AGENT_NAMES)('what %s printed when its budget was spent', (name) => {
  const agent = AGENTS[name];
  const lines = linesOf(name, 'spent');

  it('is that it failed, and why', () => {
    const end = lines.reduce(
      (before, line) => heard(before, line, agent.parse(line)),
      NOTHING_HEARD,
    );
    expect(verdictOf(agent, end)).toBe('failed');
    const said = lines.flatMap((line) => agent.parse(line) ?? []).map(({ text }) => text);
    expect(said.join('\n')).toContain('the budget is 1');
  });

  it('breaks nothing wherever a line is cut off', () => {
    for (const line of lines)
      for (let at = 0; at < line.length; at += 7) expect(agent.parse(line.slice(0, at))).toBeNull();
  });
});
