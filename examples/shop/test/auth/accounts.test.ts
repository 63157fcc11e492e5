import { expect, test } from 'vitest';
import { openDatabase } from '../../migrations/run.ts';
import { addAccount, signIn } from '../../src/auth/accounts.ts';
import { hashPassword, passwordMatches } from '../../src/auth/password.ts';

test('a password matches its own hash and no other', () => {
  const hash = hashPassword('open sesame');
  expect(passwordMatches('open sesame', hash)).toBe(true);
  expect(passwordMatches('open sesamE', hash)).toBe(false);
  expect(passwordMatches('open sesame', 'open sesame')).toBe(false);
});

test('signing in takes the right password, whatever the case of the address', () => {
  const db = openDatabase();
  const ada = addAccount(db, { email: 'Ada@Example.com', name: 'Ada', password: 'open sesame' });
  expect(signIn(db, 'ADA@example.com', 'open sesame')).toEqual(ada);
  expect(signIn(db, 'ada@example.com', 'wrong')).toBeNull();
  expect(signIn(db, 'bob@example.com', 'open sesame')).toBeNull();
});
