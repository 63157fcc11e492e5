/**
 * Doors that are weak on purpose, in one thing each. No option of a gateway leaves the token or the search
 * for secrets out; an attack that is first seen to work takes what it needs from here, and nobody else does.
 */
import { secretSearch } from '../../gateway/secret-search.ts';
import type { GatewayOptions } from '../../gateway/server.ts';
import type { RunToken } from '../../orchestrator/domain/ids.ts';

/** Its token is whatever the attacker shows, also what no token looks like. */
export function doorThatAsksFor(shown: string): Pick<GatewayOptions, 'token'> {
  return { token: shown as RunToken };
}

/** Of a controller without one secret, whose policy lets shapes pass. */
export const LOOKS_FOR_NOTHING: Pick<GatewayOptions, 'secrets'> = {
  secrets: secretSearch([], false),
};
