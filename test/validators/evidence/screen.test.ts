/** EVD-12: what a check leaves is looked through before it is kept. */
import { describe, expect, test } from 'vitest';
import { redactor } from '../../../gateway/redact.ts';
import { screened } from '../../../validators/evidence/screen.ts';
import { EVIDENCE_ROWS as ROWS } from '../../red-team/evidence/rows.ts';
import { zipOf } from './zip.ts';

const CANARY = 'canary-5d1f6a0b7c';
const TOKEN = `sk-ant-${'a1B2'.repeat(8)}`;
const ours = redactor([CANARY]).bytes;
/** Knows no secret of the controller's, and no shape of one. */
const weak = (bytes: Uint8Array) => bytes;
const kept = async (file: { name: string; bytes: Uint8Array }, redact = ours) => {
  const { files, ...said } = await screened([file], redact);
  return { names: files.map(({ name }) => name), ...said };
};
const trace = (name: string, content: string) => ({
  name: 'specs/a/trace.zip',
  bytes: zipOf({ name: 'trace.trace', content: '{}' }, { name, content }),
});
const LEAKS = [
  ['requests', trace('trace.network', `{"headers":[{"value":"Bearer ${CANARY}"}]}\n{}`)],
  ['the console', trace('trace.trace', `{"type":"console","text":"${CANARY}"}`)],
  ['the page', trace('resources/1.html', `<input value="${CANARY}">`)],
  ['base64', trace('resources/2.txt', Buffer.from(CANARY).toString('base64'))],
  ['a picture that is no text', trace('resources/3.jpeg', `\u00ff\u00d8 ${CANARY} \u0000`)],
  ['the name of a file', trace(`resources/${CANARY}.txt`, 'x')],
  [
    'an archive inside',
    {
      name: 'specs/a/trace.zip',
      bytes: zipOf({ name: 'a.zip', content: zipOf({ name: 'b', content: CANARY }) }),
    },
  ],
] as const;

describe(`${ROWS.trace.id} ${ROWS.trace.attack}`, () => {
  test.each(LEAKS)(
    'in %s: kept by one that looks for nothing, withheld by ours',
    async (_, file) => {
      expect(await kept(file, weak)).toMatchObject({ names: [file.name], findings: [] });
      const said = await kept(file);
      expect(said).toMatchObject({
        names: [],
        findings: [{ code: 'evidence_secret', message: expect.stringContaining("controller's") }],
      });
      expect(JSON.stringify(said)).not.toContain('Bearer');
    },
  );
});

test(`${ROWS.picture.id} ${ROWS.picture.attack}`, async () => {
  const bytes = Buffer.concat([Buffer.from([0x89, 0x50, 0xff, 0xfe]), Buffer.from(CANARY)]);
  const file = { name: 'pages/home-desktop-after.png', bytes };
  expect((await kept(file, weak)).names).toEqual([file.name]);
  expect(await kept(file)).toMatchObject({ names: [], findings: [{ code: 'evidence_secret' }] });
});

describe(`${ROWS.archive.id} ${ROWS.archive.attack}`, () => {
  test.each([
    ['leads above', { name: '../../x', content: 'x' }],
    ['holds a link', { name: 'x', content: '/etc', mode: 0o120777 }],
    ['is a bomb', { name: 'x', content: Buffer.alloc(2 ** 22) }],
  ])('one that %s is not kept, and the check fails', async (_, entry) => {
    const file = { name: 'specs/a/trace.zip', bytes: zipOf(entry) };
    expect(await kept(file)).toMatchObject({ names: [], findings: [{ code: 'evidence_refused' }] });
  });
});

test('what only looks like a key withholds a trace and is said, and fails nothing', async () => {
  expect(await kept(trace('trace.network', `{"cookie":"${TOKEN}"}`))).toMatchObject({
    names: [],
    findings: [],
    notes: [{ code: 'evidence_secret', message: expect.stringContaining('looks like a key') }],
  });
});

test('text is kept, for it loses its secrets in the store', async () => {
  const file = { name: 'junit.xml', bytes: Buffer.from(`<a>${CANARY}</a>`) };
  expect(await kept(file)).toMatchObject({
    names: ['junit.xml'],
    findings: [{ code: 'evidence_secret' }],
  });
});

test('a damaged archive is not kept, and fails nothing', async () => {
  const bytes = zipOf({ name: 'a', content: 'x' }).subarray(0, 40);
  expect(await kept({ name: 'trace.zip', bytes })).toMatchObject({
    ...{ names: [], findings: [], notes: [{ code: 'evidence_cut' }] },
  });
});

test('what holds nothing is kept as it is', async () => {
  const file = trace('trace.network', '{"headers":[]}');
  expect(await kept(file)).toEqual({ names: [file.name], findings: [], notes: [] });
});
