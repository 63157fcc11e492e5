/**
 * The payment ledger: what was charged and what was given back. Rows are only ever added.
 * Every entry has an idempotency key: asking twice with one key pays once, and one key for two
 * different payments is refused.
 */
import type { DatabaseSync } from 'node:sqlite';

export const AMOUNT_MAX_CENTS = 1_000_000;

export type Payment = {
  readonly id: number;
  readonly key: string;
  readonly account: number;
  readonly kind: 'charge' | 'refund';
  readonly cents: number;
  /** The charge that a refund gives back from; null for a charge. */
  readonly refundOf: number | null;
  readonly at: string;
};
export type Charge = Pick<Payment, 'key' | 'account' | 'cents' | 'at'>;
export type Refund = Pick<Payment, 'key' | 'cents' | 'at'> & { readonly refundOf: number };

export type Refusal = 'bad_key' | 'bad_amount' | 'key_reused' | 'no_such_charge' | 'refund_too_big';

export class PaymentRefused extends Error {
  override readonly name = 'PaymentRefused';
  readonly code: Refusal;
  constructor(code: Refusal, message: string) {
    super(message);
    this.code = code;
  }
}

export function charge(db: DatabaseSync, { key, account, cents, at }: Charge): Payment {
  return once(db, { key, account, kind: 'charge', cents, refundOf: null, at });
}

export function refund(db: DatabaseSync, { key, refundOf, cents, at }: Refund): Payment {
  const charged = paymentById(db, refundOf);
  if (charged === null || charged.kind !== 'charge') {
    throw new PaymentRefused('no_such_charge', `Payment ${refundOf} is not a charge.`);
  }
  const entry: Entry = { key, account: charged.account, kind: 'refund', cents, refundOf, at };
  return once(db, entry, () => {
    const left = charged.cents - refundedCents(db, refundOf);
    if (cents > left) {
      throw new PaymentRefused('refund_too_big', `Only ${left} cents of ${refundOf} are left.`);
    }
  });
}

export function paymentById(db: DatabaseSync, id: number): Payment | null {
  return toPayment(db.prepare('SELECT * FROM payments WHERE id = ?').get(id));
}

/** Charges less refunds. */
export function balanceCents(db: DatabaseSync, account: number): number {
  const row = db
    .prepare(
      `SELECT coalesce(sum(CASE kind WHEN 'charge' THEN cents ELSE -cents END), 0) AS balance
       FROM payments WHERE account_id = ?`,
    )
    .get(account);
  return Number(row?.['balance']);
}

type Entry = Omit<Payment, 'id'>;

function once(db: DatabaseSync, entry: Entry, allowed: () => void = () => {}): Payment {
  checkShape(entry);
  db.exec('BEGIN IMMEDIATE');
  try {
    const payment = replayed(db, entry) ?? insert(db, entry, allowed);
    db.exec('COMMIT');
    return payment;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

function checkShape({ key, cents }: Entry): void {
  if (!/^[\w-]{8,64}$/.test(key)) {
    throw new PaymentRefused('bad_key', 'An idempotency key has 8 to 64 letters, digits, - or _.');
  }
  if (!Number.isSafeInteger(cents) || cents <= 0 || cents > AMOUNT_MAX_CENTS) {
    throw new PaymentRefused('bad_amount', `${cents} is not a whole number of cents in range.`);
  }
}

function replayed(db: DatabaseSync, entry: Entry): Payment | null {
  const first = toPayment(
    db.prepare('SELECT * FROM payments WHERE idempotency_key = ?').get(entry.key),
  );
  if (first === null) return null;
  const same =
    first.account === entry.account &&
    first.kind === entry.kind &&
    first.cents === entry.cents &&
    first.refundOf === entry.refundOf;
  if (!same) throw new PaymentRefused('key_reused', `Key ${entry.key} paid for something else.`);
  return first;
}

function insert(db: DatabaseSync, entry: Entry, allowed: () => void): Payment {
  allowed();
  const { lastInsertRowid } = db
    .prepare(
      `INSERT INTO payments (idempotency_key, account_id, kind, cents, refund_of, at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(entry.key, entry.account, entry.kind, entry.cents, entry.refundOf, entry.at);
  return { id: Number(lastInsertRowid), ...entry };
}

function refundedCents(db: DatabaseSync, id: number): number {
  const row = db
    .prepare('SELECT coalesce(sum(cents), 0) AS cents FROM payments WHERE refund_of = ?')
    .get(id);
  return Number(row?.['cents']);
}

function toPayment(row: Record<string, unknown> | undefined): Payment | null {
  if (row === undefined) return null;
  return {
    id: Number(row['id']),
    key: String(row['idempotency_key']),
    account: Number(row['account_id']),
    kind: row['kind'] === 'refund' ? 'refund' : 'charge',
    cents: Number(row['cents']),
    refundOf: row['refund_of'] === null ? null : Number(row['refund_of']),
    at: String(row['at']),
  };
}
