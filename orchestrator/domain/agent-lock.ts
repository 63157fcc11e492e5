/** The agent CLIs that there are adapters for, and the file that says what each is installed from. */
import { z } from 'zod';

export const AGENT_NAMES = [
  'claude-code',
  'codex',
  'copilot',
  'gemini-cli',
  'opencode',
  'qwen-code',
] as const;
export const AgentName = z.enum(AGENT_NAMES);
export type AgentName = z.infer<typeof AgentName>;

const text = z.string('expected a text').min(1);
const package_ = {
  package: text,
  version: text,
  /** Of the registry's tarball. */
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/, 'expected sha512-… of the tarball'),
};
const Platform = z.strictObject({
  ...package_,
  /** Folder below node_modules, where it is not the package's name. */
  as: text.optional(),
});

const LockedAgent = z.strictObject({
  ...package_,
  licence: text,
  proprietary: z.boolean(),
  /** What it is called on the PATH of its image. */
  command: z.string().regex(/^[a-z]+$/),
  /** What that starts, below node_modules; `{arch}` stands for the machine's. */
  program: text,
  /** `NAME=value` under which it is started once in the image, so that no run unpacks it anew. */
  warm: text.optional(),
  /** What it needs besides on each machine. None of it means that it runs on all. */
  platforms: z.partialRecord(z.enum(['x64', 'arm64']), Platform).default({}),
});
export type LockedAgent = z.infer<typeof LockedAgent>;

export const AgentLock = z.strictObject({
  apiVersion: z.literal('proofhouse/v1'),
  kind: z.literal('AgentLock'),
  agents: z.record(AgentName, LockedAgent),
});
export type AgentLock = z.infer<typeof AgentLock>['agents'];
