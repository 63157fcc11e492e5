/** `down`: removes what the factory made on this machine. Journals and pull requests stay unless asked. */
import { realpath, rm } from 'node:fs/promises';
import { engineOf, runtimeFolder, unmountAll } from '../compose.ts';
import { type Context, type Exit, show } from './context.ts';

export type DownOptions = { readonly images: boolean; readonly data: boolean };

export async function down(context: Context, options: DownOptions): Promise<Exit> {
  // The controller labels what it makes with the path that links lead to.
  const home = await realpath(context.home).catch(() => context.home);
  const engine = engineOf(home);
  const removed = {
    sandboxesAndVolumes: await engine.removeAll('instance'),
    images: options.images ? await engine.removeImages() : 0,
  };
  await unmountAll(home);
  await rm(runtimeFolder(home), { recursive: true, force: true });
  if (options.data) await rm(context.home, { recursive: true, force: true });
  const data = options.data
    ? ' and the data directory'
    : `; the data directory ${context.home} stays (--data removes it)`;
  show(
    context,
    () =>
      `removed ${removed.sandboxesAndVolumes} sandboxes and volumes, ${removed.images} images${data}`,
    () => removed,
  );
  return 0;
}
