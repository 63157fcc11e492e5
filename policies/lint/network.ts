/** Host patterns that are valid and name machines of strangers too. */

import { isWhole } from '../network.ts';
import { isOfAnybody, isShared } from '../shared-hosts.ts';
import type { Found, Linting } from './report.ts';

export function networkFindings({ loaded }: Linting): Found[] {
  return (['setup', 'agent'] as const).flatMap((phase) =>
    (loaded.policy.network?.[phase] ?? []).flatMap(({ host, methods }, index): Found[] => {
      if (host === null) return [];
      const path = ['network', 'phases', phase, 'allow', index, 'host'];
      const found = (message: string, hint: string): Found[] => [
        { code: 'P0407', severity: 'error', path, message, hint },
      ];
      if (isShared(host)) {
        const message = `anybody can have a name that \`${host}\` covers`;
        return found(message, 'name the hosts that are meant');
      }
      if (!isOfAnybody(host) || !isWhole(methods)) return [];
      const message = `whoever has an account at \`${host}\` can be sent what an agent knows`;
      return found(message, 'take it out; such a host stays shut');
    }),
  );
}
