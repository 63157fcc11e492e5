/**
 * Who is signed in. A session is a signed cookie, `account.expiry.signature`: nothing is kept on
 * the server, and a cookie that was changed or has run out is no session at all.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const SESSION_COOKIE = 'session';
export const SESSION_SECONDS = 8 * 60 * 60;

export type Session = { readonly account: number; readonly expiresAtMs: number };

export function openSession(account: number, nowMs: number): Session {
  return { account, expiresAtMs: nowMs + SESSION_SECONDS * 1000 };
}

export function sealSession(session: Session, secret: string): string {
  const body = `${session.account}.${session.expiresAtMs}`;
  return `${body}.${sign(body, secret)}`;
}

export function readSession(cookie: string, secret: string, nowMs: number): Session | null {
  const [, account, expiry, signature] =
    /^([1-9]\d{0,9})\.([1-9]\d{0,15})\.([\w-]{43})$/.exec(cookie) ?? [];
  if (account === undefined || expiry === undefined || signature === undefined) return null;
  const expected = Buffer.from(sign(`${account}.${expiry}`, secret));
  if (!timingSafeEqual(expected, Buffer.from(signature))) return null;
  const session = { account: Number(account), expiresAtMs: Number(expiry) };
  return session.expiresAtMs > nowMs ? session : null;
}

/** Without Max-Age the browser forgets the cookie when it is closed. */
export function sessionCookie(value: string): string {
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax`;
}

export function clearedSessionCookie(): string {
  return `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`;
}

function sign(body: string, secret: string): string {
  return createHmac('sha256', secret).update(`session.v1.${body}`).digest('base64url');
}
