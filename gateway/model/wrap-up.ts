/**
 * Tells an agent, once most of its time is gone, to come to an end with what it has. The words go with
 * every call from then on: what was only said once is not there any more in the next request.
 */

export const NOTICE =
  'Notice from the machine that runs you: most of the time for this task is used up. ' +
  'Begin nothing new. Bring what you have into a state that works, and end.';

/** The words, or null while there is time. The first time it is noted in the run's trace. */
export type WrapUp = (
  note: (kind: 'wrap-up', text: string) => Promise<void>,
) => Promise<string | null>;

export function openWrapUp(atMs: number | null, now: () => number = Date.now): WrapUp {
  let isNoted = false;
  return async (note) => {
    if (atMs === null || now() < atMs) return null;
    if (!isNoted) {
      isNoted = true;
      await note('wrap-up', 'the agent is told that most of its time is gone');
    }
    return NOTICE;
  };
}
