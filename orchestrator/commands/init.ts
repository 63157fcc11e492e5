/** `init`: a starter policy and workspace file for a repository that Proofhouse has never seen. */
import { type InitResult, init } from '../intake/init.ts';
import { lockOf } from '../intake/packages.ts';
import type { Survey } from '../intake/survey.ts';
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

/** Only what a lock file names can be fetched. */
function needsLock({ packages }: Survey): boolean {
  const { manager, dependencies, hasWorkspaces } = packages;
  return (
    manager === 'npm' && lockOf(packages) === null && (dependencies.length > 0 || hasWorkspaces)
  );
}

function nextSteps(
  context: Context,
  { written, survey }: Pick<InitResult, 'written' | 'survey'>,
): string[] {
  const commit =
    written.length === 0
      ? []
      : [`  git add ${written.join(' ')} && git commit -m "Add Proofhouse policy"`];
  return [
    'Next: read both files, then',
    ...(needsLock(survey)
      ? ['  npm install --package-lock-only && git add package-lock.json']
      : []),
    ...commit,
    `  ${context.command} policy lint`,
    `  ${context.command} task add --repo . "what you want"`,
    `  ${context.command} serve --until-idle`,
  ];
}
