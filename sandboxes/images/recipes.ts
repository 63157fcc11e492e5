/**
 * What goes into each sandbox image, and the digest that names it.
 *
 *   root ─▶ base ─▶ one for each agent CLI; all but codex's are made when somebody asks for them
 *     ├────────▶ browser (takes its tools from base)
 *     └────────▶ postgres (the same; made when somebody asks for it)
 *
 * An image is named by the digest of everything that goes into it, so an image that is there is
 * the right one and is never built twice.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AGENT_NAMES,
  type AgentLock,
  type AgentName,
  type LockedAgent,
} from '../../orchestrator/domain/agent-lock.ts';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import type { ImageName } from '../../orchestrator/ports.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Images of services, which not every machine needs. */
export const SERVICE_IMAGES = ['postgres'] as const;
export type ServiceImage = (typeof SERVICE_IMAGES)[number];

/** Agents whose images hold something besides their packages. */
const OWN_FOLDER: ReadonlySet<AgentName> = new Set(['gemini-cli']);

/** What goes into images besides their folders. */
export type Inside = { readonly nodeVersion: string; readonly agents: AgentLock };

export type Recipe = {
  readonly name: 'root' | ImageName | ServiceImage;
  /** Folder with the Dockerfile and what it copies. */
  readonly folder: string;
  /** As in `proofhouse/base:1f2e3d4c5b6a`. */
  readonly tag: string;
  /** Build arguments; names of the images it starts from are among them. */
  readonly args: Readonly<Record<string, string>>;
  /** The agent CLI that is installed in it. */
  readonly agent: LockedAgent | null;
  /** Whether the build needs the distribution's package sources. Everything else comes with the context. */
  readonly network: 'none' | 'default';
};

/** The images that every machine needs, in the order in which they are built. */
export function recipes(inside: Inside): readonly Recipe[] {
  const root = recipe('root', { network: 'default' });
  const base = recipe('base', { args: { ROOT: root.tag } }, [inside.nodeVersion]);
  const browser = recipe('browser', {
    args: { ROOT: root.tag, BASE: base.tag },
    network: 'default',
  });
  return [root, base, agentRecipe('codex', inside.agents.codex, base.tag), browser];
}

/** Images that are made only when somebody asks for them by name: of services, and of the other agents. */
export function wantedRecipes(inside: Inside): readonly Recipe[] {
  const tags = new Map(recipes(inside).map(({ name, tag }) => [name, tag]));
  const base = tags.get('base') ?? '';
  const args = { ROOT: tags.get('root') ?? '', BASE: base };
  const others = AGENT_NAMES.filter((name) => !tags.has(name));
  return [
    ...SERVICE_IMAGES.map((name) => recipe(name, { args, network: 'default' })),
    ...others.map((name) => agentRecipe(name, inside.agents[name], base)),
  ];
}

function agentRecipe(name: AgentName, agent: LockedAgent, base: string): Recipe {
  const { command, warm = '' } = agent;
  const program = agent.program.replaceAll('{arch}', process.arch);
  const args = { BASE: base, COMMAND: command, PROGRAM: program, WARM: warm };
  const folder = OWN_FOLDER.has(name) ? name : 'agent';
  return recipe(name, { folder, args, agent }, [JSON.stringify(agent)]);
}

function recipe(
  name: Recipe['name'],
  of: Partial<Pick<Recipe, 'folder' | 'args' | 'agent' | 'network'>>,
  more: readonly string[] = [],
): Recipe {
  const { folder: named = name, args = {}, agent = null, network = 'none' } = of;
  const folder = path.join(here, named);
  const parts = filesBelow(folder).flatMap((file) => [
    file,
    '\0',
    readFileSync(path.join(folder, file)),
  ]);
  const digest = sha256(...parts, JSON.stringify([args, more]));
  return { name, folder, args, agent, network, tag: `proofhouse/${name}:${digest.slice(7, 19)}` };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('node_modules'))
    .sort();
}
