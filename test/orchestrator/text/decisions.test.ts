import { expect, test } from 'vitest';
import { Person } from '../../../orchestrator/domain/ids.ts';
import {
  decidedLines,
  missingWords,
  overdueWords,
  requirementWords,
} from '../../../orchestrator/text/decisions.ts';
import { approval, RITA, RUN, SAM } from '../fixtures.ts';

const slot = {
  gate: 'auth',
  group: 'security',
  missing: 1,
  candidates: [RITA, SAM],
  deadlock: null,
};

test('what people decided and what is missing, a line each', () => {
  const lines = decidedLines({
    counted: [
      { approval: approval(RITA).record, carried: false },
      { approval: approval(SAM, { onBehalfOf: RITA } as never).record, carried: true },
    ],
    opened: [{ gate: 'pay', by: [RITA, SAM], incidentUrl: 'https://incidents.acme.dev/7' }],
    lapsed: [{ reason: "local:pia's approval expired at 2026-03-01T10:00:00.000Z." }],
    vetoes: [
      approval(SAM, { decision: 'reject', reason: 'not\u001b[2J yet', gate: 'docs' }).record,
    ],
    open: [slot, { ...slot, gate: 'docs' }],
  });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "local:rita approved gate auth.
    local:sam for local:rita approved gate auth for an earlier change, and it still counts.
    Gate pay is passed by break-glass: local:rita and local:sam, https://incidents.acme.dev/7
    local:pia's approval expired at 2026-03-01T10:00:00.000Z.
    Gate docs is shut by a veto of local:sam: not·[2J yet
    Gate auth needs 1 more of security: local:rita, local:sam could."
  `);
});

test('a slot that nobody can fill says why, and one that many can fill is short', () => {
  const stuck = { ...slot, candidates: [], deadlock: 'security has no members.' };
  expect(missingWords(stuck)).toMatchInlineSnapshot(
    `"Gate auth needs 1 more of security, and nobody is left who could: security has no members."`,
  );
  const people = Array.from({ length: 11 }, (_, index) => Person.parse(`local:p${index}`));
  expect(missingWords({ ...slot, candidates: people })).toMatchInlineSnapshot(
    `"Gate auth needs 1 more of security: local:p0, local:p1, local:p2, local:p3, local:p4, local:p5, local:p6, local:p7 or 3 others could."`,
  );
  expect(missingWords({ ...slot, candidates: [] })).toMatchInlineSnapshot(
    `"Gate auth needs 1 more of security."`,
  );
});

test('a requirement with alternatives', () => {
  const anyOf = [
    [{ group: 'security', count: 2 }],
    [
      { group: 'platform', count: 1 },
      { group: 'dba', count: 1 },
    ],
  ];
  expect(requirementWords({ anyOf })).toMatchInlineSnapshot(
    `"either 2 of security, or 1 of platform and 1 of dba"`,
  );
});

test('an emergency that nobody reviewed in time', () => {
  const due = { kind: 'review_due' as const, id: 'due_1', task: RUN, by: [RITA] };
  expect(overdueWords({ ...due, dueAt: '2026-03-03T10:00:00.000Z' })).toMatchInlineSnapshot(
    `"The emergency of r0000001 was to be reviewed by 2026-03-03 10:00 and was not. No glass is broken before that is done."`,
  );
});
