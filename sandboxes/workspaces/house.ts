/** What every step of a workspace works with. */
import type { Place } from '../../orchestrator/ports.ts';
import type { Quotas } from '../quota.ts';
import type { Folders } from '../source/folders.ts';
import type { Layers } from '../source/layers.ts';
import type { Mount } from '../spec.ts';
import type { Shop } from '../tool.ts';
import type { Leaving } from './leaving.ts';

export type WorkspacesOptions = Shop & {
  readonly folders: Folders;
  /** Short path for sockets: a Unix socket's address ends at 107 bytes. */
  readonly runtime: string;
  readonly quotas: Quotas;
};

/** Where what a sandbox sees lies: in folders of this machine, or in volumes of an engine elsewhere. */
export type Ground = Shop & {
  /** What to start, and where its socket is or will be: at /run/proofhouse. */
  launch(at: { readonly place: Place; readonly part: string }, file: string): Promise<Mount>;
  /** The base commit, to read, at /workspace. */
  base(place: Place, signal: AbortSignal): Promise<Mount>;
};

export type House = WorkspacesOptions &
  Ground & { readonly layers: Layers; readonly leaving: Leaving };
