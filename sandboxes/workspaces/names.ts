/** Names in the engine. The same part of the same attempt has the same name, so it is found again. */
import type { Place } from '../../orchestrator/ports.ts';

export const sandboxName = (place: Place, part: string): string =>
  `proofhouse-${place.run}-${place.attempt}-${part}`;
export const volumeName = (place: Place): string => sandboxName(place, 'workspace');
