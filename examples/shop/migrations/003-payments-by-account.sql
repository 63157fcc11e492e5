CREATE INDEX payments_by_account ON payments (account_id);
