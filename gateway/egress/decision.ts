/**
 * What was decided on one tunnel, as one line of JSON in ASCII: whatever an agent puts into a name, a
 * line break or a colour of the terminal among it, it is an escaped letter of one value.
 */
import type { HelloCode } from './client-hello.ts';
import type { SlotProblem } from './slots.ts';
import type { SpliceEnd } from './splice.ts';

export type RefusalCode =
  | 'authority_malformed'
  | 'body_on_connect'
  | 'host_not_allowed'
  | 'address_not_global'
  | 'name_unresolved'
  | 'unreachable'
  | 'hello_late'
  | 'hello_broken_off'
  | 'name_not_the_host'
  | SlotProblem
  | HelloCode;

export type Decision =
  | {
      readonly verdict: 'refused';
      readonly reason: RefusalCode;
      /** As it was asked for; of a readable one `host` and `port` are what was understood. */
      readonly target: string;
      readonly host?: string;
      readonly port?: number;
      readonly address?: string;
      /** Server name of the TLS greeting. */
      readonly sni?: string;
      readonly detail?: string;
    }
  | ({ readonly verdict: 'opened'; readonly reason: 'allowed' } & Connection)
  | ({
      readonly verdict: 'closed';
      readonly reason: SpliceEnd;
      readonly bytesUp: number;
      readonly bytesDown: number;
    } & Connection);

export type Connection = {
  readonly host: string;
  readonly port: number;
  /** What was dialled. */
  readonly address: string;
  readonly sni: string;
};

const TEXT_CHARS_MAX = 300;

export function decisionLine(decision: Decision): string {
  const { verdict, reason, ...rest } = decision;
  const line = JSON.stringify({ verdict, reason, ...rest }, (_, value: unknown) =>
    typeof value === 'string' && value.length > TEXT_CHARS_MAX
      ? `${value.slice(0, TEXT_CHARS_MAX)}…`
      : value,
  );
  return line.replace(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
