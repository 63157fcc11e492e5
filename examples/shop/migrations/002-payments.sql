CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  idempotency_key TEXT NOT NULL UNIQUE,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  kind TEXT NOT NULL CHECK (kind IN ('charge', 'refund')),
  cents INTEGER NOT NULL CHECK (cents > 0),
  refund_of INTEGER REFERENCES payments (id),
  at TEXT NOT NULL,
  CHECK ((kind = 'refund') = (refund_of IS NOT NULL))
) STRICT;
