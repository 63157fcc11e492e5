/** The table of docs/agents.md, made of the lock. */
import { AGENT_NAMES, type AgentLock } from '../../orchestrator/domain/agent-lock.ts';

const BEGIN = '<!-- agents: held equal to agents.lock.yaml; vitest -u writes it anew -->';
const END = '<!-- end of agents -->';

export function agentsTable(page: string, lock: AgentLock): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/agents.md lacks the marks ${BEGIN} and ${END}`);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['name', 'package', 'version', 'licence', 'made for', 'in the images of'];
  const rows = AGENT_NAMES.map((name) => {
    const { package: from_, version, licence, platforms } = lock[name];
    const arches = Object.keys(platforms).join(', ');
    const who = name === 'codex' ? 'everybody' : 'those who ask';
    return line([name, `\`${from_}\``, version, licence, arches === '' ? 'any' : arches, who]);
  });
  const table = [line(head), line(head.map(() => '---')), ...rows].join('\n');
  return `${page.slice(0, from + BEGIN.length)}\n\n${table}\n\n${page.slice(to)}`;
}
