/** Which session of an agent a call belongs to, told by the headers that the CLIs send. Pure. */

const HEADERS = ['x-claude-code-session-id', 'session-id', 'thread-id', 'x-session-id'];
const CHARACTERS_MAX = 200;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Empty when nobody said; then all such calls of a role are one session. */
export function sessionOf(headers: Headers, body: Readonly<Record<string, unknown>>): string {
  const told = [...HEADERS.map((name) => headers[name]), body['prompt_cache_key']];
  const found = told.find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found.slice(0, CHARACTERS_MAX) : '';
}
