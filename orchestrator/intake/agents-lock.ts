/** Reads `agents.lock.yaml` of this installation: what agent CLIs are installed from. */
import { readFileSync } from 'node:fs';
import { renderProblem } from '../../policies/problems.ts';
import { parseYaml } from '../../policies/yaml-source.ts';
import { AgentLock } from '../domain/agent-lock.ts';
import { Fault } from '../domain/faults.ts';

const FILE = 'agents.lock.yaml';
const PATH = new URL(`../../${FILE}`, import.meta.url);

export function lockedAgents(): AgentLock {
  return parseAgentLock(readFileSync(PATH, 'utf8'));
}

/** Throws with every problem of the file, each at its line and column. */
export function parseAgentLock(source: string): AgentLock {
  const parsed = parseYaml(source, FILE, AgentLock);
  if ('value' in parsed) return parsed.value.agents;
  throw new Fault('image_missing', parsed.problems.map(renderProblem).join('\n\n'));
}
