/**
 * A secret that comes in by every way there is, in every dress, is in no file that a run leaves. First the
 * same journey with a variable whose name says nothing of a secret: then it is nearly everywhere.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../scenarios/support.ts';
import {
  clearedAway,
  gitOut,
  proofhouse,
  queueByHand,
  tinyRepository,
  workspaceFile,
} from '../scenarios/tiny.ts';

const CANARY = 'canary-93be"0c/7d5f21+of the controller';
const HALVES = [CANARY.slice(0, 14), CANARY.slice(14)];

/** The dresses, told apart from ours: a mistake in one would not be in both. */
const DRESSES: Readonly<Record<string, string>> = {
  plain: CANARY,
  json: 'canary-93be\\"0c/7d5f21+of the controller',
  url: 'canary-93be%220c%2F7d5f21%2Bof%20the%20controller',
  base64: Buffer.from(CANARY).toString('base64').slice(0, -4),
};

/** Says what the model told it, in every dress, to everybody who listens. */
const AGENT = `import { readFileSync, writeFileSync } from 'node:fs';
const gateway = process.env.OPENAI_BASE_URL;
const tools = [{ type: 'function', function: { name: 'bash', parameters: { type: 'object', properties: { command: { type: 'string' } } } } }];
const messages = [{ role: 'system', content: 'Be good.' }, { role: 'user', content: readFileSync(process.env.PROOFHOUSE_TASK_FILE, 'utf8') }];
const ask = async (more) => {
  const body = JSON.stringify({ model: 'm', messages, tools, ...more });
  const authorization = 'Bearer ' + process.env.OPENAI_API_KEY;
  const headers = { 'content-type': 'application/json', 'user-agent': 'cli', authorization };
  const answer = await (await fetch(gateway + '/chat/completions', { method: 'POST', headers, body })).json();
  // A question that repeats the canary is refused where it is known as a secret.
  return answer.choices?.[0].message ?? null;
};
const first = await ask({});
const canary = first.content;
messages.push(first, { role: 'tool', tool_call_id: first.tool_calls[0].id, content: canary });
messages[0].content = 'Be good. ' + canary;
await ask({ note: canary });
for (const said of [canary, JSON.stringify({ key: canary }), encodeURIComponent(canary), Buffer.from(canary).toString('base64')]) console.log('said ' + said);
await fetch(gateway + '/out?' + encodeURIComponent(canary)).catch(() => {});
writeFileSync('src/added.mjs', 'export const x = 1;\\n');
`;
const TEST = `import test from 'node:test';
const canary = [${HALVES.map((half) => JSON.stringify(half)).join(', ')}].join('');
test('says ' + canary, () => { console.log(canary, Buffer.from(canary).toString('base64')); });
`;

type Left = { readonly files: ReadonlyMap<string, Buffer>; readonly log: string };

/** Everything that a run leaves when the canary is the value of this variable. */
async function leftBy(variable: string): Promise<Left> {
  const home = scratch('canary');
  const env = { [variable]: CANARY };
  const at = clearedAway({ home, env });
  const models = path.join(scratch('models'), 'canary.yaml');
  const steps = [{ say: CANARY, shell: `echo '${CANARY}'` }, { say: 'Done.' }];
  const when = { prompt_contains: ['Look for secrets'] };
  writeFileSync(models, JSON.stringify({ scenario: 'canary', when, steps }));
  const repository = tinyRepository(path.join(scratch('shop'), 'tiny'), {
    'agent.mjs': AGENT,
    'test/spoken.test.mjs': TEST,
    '.proofhouse/workspace.yaml': workspaceFile('agent: { kind: command, run: [node, agent.mjs] }'),
  });
  const run = await queueByHand(at, repository, `Look for secrets: ${CANARY}\nand say ${CANARY}`);
  const said = [
    await proofhouse(at, 'serve', '--until-idle', '--log', 'debug', '--scripted', models),
    await proofhouse(at, 'run', 'show', run, '--diff'),
    await proofhouse(at, '--json', 'run', 'logs', run),
    await proofhouse(at, 'run', 'harness', run),
    await proofhouse(at, 'model', 'record', run),
  ];
  const messages = readdirSync(path.join(home, 'forge'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.git/HEAD') || name === 'HEAD')
    .map((name) =>
      gitOut(path.join(home, 'forge', path.dirname(name)), 'log', '--all', '--format=%B'),
    );
  const log = [...said.map(({ out, err }) => out + err), ...messages].join('\n');
  expect(log, log).toContain('pull request');
  return { files: filesBelow(home), log };
}

/** Of a link, the name that it holds. */
function filesBelow(home: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(home, { recursive: true, encoding: 'utf8' });
  return new Map(
    names.flatMap((name) => {
      const file = path.join(home, name);
      const found = lstatSync(file);
      if (found.isSymbolicLink()) return [[name, Buffer.from(readlinkSync(file))]];
      return found.isFile() ? [[name, readFileSync(file)]] : [];
    }),
  );
}

/** Where it is, as `place: dress`; a place is the first folder or file of the data directory. */
function foundIn({ files, log }: Left): string[] {
  const places = [...files, ['log', Buffer.from(log)] as const].flatMap(([name, bytes]) => {
    const place = name.split('/')[0]?.replace(/-(wal|shm)$/, '') ?? '';
    const dresses = Object.entries(DRESSES).filter(([, dress]) => bytes.includes(dress));
    return dresses.map(([dress]) => `${place}: ${dress}`);
  });
  return [...new Set(places)].sort();
}

describe('a secret that everybody says', () => {
  it('is in journal, evidence, forge and logs where its variable is called nothing of the kind', async () => {
    const found = foundIn(await leftBy('PROOFHOUSE_TEST_WORD'));
    expect(found).toEqual(
      expect.arrayContaining(['journal.sqlite: plain', 'journal.sqlite: json']),
    );
    expect(found).toEqual(
      expect.arrayContaining(['journal.sqlite: url', 'journal.sqlite: base64']),
    );
    expect(found).toEqual(expect.arrayContaining(['evidence: json', 'forge: json', 'log: plain']));
  });

  it('is in no file of the data directory and in no log where it is called a token', async () => {
    const left = await leftBy('PROOFHOUSE_TEST_TOKEN');
    expect(left.files.size).toBeGreaterThan(10);
    expect(left.log).toContain('«secret:known»');
    expect(foundIn(left)).toEqual([]);
  });
});
