/** What a check came to, as a sandbox reports it, and stores for what it leaves. */
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import { KNOWN_SECRET } from '../../orchestrator/ports/redact.ts';
import type {
  CheckCommand,
  CheckRun,
  EvidenceStore,
  Place,
  Workspaces,
} from '../../orchestrator/ports.ts';
import type { Tools } from '../../validators/command.ts';
import { RUN, sha, TASK } from '../orchestrator/fixtures.ts';
import { strict } from '../orchestrator/strict.ts';

export const PLACE: Place = { run: RUN, attempt: 1, repository: TASK.repository, base: sha('a') };
export const REQUEST = {
  place: PLACE,
  tree: sha('b'),
  plan: null,
  id: 'unit',
  services: [],
} as const;
export const SIGNAL = new AbortController().signal;

export function junit(...cases: readonly string[]): { name: string; bytes: Uint8Array } {
  const xml = `<testsuite>${cases.join('')}</testsuite>`;
  return { name: 'junit.xml', bytes: Buffer.from(xml) };
}
export const PASS = '<testcase name="adds"/>';
export const FAIL = '<testcase name="rounds"><failure message="expected 3 to be 2"/></testcase>';
export const SKIP = '<testcase name="later"><skipped/></testcase>';

export function ran(over: Partial<CheckRun> = {}, end: Partial<CheckRun['end']> = {}): CheckRun {
  return {
    end: { ended: 'exited', exitCode: 0, wallMs: 1_500, ...end },
    tail: ['the last line'],
    files: [junit(PASS, PASS)],
    ...over,
  };
}

export function toolsWith(workspaces: Partial<Workspaces>) {
  const kept: string[] = [];
  const held = new Map<string, Uint8Array>();
  const evidence = strict<EvidenceStore>('evidence', {
    put: async (bytes) => {
      kept.push(Buffer.from(bytes).toString());
      held.set(sha256(bytes), bytes);
      return sha256(bytes);
    },
    get: async (digest) => held.get(digest) ?? null,
  });
  const tools: Tools = {
    workspaces: strict<Workspaces>('workspaces', workspaces),
    evidence,
    redact: (text) => text.replaceAll('hunter2', '***'),
    redactBytes: (bytes) =>
      Buffer.from(bytes).includes('hunter2')
        ? Buffer.from(Buffer.from(bytes).toString().replaceAll('hunter2', KNOWN_SECRET))
        : bytes,
  };
  return { tools, kept };
}

/** Workspaces in which one check comes to this, and that say what was asked of them. */
export function checking(result: CheckRun) {
  const commands: CheckCommand[] = [];
  const check: Workspaces['check'] = async (place, tree, plan, command) => {
    if (place !== PLACE || tree !== REQUEST.tree || plan !== null)
      throw new Error('another change');
    commands.push(command);
    return result;
  };
  return { check, commands };
}
