/** What every step of a workspace works with. */
import type { Quotas } from '../quota.ts';
import type { Folders } from '../source/folders.ts';
import type { Layers } from '../source/layers.ts';
import type { Shop } from '../tool.ts';

export type WorkspacesOptions = Shop & {
  readonly folders: Folders;
  /** Short path for sockets: a Unix socket's address ends at 107 bytes. */
  readonly runtime: string;
};

export type House = WorkspacesOptions & { readonly layers: Layers; readonly quotas: Quotas };
