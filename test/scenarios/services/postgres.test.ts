/** A test suite that needs a database runs with no network at all. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { eventsOf, saidBy, shellAgent } from '../steps.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../support.ts';
import { ended, proofhouse, succeeded, tinyRepository, workspaceFile } from '../tiny.ts';

const BUILD_MS = 10 * 60_000;

/** Enough of PostgreSQL's protocol to ask a question: no package is installed for it. */
const CLIENT = `import net from 'node:net';
export function ask(sql) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(5432, '127.0.0.1');
    const text = (value) => Buffer.from(value + '\\0');
    const sized = (head, body) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(body.length + 4);
      return Buffer.concat([head, size, body]);
    };
    const version = Buffer.from([0, 3, 0, 0]);
    const names = text(['user', 'postgres', 'database', 'shop', ''].join('\\0'));
    socket.write(sized(Buffer.alloc(0), Buffer.concat([version, names])));
    socket.once('error', reject);
    let held = Buffer.alloc(0);
    let hasAsked = false;
    const rows = [];
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 5 && held.length > held.readInt32BE(1)) {
        const size = held.readInt32BE(1);
        const [kind, body] = [String.fromCharCode(held[0]), held.subarray(5, size + 1)];
        held = held.subarray(size + 1);
        if (kind === 'E') reject(new Error(body.toString()));
        if (kind === 'D') rows.push(body.subarray(6, 6 + body.readInt32BE(2)).toString());
        if (kind !== 'Z') continue;
        if (hasAsked) socket.end(() => resolve(rows));
        else socket.write(sized(Buffer.from('Q'), text(sql)));
        hasAsked = true;
      }
    });
  });
}
`;
const TEST = `import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { ask } from '../src/ask.mjs';

test('the database holds what the seed put there, and nothing of the agent', async () => {
  assert.deepEqual(await ask('select name from things order by name'), ['one', 'two']);
});
test('there is no other network', async () => {
  assert.deepEqual(readdirSync('/sys/class/net'), ['lo']);
  const code = await new Promise((done) => {
    net.connect(53, '1.1.1.1').once('error', (error) => done(error.code));
  });
  assert.equal(code, 'ENETUNREACH');
});
`;
const PSQL = 'psql, -d, shop, -v, ON_ERROR_STOP=1';
const SERVICES = `services:
  - name: db
    image: postgres
    env: { POSTGRES_DB: shop }
    ready: { run: [pg_isready, -d, shop], within: 20s }
    seed: [[${PSQL}, -f, db/things.sql]]
    data: /var/lib/postgresql
`;

it('the image of a service is made when somebody asks for it, and then is there', {
  timeout: BUILD_MS,
}, async () => {
  succeeded(await proofhouse({ home: scratch('build') }, 'setup', '--service', 'postgres'));
  const again = await proofhouse({ home: scratch('build') }, 'setup', '--service', 'postgres');
  succeeded(again);
  expect(again.err).not.toContain('building');
  const slip = await proofhouse({ home: scratch('build') }, 'setup', '--service', 'mysql');
  ended(slip, 2);
  expect(slip.err).toContain('there is postgres');
});

it('the agent and each check have a database of their own, and the run leaves none behind', async () => {
  const factory = await testFactory('postgres');
  const script = `cat > insert.mjs <<'END'
import { ask } from './src/ask.mjs';
await ask("insert into things values ('of the agent')");
console.log('agent sees ' + (await ask('select count(*) from things')));
END
node insert.mjs; rm insert.mjs; echo 'export const more = 1;' > src/more.mjs\n`;
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    ...shellAgent(script),
    'db/things.sql':
      "create table things (name text); insert into things values ('one'), ('two');\n",
    'src/ask.mjs': CLIENT,
    'test/ask.test.mjs': TEST,
    '.proofhouse/workspace.yaml': workspaceFile(
      `agent: { kind: command, run: [sh, fix.sh] }\n${SERVICES}`,
    ),
  });
  const { id } = await queue(factory, repository, 'Add more');
  const run = await settle(factory, id);
  expect(run, JSON.stringify(run)).toMatchObject({ outcome: { kind: 'published' } });
  expect(await saidBy(factory, id, 1)).toContain('agent sees 3');
  expect(await eventsOf(factory, id)).toContain('validation_passed');
  expect(leftOver(id)).toEqual([]);
});
