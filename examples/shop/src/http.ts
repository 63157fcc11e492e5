/** The little of HTTP that the shop needs: cookies, forms and answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const FORM_MAX_BYTES = 16 * 1024;

/** What a route gives back. `cookies` are whole Set-Cookie values. */
export type Answer = {
  readonly status: number;
  readonly type?: string;
  readonly location?: string;
  readonly cookies?: readonly string[];
  readonly body?: string;
};

export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function redirect(location: string, ...cookies: readonly string[]): Answer {
  return { status: 303, location, cookies };
}

export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const pairs = (header ?? '').split('; ').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return new Map(pairs);
}

export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  refuseOtherSites(request);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > FORM_MAX_BYTES) throw new BadRequest(413, 'The form is too big.');
    chunks.push(part);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

export function send(response: ServerResponse, answer: Answer): void {
  response.statusCode = answer.status;
  response.setHeader('content-type', answer.type ?? 'text/html; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'same-origin');
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  if (answer.location !== undefined) response.setHeader('location', answer.location);
  if (answer.cookies?.length) response.setHeader('set-cookie', answer.cookies);
  response.end(answer.body ?? '');
}

/** A browser names the site a form was sent from; another site may not use our visitor's cookies. */
function refuseOtherSites({ headers }: IncomingMessage): void {
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) {
    throw new BadRequest(403, 'This form was sent from another site.');
  }
}
