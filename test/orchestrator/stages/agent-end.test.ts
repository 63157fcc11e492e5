import { expect, test } from 'vitest';
import type { AgentEvent } from '../../../orchestrator/ports.ts';
import { heard, NOTHING_HEARD, verdictOf } from '../../../orchestrator/stages/agent-end.ts';

const TELLS = { tellsItsEnd: true };
const after = (...lines: readonly (readonly [string, AgentEvent['kind']?])[]) =>
  lines.reduce(
    (before, [text, kind]) => heard(before, text, kind === undefined ? null : { kind, text }),
    NOTHING_HEARD,
  );

test('the last word on its end counts', () => {
  expect(verdictOf(TELLS, after(['x', 'failed'], ['y', 'completed']))).toBe('completed');
  expect(verdictOf(TELLS, after(['y', 'completed'], ['x', 'failed'], ['z', 'said']))).toBe(
    'failed',
  );
});

test('one that says nothing of its end was cut short', () => {
  expect(verdictOf(TELLS, NOTHING_HEARD)).toBe('cut_short');
  expect(verdictOf(TELLS, after(['done', 'said']))).toBe('cut_short');
});

test('of a program that nobody knows nothing is said', () => {
  expect(verdictOf({ tellsItsEnd: false }, after(['y', 'completed']))).toBeNull();
});

test('its complaint is its last error, or the last line that was no event', () => {
  expect(after(['Invalid auth method selected.'], [''], ['{"type":"init"}']).complaint).toBe(
    'Invalid auth method selected.',
  );
  expect(after(['a warning'], ['no such model', 'error'], ['hello', 'said']).complaint).toBe(
    'no such model',
  );
  expect(after(['x'.repeat(9_000)]).complaint).toHaveLength(500);
});
