/** Accounts in the database. E-mail addresses are compared in lower case. */
import type { DatabaseSync } from 'node:sqlite';
import { hashPassword, passwordMatches } from './password.ts';

export type Account = { readonly id: number; readonly email: string; readonly name: string };
export type NewAccount = Omit<Account, 'id'> & { readonly password: string };

// A stranger must not learn from the answer's time whether an account exists.
const NOBODY = hashPassword('nobody has this password');

export function addAccount(db: DatabaseSync, { email, name, password }: NewAccount): Account {
  const added = db
    .prepare('INSERT INTO accounts (email, name, password_hash) VALUES (?, ?, ?)')
    .run(email.toLowerCase(), name, hashPassword(password));
  return { id: Number(added.lastInsertRowid), email: email.toLowerCase(), name };
}

export function accountById(db: DatabaseSync, id: number): Account | null {
  const row = db.prepare('SELECT id, email, name FROM accounts WHERE id = ?').get(id);
  return row === undefined ? null : toAccount(row);
}

export function signIn(db: DatabaseSync, email: string, password: string): Account | null {
  const row = db
    .prepare('SELECT id, email, name, password_hash AS hash FROM accounts WHERE email = ?')
    .get(email.toLowerCase());
  const matches = passwordMatches(password, row === undefined ? NOBODY : String(row['hash']));
  return row !== undefined && matches ? toAccount(row) : null;
}

function toAccount(row: Record<string, unknown>): Account {
  return { id: Number(row['id']), email: String(row['email']), name: String(row['name']) };
}
