/** A fault as it is printed: what happened and where, then what to do. */
import type { Fault } from '../domain/faults.ts';
import { printableLines } from './columns.ts';

export function faultText({ code, message, todo }: Fault): string {
  return `error[${code}]: ${printableLines(message)}\n  what to do: ${todo}`;
}
