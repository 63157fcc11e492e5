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
