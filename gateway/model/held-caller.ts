/** The agent's end of a call while another model may still answer: a failure is kept instead of sent. */
import type { Caller } from './caller.ts';

export type HeldCaller = {
  readonly caller: Caller;
  /** Sends the failure that was kept; null when there was none, or bytes have left already. */
  failure(): (() => void) | null;
};

export function heldCaller(caller: Caller): HeldCaller {
  const kept: { send: (() => void) | null } = { send: null };
  return {
    caller: {
      ...caller,
      fail: (status, message, again) => {
        kept.send = () => caller.fail(status, message, again);
      },
    },
    failure: () => kept.send,
  };
}
