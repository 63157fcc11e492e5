import { describe, expect, it } from 'vitest';
import { beyond } from '../../policies/beyond.ts';
import { expectedHarness, toolProblem } from '../../policies/harness.ts';
import { load, minimal } from './sample.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const layer = (rights: string) => load(minimal(`agents: { coder: { ${rights} } }\n`));
const expecting = (digits: string, more = '') =>
  layer(`expected_harness: [${[...digits].map((one) => `"${digest(one)}"`).join(', ')}]${more}`);

describe('a denied tool', () => {
  const problem = toolProblem(
    [layer('tools: { deny: [WebFetch] }'), layer('tools: { deny: ["mcp__*", "*search*now"] }')],
    'coder',
  );
  it.each(['WebFetch', 'webfetch', 'mcp__tickets__read', 'google_search_right_now', 'mcp__'])(
    '%s is denied by whichever layer says so',
    (tool) => expect(problem(tool)).toMatch(/^the tool ".+" is denied to the coder \(.+:\d+/),
  );
  it.each(['WebFetcher', 'Bash', 'web', 'search', ''])('%s is not', (tool) => {
    expect(problem(tool)).toBeNull();
  });

  it('is of its role', () => {
    expect(toolProblem([layer('tools: { deny: ["*"] }')], 'reviewer')('Bash')).toBeNull();
  });

  it('is found quickly, whatever stars a policy has', () => {
    const stars = layer(`tools: { deny: ["${'*a'.repeat(30)}b"] }`);
    const startedMs = performance.now();
    expect(toolProblem([stars], 'coder')('a'.repeat(20_000))).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

describe('an expected harness', () => {
  it('is what every layer that speaks of one names, and refuses where one of them does', () => {
    const layers = [expecting('ab', ', on_other_harness: alarm'), layer(''), expecting('bc')];
    expect(expectedHarness(layers, 'coder')).toMatchObject({
      ...{ digests: [digest('b')], onOther: 'refuse' },
    });
  });

  it('that no two layers share is none, so that any is another', () => {
    const layers = ['a', 'b'].map((one) => expecting(one, ', on_other_harness: alarm'));
    expect(expectedHarness(layers, 'coder')).toMatchObject({ digests: [], onOther: 'alarm' });
  });

  it('that nobody names is anything', () => {
    expect(expectedHarness([layer('on_other_harness: alarm')], 'coder')).toBeNull();
    expect(expectedHarness([expecting('a')], 'reviewer')).toBeNull();
  });
});

it('a list of what is allowed, or asked about, is not acted on yet, and no run starts with one', () => {
  const open = beyond(layer('tools: { allow: [read], ask: ["mcp.*"], deny: [WebFetch] }'));
  expect(open.filter(({ isOpen }) => isOpen).map(({ path }) => path.join('.'))).toEqual([
    ...['agents.coder.tools.allow', 'agents.coder.tools.ask'],
  ]);
  expect(beyond(layer('tools: { deny: [WebFetch] }')).filter(({ isOpen }) => isOpen)).toEqual([]);
});
