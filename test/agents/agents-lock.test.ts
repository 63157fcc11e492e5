/** The lock, the images and the page about agents say the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { adapters } from '../../agents/adapters.ts';
import { insideImages } from '../../orchestrator/compose.ts';
import { AGENT_NAMES } from '../../orchestrator/domain/agent-lock.ts';
import { lockedAgents, parseAgentLock } from '../../orchestrator/intake/agents-lock.ts';
import { agentPackages } from '../../sandboxes/images/agent-packages.ts';
import { recipes, wantedRecipes } from '../../sandboxes/images/recipes.ts';
import { agentsTable } from './page.ts';

const LOCK = lockedAgents();
const SOURCE = readFileSync(new URL('../../agents.lock.yaml', import.meta.url), 'utf8');
const PAGE = new URL('../../docs/agents.md', import.meta.url).pathname;

test('the page lists what the lock holds', async () => {
  await expect(agentsTable(readFileSync(PAGE, 'utf8'), LOCK)).toMatchFileSnapshot(PAGE);
});

test('every adapter is at the version of the lock, in an image of its own name', () => {
  for (const [name, { version, image }] of Object.entries(adapters(LOCK)))
    expect([version, image]).toEqual([LOCK[name as keyof typeof LOCK].version, name]);
});

describe('images', () => {
  const always = recipes(insideImages());
  const wanted = wantedRecipes(insideImages());

  it('nothing proprietary is among those that every machine builds', () => {
    const agents = always.flatMap(({ agent }) => agent ?? []);
    expect(agents.map(({ command }) => command)).toEqual(['codex']);
    expect(agents.some(({ proprietary }) => proprietary)).toBe(false);
  });

  it('there is one for each agent, installed from the lock and named by it', () => {
    const made = new Map([...always, ...wanted].map((recipe) => [recipe.name, recipe]));
    for (const name of AGENT_NAMES) {
      const { agent, args } = made.get(name) ?? {};
      expect(agent).toEqual(LOCK[name]);
      expect(args?.['COMMAND']).toBe(LOCK[name].command);
    }
    const changed = { ...LOCK, codex: { ...LOCK.codex, version: '9.9.9' } };
    const tags = recipes({ ...insideImages(), agents: changed }).map(({ tag }) => tag);
    expect(tags.filter((tag) => !always.some((one) => one.tag === tag))).toHaveLength(1);
  });
});

describe('what npm is told to install', () => {
  it('is the package and what it needs on this kind of machine, each by its hash', () => {
    const files = agentPackages('codex', LOCK.codex, 'x64');
    const { packages } = JSON.parse(files['package-lock.json']);
    expect(packages).toMatchObject({
      'node_modules/@openai/codex': {
        version: LOCK.codex.version,
        integrity: LOCK.codex.integrity,
      },
      'node_modules/@openai/codex-linux-x64': {
        name: '@openai/codex',
        integrity: LOCK.codex.platforms.x64?.integrity,
      },
    });
    expect(Object.keys(packages)).toHaveLength(3);
    expect(JSON.parse(files['package.json']).dependencies).toEqual(packages[''].dependencies);
  });

  it('is refused for a machine that there is no package for', () => {
    expect(() => agentPackages('opencode', LOCK.opencode, 'arm64')).toThrow(
      `opencode ${LOCK.opencode.version} is not made for arm64; for x64`,
    );
  });
});

test.each([
  ['a hash that is none', (text: string) => text.replace(/sha512-[^"]+/, 'sha1-x'), /sha512/],
  ['an agent that nobody knows', (text: string) => text.replace('  codex:', '  codecs:'), /codecs/],
  ['an agent left out', (text: string) => text.slice(0, text.indexOf('  qwen-code:')), /qwen-code/],
  ['a key that means nothing', (text: string) => text.replace('warm:', 'warmth:'), /warmth/],
])('%s in the lock is refused', (_, spoilt, said) => {
  expect(() => parseAgentLock(spoilt(SOURCE))).toThrow(said);
});
