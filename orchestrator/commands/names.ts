/** How people and runs are named on a command line. */
import { randomInt } from 'node:crypto';
import { Fault } from '../domain/faults.ts';
import { Person, RunId } from '../domain/ids.ts';

/** Without letters that are read as others. */
const LETTERS = '0123456789abcdefghijkmnpqrstuvwxyz';
const LENGTH = 7;

/** `rita` is a person of this machine; `github:ana` says where she is known. */
export function personNamed(name: string): Person {
  const parsed = Person.safeParse(name.includes(':') ? name : `local:${name}`);
  if (parsed.success) return parsed.data;
  throw new Fault('usage', `"${name}" is no person: write provider:login, as in local:rita`);
}

export function newRunId(): RunId {
  const letters = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]);
  return RunId.parse(`r${letters.join('')}`);
}

export type RecordPrefix = 'apr' | 'rev' | 'lft' | 'dlg' | 'brk' | 'rvw';

const TIME_LETTERS = 9;
const RECORD_LETTERS = 26;

/** Sorted by when it was made, to the millisecond; random in the rest. */
export function newRecordId(prefix: RecordPrefix, now: Date): string {
  const time = now.getTime().toString(36).padStart(TIME_LETTERS, '0');
  const rest = Array.from(
    { length: RECORD_LETTERS - time.length },
    () => LETTERS[randomInt(LETTERS.length)],
  );
  return `${prefix}_${time}${rest.join('')}`;
}
