/** The agent's end of a call while another model may still answer: a failure is kept instead of sent. */
import type { Caller } from './caller.ts';

export type HeldCaller = {
  readonly caller: Caller;
  /** Sends the failure that was kept; null when there was none, or a part of an answer has left before it. */
  failure(): (() => void) | null;
};

export function heldCaller(caller: Caller): HeldCaller {
  const kept: { send: (() => void) | null; begun: boolean } = { send: null, begun: false };
  return {
    caller: {
      ...caller,
      reply: (reply, conversation) => {
        kept.begun = true;
        caller.reply(reply, conversation);
      },
      pass: (bytes, part) => {
        kept.begun = true;
        return caller.pass(bytes, part);
      },
      fail: (status, message, again) => {
        // A second answer behind a part of the first would make the agent do things twice.
        if (kept.begun) caller.fail(status, message, again);
        else kept.send = () => caller.fail(status, message, again);
      },
    },
    failure: () => kept.send,
  };
}
