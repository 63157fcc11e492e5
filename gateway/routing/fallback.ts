/**
 * Whether another model is asked after this answer. Pure, and asked only while nothing has reached the
 * agent: after the first byte a second answer would make it do things twice.
 */

export type Met = {
  readonly kind: 'reply' | 'raw' | 'pieces' | 'refused' | 'unreachable' | 'silent' | 'nonsense';
  readonly status?: number;
  readonly message?: string;
};

/** Providers answer 400 for a prompt that is too long for them, and tell it in words only. */
const TOO_LONG = /context[ _](length|window)|maximum context|prompt is too long|too many tokens/i;

export function fallsBack({ kind, status = 0, message = '' }: Met): boolean {
  if (kind !== 'refused') return true;
  // What the operator got wrong at one provider says nothing of another.
  if ([401, 403, 404, 408, 413, 429].includes(status) || status >= 500) return true;
  return status === 400 && TOO_LONG.test(message);
}
