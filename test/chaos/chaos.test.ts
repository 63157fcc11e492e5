/** The short form of `npm run chaos`. */
import { expect, it, onTestFinished } from 'vitest';
import { cycles } from './cycles.ts';
import { openHouse, orphans } from './house.ts';
import { killed } from './kills.ts';

it('workspaces that were opened and closed leave nothing behind', async () => {
  const house = await openHouse();
  onTestFinished(() => house.close());
  expect(await cycles(house, 5, () => {})).toEqual([]);
  // Weak in one thing: what was opened is not closed.
  const { tools } = house.factory;
  Object.assign(tools, { workspaces: { ...tools.workspaces, discard: async () => {} } });
  expect(await cycles(house, 1, () => {})).not.toEqual([]);
  await house.factory.reap();
  expect(await orphans(house.factory)).toEqual([]);
});

it('a run whose controllers are killed again and again is published once, and nothing is left', async () => {
  const house = await openHouse();
  onTestFinished(() => house.close());
  let lives = 0;
  // The fourth lives as long as it needs.
  const { kills, wrong } = await killed(house, () => {
    lives += 1;
    return lives > 3 ? 500_000 : 2000 * lives;
  });
  expect(wrong).toEqual([]);
  expect(kills).toBe(3);
});
