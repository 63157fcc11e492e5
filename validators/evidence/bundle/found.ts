/** What lies in the folder, held against the list; and the list, held against its signature. Pure. */
import { canonical, sha256 } from '../../../orchestrator/domain/canonical.ts';
import { Envelope, type TrustedKey, verify } from '../../../orchestrator/domain/dsse.ts';
import { envelopeBytes, MANIFEST_TYPE, Manifest } from './manifest.ts';
import { MANIFEST, MANIFEST_ENVELOPE } from './paths.ts';
import { whyUnsigned } from './signed.ts';
import { type Step, shown, stepOf, unknown } from './steps.ts';

/** One thing in the folder. What is no regular file, or too large, has no digest. */
export type Found = {
  readonly path: string;
  readonly size: number;
  /** In hex; null when it was not read, and `problem` says why. */
  readonly sha256: string | null;
  readonly problem?: string;
};

/** Bytes of files that are small enough to be looked into. */
export type Kept = ReadonlyMap<string, Uint8Array>;

/** Null when the list is not one that we write, down to its last byte. */
export function manifestIn(kept: Kept): Manifest | null {
  const bytes = kept.get(MANIFEST);
  if (bytes === undefined) return null;
  const parsed = Manifest.safeParse(jsonIn(bytes));
  return parsed.success && Buffer.from(canonical(parsed.data)).equals(bytes) ? parsed.data : null;
}

export function filesStep(found: readonly Found[], manifest: Manifest | null): Step {
  if (manifest === null)
    return unknown(
      'files',
      `${MANIFEST} is missing or is no list of files, so nothing can be held against it`,
    );
  const here = new Map(found.map((file) => [file.path, file]));
  const listed = new Set([MANIFEST, MANIFEST_ENVELOPE, ...manifest.files.map(({ path }) => path)]);
  const paths = manifest.files.map(({ path }) => path);
  const isOrdered = paths.every((path, at) => at === 0 || (paths[at - 1] ?? '') < path);
  const problems = [
    ...(isOrdered ? [] : [`${MANIFEST} lists files twice or not in order`]),
    ...manifest.files.flatMap((file) => {
      const is = here.get(file.path);
      if (is === undefined) return [`${file.path} is listed and missing`];
      if (is.sha256 === null) return [`${file.path} ${is.problem ?? 'could not be read'}`];
      if (is.sha256 === file.sha256 && is.size === file.size) return [];
      const length =
        is.size === file.size ? '' : ` and takes ${is.size} bytes instead of ${file.size}`;
      return [
        `${file.path} was changed: it hashes to ${is.sha256}, listed is ${file.sha256}${length}`,
      ];
    }),
    ...found
      .filter(({ path }) => !listed.has(path))
      .map(
        ({ path, problem }) => `${shown(path)} is not listed${problem ? `, and ${problem}` : ''}`,
      ),
  ];
  return stepOf('files', problems, `${manifest.files.length} files`);
}

export function signatureStep(
  kept: Kept,
  manifest: Manifest | null,
  trusted: readonly TrustedKey[],
): Step {
  const bytes = kept.get(MANIFEST);
  const written = kept.get(MANIFEST_ENVELOPE);
  if (written === undefined) return stepOf('signature', [`${MANIFEST_ENVELOPE} is missing`], '');
  if (bytes === undefined || manifest === null)
    return stepOf('signature', [`${MANIFEST} is not a list as it is written and signed`], '');
  const envelope = jsonIn(written);
  const why = whyUnsigned(envelope, trusted, MANIFEST_TYPE, manifest.at);
  if (why !== null) return stepOf('signature', [`${MANIFEST_ENVELOPE} ${why}`], '');
  const verified = verify(envelope, trusted, MANIFEST_TYPE, manifest.at);
  if ('problem' in verified) return stepOf('signature', [`${MANIFEST_ENVELOPE} is not signed`], '');
  const isSame = Buffer.from(verified.payload).equals(bytes);
  const ours = isOurForm(written, bytes, verified.signedBy);
  return stepOf(
    'signature',
    [
      ...(isSame ? [] : [`${MANIFEST} was changed: it is not what ${MANIFEST_ENVELOPE} signs`]),
      ...(ours || !isSame
        ? []
        : [`${MANIFEST_ENVELOPE} was changed: it is not written as it was signed`]),
    ],
    `bundle ${sha256(bytes)}, decided ${manifest.at}, key ${verified.signedBy.map((id) => id.slice(0, 12)).join(', ')}`,
  );
}

/** Spaces, another alphabet or another hint change no signature, and are edits all the same. */
function isOurForm(written: Uint8Array, payload: Uint8Array, signedBy: readonly string[]): boolean {
  const parsed = Envelope.safeParse(jsonIn(written));
  if (!parsed.success || parsed.data.signatures.length !== 1) return false;
  const [signature] = parsed.data.signatures;
  const envelope = {
    payloadType: MANIFEST_TYPE,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: signedBy[0] ?? '', sig: signature?.sig ?? '' }],
  };
  const sig = Buffer.from(signature?.sig ?? '', 'base64').toString('base64');
  return sig === signature?.sig && envelopeBytes(envelope).equals(written);
}

export function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

export const bundleId = (kept: Kept): string | null => {
  const bytes = kept.get(MANIFEST);
  return bytes === undefined ? null : sha256(bytes);
};
