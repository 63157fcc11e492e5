DROP INDEX payments_by_account;
