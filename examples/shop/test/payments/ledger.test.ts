import type { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../migrations/run.ts';
import { addAccount } from '../../src/auth/accounts.ts';
import { balanceCents, charge, PaymentRefused, refund } from '../../src/payments/ledger.ts';

const at = '2026-01-15T12:00:00.000Z';
let db: DatabaseSync;
let account: number;

beforeEach(() => {
  db = openDatabase();
  account = addAccount(db, { email: 'ada@example.com', name: 'Ada', password: 'x' }).id;
});

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof PaymentRefused) return error.code;
    throw error;
  }
  return 'allowed';
}

test('asking twice with one key charges once', () => {
  const first = charge(db, { key: 'order-0001', account, cents: 4945, at });
  expect(charge(db, { key: 'order-0001', account, cents: 4945, at })).toEqual(first);
  expect(balanceCents(db, account)).toBe(4945);
});

test('one key for another amount is refused', () => {
  charge(db, { key: 'order-0001', account, cents: 4945, at });
  expect(refusal(() => charge(db, { key: 'order-0001', account, cents: 1, at }))).toBe(
    'key_reused',
  );
});

test('only whole, positive cents within the limit are charged', () => {
  const codes = [0, -1, 10.5, Number.NaN, 1_000_001].map((cents) =>
    refusal(() => charge(db, { key: 'order-0001', account, cents, at })),
  );
  expect(codes).toEqual(Array(5).fill('bad_amount'));
  expect(refusal(() => charge(db, { key: '', account, cents: 1, at }))).toBe('bad_key');
});

test('refunds never give back more than was charged', () => {
  const { id } = charge(db, { key: 'order-0001', account, cents: 1000, at });
  refund(db, { key: 'refund-01', refundOf: id, cents: 600, at });
  refund(db, { key: 'refund-01', refundOf: id, cents: 600, at });
  const tooMuch = () => refund(db, { key: 'refund-02', refundOf: id, cents: 401, at });
  expect(refusal(tooMuch)).toBe('refund_too_big');
  expect(balanceCents(db, account)).toBe(400);
});

test('a refund of nothing is refused', () => {
  expect(refusal(() => refund(db, { key: 'refund-01', refundOf: 9, cents: 1, at }))).toBe(
    'no_such_charge',
  );
});
