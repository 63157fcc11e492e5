/** Asks `policy explain` as the command line does, and keeps what it says. */
import type { Context } from '../../../orchestrator/commands/context.ts';
import { type AskedOptions, explainAsked } from '../../../orchestrator/commands/policy-explain.ts';
import { asFault } from '../../../orchestrator/domain/faults.ts';
import { faultText } from '../../../orchestrator/text/fault.ts';
import { type Files, temporaryFolder, writeAll } from '../intake/repositories.ts';
import { desk } from './context.ts';

export const POLICY = '.proofhouse/policy.yaml';
const OPTIONS: AskedOptions = {
  paths: [],
  operation: 'modify',
  requester: null,
  branch: null,
  policies: [],
  range: null,
  repository: null,
};

export async function explained(over: Partial<AskedOptions>, around: Partial<Context> = {}) {
  const { context, said } = desk(around);
  const exit = await explainAsked(context, { ...OPTIONS, ...over });
  return { exit, text: said.join('\n') };
}

export async function refused(
  over: Partial<AskedOptions>,
  around: Partial<Context> = {},
): Promise<string> {
  const fault = await explained(over, around).then(() => null, asFault);
  return fault === null ? 'not refused' : `${fault.exit} ${faultText(fault)}`;
}

export function folderWith(files: Files): string {
  const folder = temporaryFolder();
  writeAll(folder, files);
  return folder;
}
