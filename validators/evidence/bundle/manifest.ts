/** The list of a bundle's files, and the signature over it. Its digest is the name of the bundle. */
import { z } from 'zod';
import { canonical, sha256 } from '../../../orchestrator/domain/canonical.ts';
import { type Envelope, type SigningKey, sign } from '../../../orchestrator/domain/dsse.ts';
import { Fault } from '../../../orchestrator/domain/faults.ts';
import { Digest, RunId, Sha } from '../../../orchestrator/domain/ids.ts';
import { isBundlePath } from './paths.ts';

export const MANIFEST_TYPE = 'application/vnd.proofhouse.manifest.v1+json';

/** What one bundle may hold: the list must fit into an envelope, and nobody reads without an end. */
export const BUNDLE_MAX = { files: 4_000, fileBytes: 2 ** 30, bytes: 4 * 2 ** 30 } as const;

export const FileRole = z.enum([
  'input',
  'policy',
  'view',
  'run',
  'check',
  'evidence',
  'approval',
  'record',
  'attestation',
  'audit',
]);
export type FileRole = z.infer<typeof FileRole>;

export const ManifestFile = z.strictObject({
  path: z.string().refine(isBundlePath),
  role: FileRole,
  /** In hex, as `sha256sum` prints it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().min(0).max(BUNDLE_MAX.fileBytes),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

export const Manifest = z.strictObject({
  v: z.literal(1),
  run: RunId,
  attempt: z.int().min(1),
  repository: z.string(),
  targetRef: z.string(),
  base: Sha,
  tree: Sha,
  /** Digest of the raw entries. */
  change: Digest,
  /** When it was decided that the change may be published. Not when this was written. */
  at: z.iso.datetime(),
  files: z.array(ManifestFile).max(BUNDLE_MAX.files),
});
export type Manifest = z.infer<typeof Manifest>;

export type Made = { readonly path: string; readonly role: FileRole; readonly bytes: Uint8Array };
/** A file that is in the store already. */
export type Stored = {
  readonly path: string;
  readonly role: FileRole;
  readonly digest: Digest;
  readonly size: number;
};

export function listed(files: readonly (Made | Stored)[]): ManifestFile[] {
  if (files.length > BUNDLE_MAX.files) {
    throw new Fault(
      'bundle_too_large',
      `the evidence has ${files.length} files; a bundle takes ${BUNDLE_MAX.files}`,
    );
  }
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size < files.length)
    throw new Fault('internal', 'two files of a bundle have one place');
  return files
    .map((file) => {
      const digest = 'bytes' in file ? sha256(file.bytes) : file.digest;
      return {
        path: file.path,
        role: file.role,
        sha256: digest.slice('sha256:'.length),
        size: 'bytes' in file ? file.bytes.length : file.size,
      };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function signedManifest(
  manifest: Manifest,
  key: SigningKey,
): { readonly manifest: Buffer; readonly envelope: Buffer } {
  const bytes = Buffer.from(canonical(manifest));
  return { manifest: bytes, envelope: envelopeBytes(sign(MANIFEST_TYPE, bytes, key)) };
}

/** The one way in which we write an envelope: a byte more, or another spelling, is an edit. */
export function envelopeBytes(envelope: Envelope): Buffer {
  return Buffer.from(`${canonical(envelope)}\n`);
}
