import { expect, test } from 'vitest';
import { RunId } from '../../orchestrator/domain/ids.ts';
import { folders } from '../../sandboxes/source/folders.ts';
import { digest, sha } from '../policies/sample.ts';

const RUN = RunId.parse('r0000001');
const at = folders('/data');

const every = (repository: string, attempt = 1): string[] => [
  at.mirror(repository),
  at.snapshot(repository, sha('a')),
  at.dependencies(repository, digest('b')),
  at.tree(repository, sha('a'), sha('b')),
  at.run(RUN),
  at.quarantine(RUN, attempt),
  at.upper(RUN, attempt),
  at.work(RUN, attempt),
  at.out(RUN, attempt, 'check-unit'),
];

test('everything lies below the data directory, each thing in a place of its own', () => {
  const all = every('/repositories/shop');
  expect(all.every((folder) => folder.startsWith('/data/'))).toBe(true);
  expect(new Set(all).size).toBe(all.length);
});

test.each([',lowerdir=/etc', '../../etc', 'a:b', 'shop\\', 'shop upperdir=/', '/ö/😀'])(
  'a repository named %j puts nothing into a path but hex digits',
  (repository) => {
    for (const folder of every(repository)) expect(folder).toMatch(/^[a-z0-9/.-]+$/);
    expect(at.mirror(repository)).toMatch(/^\/data\/repositories\/[0-9a-f]{16}\/mirror\.git$/);
  },
);

test('two repositories, attempts, bases or keys never share a folder', () => {
  expect(at.mirror('/a/shop')).not.toBe(at.mirror('/b/shop'));
  expect(at.quarantine(RUN, 1)).not.toBe(at.quarantine(RUN, 2));
  expect(at.tree('/a', sha('a'), sha('b'))).not.toBe(at.tree('/a', sha('b'), sha('a')));
  expect(at.dependencies('/a', digest('a'))).not.toBe(at.dependencies('/a', digest('b')));
});
