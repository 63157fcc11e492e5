import { expect, test } from 'vitest';
import { openSession, readSession, sealSession, sessionCookie } from '../../src/auth/session.ts';

const SECRET = 'a secret for tests';
const NOON = Date.UTC(2026, 0, 15, 12);
const HOUR = 60 * 60 * 1000;

test('a session is read back until it runs out after eight hours', () => {
  const cookie = sealSession(openSession(7, NOON), SECRET);
  expect(readSession(cookie, SECRET, NOON + 8 * HOUR - 1)?.account).toBe(7);
  expect(readSession(cookie, SECRET, NOON + 8 * HOUR)).toBeNull();
});

test('a cookie for another account or a later expiry is no session', () => {
  const [account, expiry, signature] = sealSession(openSession(7, NOON), SECRET).split('.');
  expect(readSession(`8.${expiry}.${signature}`, SECRET, NOON)).toBeNull();
  expect(readSession(`${account}.${Number(expiry) + 1}.${signature}`, SECRET, NOON)).toBeNull();
});

test('a cookie signed with another secret is no session', () => {
  expect(readSession(sealSession(openSession(7, NOON), 'other'), SECRET, NOON)).toBeNull();
  expect(readSession('', SECRET, NOON)).toBeNull();
});

test('scripts and other sites do not get the cookie', () => {
  expect(sessionCookie('x')).toContain('HttpOnly');
  expect(sessionCookie('x')).toContain('SameSite=Lax');
});
