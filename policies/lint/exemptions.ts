/** Exemptions that ran out, run too long, excuse nothing, or from a gate that is not theirs. */
import { isHolding } from '../exemptions.ts';
import { coveredBy, gateMatcher, keyed } from '../gates.ts';
import type { ExemptionRule, GateRule } from '../schema.ts';
import type { Found, Linting } from './report.ts';

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 90;

export function exemptionFindings({ loaded, known, now }: Linting): Found[] {
  return loaded.policy.exemptions.flatMap((exemption, index) => {
    const at = (key: string) => ['exemptions', index, key];
    const gate = loaded.policy.gates.find(({ id }) => id === exemption.gate);
    const days = daysLeft(exemption, now);
    const found: (Found | false)[] = [
      !isHolding(exemption, now) && {
        code: 'P0501',
        severity: 'error',
        path: at('expires'),
        message: `the exemption ${exemption.id} ran out on ${exemption.expires} and excuses nothing`,
      },
      days > LONGEST_DAYS && {
        code: 'P0502',
        severity: 'error',
        path: at('expires'),
        message: `the exemption ${exemption.id} holds for ${days} days; ${LONGEST_DAYS} is the most`,
      },
      gate === undefined && {
        code: 'P0504',
        severity: 'error',
        path: at('gate'),
        message: `this file has no gate ${exemption.gate}; nobody excuses from a gate of another`,
      },
      exemption.ticket === null && {
        code: 'P0505',
        severity: 'warning',
        path: ['exemptions', index],
        message: `the exemption ${exemption.id} names no ticket`,
      },
      gate !== undefined &&
        known.length > 0 &&
        !isUsed(exemption, gate, known) && {
          code: 'P0503',
          severity: 'warning',
          path: at('paths'),
          message: `the exemption ${exemption.id} excuses no known file from gate ${exemption.gate}`,
        },
    ];
    return found.filter((one) => one !== false);
  });
}

function daysLeft({ expires }: ExemptionRule, now: string): number {
  return Math.ceil((Date.parse(`${expires}T00:00:00Z`) - Date.parse(now)) / DAY_MS);
}

function isUsed({ paths }: ExemptionRule, gate: GateRule, known: readonly string[]): boolean {
  const isExcused = coveredBy(paths);
  const isGated = gateMatcher(gate);
  return known.some((path) => isExcused(path) && isGated(keyed(path)) !== null);
}
