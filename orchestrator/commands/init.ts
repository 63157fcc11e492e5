/** `init`: a starter policy and workspace file for a repository that Proofhouse has never seen. */
import { init } from '../intake/init.ts';
import { type Context, type Exit, show } from './context.ts';

export async function initCommand(context: Context, folder: string): Promise<Exit> {
  const result = await init(folder, { person: context.person() });
  show(
    context,
    () => [...result.explained, '', ...nextSteps(context, result)].join('\n'),
    () => result,
  );
  return 0;
}

function nextSteps(context: Context, { written }: { written: readonly string[] }): string[] {
  const commit =
    written.length === 0
      ? []
      : [`  git add ${written.join(' ')} && git commit -m "Add Proofhouse policy"`];
  return [
    'Next: read both files, then',
    ...commit,
    `  ${context.command} policy lint`,
    `  ${context.command} task add --repo . "what you want"`,
    `  ${context.command} serve --until-idle`,
  ];
}
