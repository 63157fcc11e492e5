/** The token of a run: what is shown at its door, in each place where a client may put a key. */
import { describe, expect, it } from 'vitest';
import { EGRESS_ROWS as ROWS } from '../../red-team/egress/rows.ts';
import { DIALECTS, WIRES } from '../callers.ts';
import { gatewayWith, RUN, scripted, TOKEN } from '../open.ts';
import { doorThatAsksFor } from '../weak-door.ts';

const ALIKE = `proofhouse-${RUN}-${'0b'.repeat(24)}`;
const OTHER = `proofhouse-r0000002-${'0a'.repeat(24)}`;
const SAYS = scripted('  - say: hello\n  - say: more');

/** Shows nothing but what it is told to. */
const bare = (url: string, body: object, headers: object): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { ...headers } });

const PLACES: readonly [string, (key: string) => { query: string; headers: object }][] = [
  ['Authorization', (key) => ({ query: '', headers: { authorization: `Bearer ${key}` } })],
  ['x-api-key', (key) => ({ query: '', headers: { 'x-api-key': key } })],
  ['x-goog-api-key', (key) => ({ query: '', headers: { 'x-goog-api-key': key } })],
  ['?key=', (key) => ({ query: `key=${key}`, headers: {} })],
];

describe.each(WIRES)(`${ROWS.token.id}: ${ROWS.token.attack}: %s`, (wire) => {
  const { path, long, error } = DIALECTS[wire];
  const ask = async (url: string, { query, headers }: { query: string; headers: object }) => {
    const address = `${url}${path(false)}${query === '' ? '' : `?${query}`}`;
    return bare(address, long(false), headers);
  };

  it.each(PLACES)('the token of the run is taken in %s', async (_, at) => {
    const { url, failures } = await gatewayWith({ model: SAYS });
    expect((await ask(url, at(TOKEN))).status).toBe(200);
    expect(failures()).toEqual([]);
  });

  it.each(
    PLACES.flatMap(([place, at]) =>
      [ALIKE, OTHER, TOKEN.slice(0, -1), `${TOKEN}x`].map((key) => [key, place, at] as const),
    ),
  )(
    '%j in %s is refused, on record, and let in at a door that asks for just that',
    async (key, _, at) => {
      const weak = await gatewayWith({ model: SAYS, ...doorThatAsksFor(key) });
      // Another run's is refused even there, by its name.
      expect((await ask(weak.url, at(key))).status === 200).toBe(key !== OTHER);
      const { url, notes, ledger } = await gatewayWith({ model: SAYS });
      const answer = await ask(url, at(key));
      expect(answer.status).toBe(wire === 'responses' ? 400 : 403);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      expect(error.safeParse(await answer.json()).error).toBeUndefined();
      expect(notes).toHaveLength(1);
      expect(notes[0]).toMatch(
        /^refused: .* the key is (not the token of this run|of another run)/,
      );
      expect(notes[0]).not.toContain('0a0a');
      expect(ledger.calls()).toMatchObject([{ state: 'failed', failure: 'call_refused' }]);
    },
  );

  it('a caller without any key, or with an empty one, is refused', async () => {
    const { url, failures } = await gatewayWith({ model: SAYS });
    expect((await ask(url, { query: '', headers: {} })).ok).toBe(false);
    for (const [, at] of PLACES) expect((await ask(url, at(''))).ok).toBe(false);
    expect(failures()).toEqual(Array(5).fill('call_refused'));
  });
});

it('signs of life and lists are answered without one', async () => {
  const { url, notes } = await gatewayWith({ model: SAYS });
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(`${url}/v1/models`)).status).toBe(200);
  expect(notes).toEqual([]);
});

it('is good for as long as its door is open, and a door that opens again asks for the same', async () => {
  const before = await gatewayWith({ model: SAYS });
  await before.close();
  const headers = { 'x-api-key': TOKEN };
  const { path, long } = DIALECTS.messages;
  await expect(bare(before.url + path(false), long(false), headers)).rejects.toThrow();
  const again = await gatewayWith({ model: SAYS, socketPath: before.socketPath });
  expect((await bare(again.url + path(false), long(false), headers)).status).toBe(200);
});
