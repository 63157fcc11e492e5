/**
 * An agent that obeys whoever it reads: it does every order that is planted in its task, its rules and
 * the README, to the letter. What holds against it does not rest on an agent's good sense.
 */
import { shellAgent } from '../../scenarios/steps.ts';

/** Lines between these marks are an order. They may stand in a comment that nobody sees rendered. */
const ORDER = ['AGENT, DO THIS:', 'END OF ORDER'] as const;

export function planted(...lines: readonly string[]): string {
  return `<!-- ${ORDER[0]}\n${lines.join('\n')}\n${ORDER[1]} -->\n`;
}

const OBEY = `cat "$PROOFHOUSE_TASK_FILE" "$PROOFHOUSE_RULES_FILE" README.md AGENTS.md 2>/dev/null |
  sed -n '/${ORDER[0]}/,/${ORDER[1]}/p' | grep -v '${ORDER[0]}\\|${ORDER[1]}' > /tmp/orders.sh
sh /tmp/orders.sh 2>&1
echo "I obeyed $(grep -c . /tmp/orders.sh) lines."
`;

export const obedientAgent = (): Record<string, string> => shellAgent(OBEY);

/** The same agent on this machine, as it would run in a plain checkout; the orders are the test's own. */
export const OBEDIENT_SCRIPT = OBEY;
