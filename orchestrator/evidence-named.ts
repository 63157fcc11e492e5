/** Which evidence the journals name, and whether it may ever go. */
import type { Check } from './domain/check.ts';
import { Digest } from './domain/ids.ts';
import type { NamedEvidence, NamedFile } from './ports/upkeep.ts';
import type { EvidenceStore, JournalEntry, Store } from './ports.ts';
import { replay } from './runner.ts';

const MEDIA = /^(image|video|audio)\/|^application\/zip$/;
const DIGESTS = /sha256:[0-9a-f]{64}/g;
const ALWAYS: NamedFile = { isKept: true, isMedia: false, at: 0 };

/** Reads every journal, and the list of each bundle that one names. */
export async function namedEvidence(
  store: Pick<Store, 'tasks' | 'read' | 'kept'>,
  evidence: Pick<EvidenceStore, 'get'>,
): Promise<NamedEvidence> {
  const named = new Map<Digest, NamedFile>();
  for (const { id } of await store.tasks()) {
    const journal = await store.read(id);
    for (const [digest, file] of namedIn(journal))
      named.set(digest, together(named.get(digest), file));
    for (const digest of await bundled(journal, evidence)) named.set(digest, ALWAYS);
  }
  for (const digest of digestsIn(await store.kept())) named.set(digest, ALWAYS);
  return named;
}

/** More than evidence has a digest; what is none names no file. Pure. */
export function namedIn(journal: readonly JournalEntry[]): NamedEvidence {
  const run = replay(journal);
  const isKept = run.phase !== 'done' || run.outcome.kind === 'published';
  const at = Date.parse(journal.at(-1)?.at ?? '');
  const media = new Set(
    journal.flatMap(({ event }) =>
      'checks' in event ? event.checks.flatMap((check: Check) => mediaOf(check)) : [],
    ),
  );
  return new Map(
    digestsIn(journal).map((digest) => [digest, { isKept, isMedia: media.has(digest), at }]),
  );
}

/** What a published change is proved with stays as long as the change, pictures too. */
async function bundled(
  journal: readonly JournalEntry[],
  { get }: Pick<EvidenceStore, 'get'>,
): Promise<Digest[]> {
  const manifests = journal.flatMap(({ event }) =>
    event.type === 'pull_request_opened' && event.bundle ? [event.bundle.manifest] : [],
  );
  const texts = await Promise.all(manifests.map(async (digest) => (await get(digest)) ?? []));
  // The list names files as sha256sum prints them.
  return texts.flatMap((bytes) =>
    (
      Buffer.from(bytes)
        .toString()
        .match(/(?<=")[0-9a-f]{64}(?=")/g) ?? []
    ).map((hex) => Digest.parse(`sha256:${hex}`)),
  );
}

function mediaOf({ evidence }: Check): Digest[] {
  return evidence.flatMap(({ digest, mediaType }) => (MEDIA.test(mediaType) ? [digest] : []));
}

function digestsIn(value: unknown): Digest[] {
  return (JSON.stringify(value).match(DIGESTS) ?? []).map((text) => Digest.parse(text));
}

/** Of two that name it the one that needs it longer counts. */
function together(one: NamedFile | undefined, other: NamedFile): NamedFile {
  if (one === undefined) return other;
  return {
    isKept: one.isKept || other.isKept,
    isMedia: one.isMedia && other.isMedia,
    at: Math.max(one.at, other.at),
  };
}
