import { expect, test } from 'vitest';
import type { Entry } from '../../../orchestrator/domain/change.ts';
import type {
  LandedChange,
  LocalRepository,
  RawChange,
} from '../../../orchestrator/ports/source.ts';
import { landedFacts, landingFacts, localFacts } from '../../../orchestrator/stages/local-facts.ts';
import { entriesDigest } from '../../../policies/facts.ts';
import { entry, sha } from '../../policies/sample.ts';
import { strict } from '../strict.ts';
import { rawOf } from './tools.ts';

const [BASE, HEAD, TREE] = [sha('a'), sha('b'), sha('c')];
const REF = 'refs/heads/main';

/** A change with these entries, and those of commits before its last. */
function raw(entries: readonly Entry[], history: readonly Entry[] = [], texts = {}): RawChange {
  const measured = {
    blobBytes: {},
    binary: [],
    texts,
    roots: ['src'],
    addedLines: 2,
    removedLines: 1,
  };
  return { base: BASE, tree: TREE, raw: rawOf(entries), history: rawOf(history), measured };
}

function local(change: RawChange, paths: readonly string[] = []): LocalRepository {
  return strict<LocalRepository>('local repository', {
    change: async () => change,
    landing: async () => change,
    paths: async () => paths,
  });
}

async function read(change: RawChange, paths: readonly string[] = []) {
  const answer = await localFacts(local(change, paths), BASE, HEAD, REF);
  if ('refused' in answer) throw new Error(JSON.stringify(answer.refused));
  return answer.facts;
}

test('a local change has the facts of a sealed one, but that people made it', async () => {
  const entries = [entry('src/a.ts'), entry('src/b.ts', 'delete')];
  expect(await read(raw(entries, [], { [sha('2')]: 'text' }))).toEqual({
    change: {
      base: BASE,
      tree: TREE,
      entries: entriesDigest(entries),
      files: 2,
      addedLines: 2,
      removedLines: 1,
    },
    entries,
    blobBytes: {},
    binary: [],
    texts: { [sha('2')]: 'text' },
    roots: ['src'],
    target: REF,
    history: [],
    groups: {},
    madeBy: null,
  });
});

test('a history holds what the change itself does not show, each once', async () => {
  const shown = entry('src/a.ts');
  const before = { ...shown, newOid: sha('7') };
  const after = { ...shown, oldOid: sha('7') };
  const gone = entry('src/key.pem', 'add');
  const { history } = await read(
    raw([shown], [before, gone, after, gone, entry('src/key.pem', 'delete')]),
  );
  expect(history).toEqual([before, gone, entry('src/key.pem', 'delete')]);
});

const LINK = { ...entry('src/link', 'type'), newOid: sha('9') };

test.each<[string, RawChange, string[], string]>([
  ['a bad name', raw([entry('a\nb')]), [], 'control character'],
  ['a twin', raw([entry('src/A.ts', 'add')]), ['src/A.ts', 'src/a.ts'], 'letter case'],
  ['a symlink that leads out', raw([LINK], [], { [sha('9')]: '../../x' }), [], 'out of the tree'],
  ['a symlink that nobody read', raw([LINK]), [], 'nobody could read'],
])('%s is refused in a change, and in what would land', async (_, change, paths, reason) => {
  const refused = {
    refused: [expect.objectContaining({ message: expect.stringContaining(reason) })],
  };
  expect(await localFacts(local(change, paths), BASE, HEAD, REF)).toEqual(refused);
  expect(await landingFacts(local(change, paths), BASE, HEAD, REF)).toEqual(refused);
});

test('what would not land is told by its conflicts', async () => {
  const conflicting = strict<LocalRepository>('local repository', {
    landing: async () => ({ conflicts: ['a'] }),
  });
  expect(await landingFacts(conflicting, BASE, HEAD, REF)).toEqual({ conflicts: ['a'] });
});

test('what landed once is read without its tree, and as strictly', () => {
  const landed = (change: RawChange): LandedChange => {
    return { ...change, commit: HEAD, title: 'Merge it', when: '2026-03-01T10:00:00.000Z' };
  };
  const read = landedFacts(landed(raw([entry('src/A.ts', 'add')])), REF);
  expect('facts' in read && read.facts).toMatchObject({
    change: { base: BASE, tree: TREE, files: 1 },
  });
  expect('facts' in read && Object.keys(read.facts.change)).not.toContain('title');
  expect(landedFacts(landed(raw([LINK])), REF)).toHaveProperty('refused');
});
