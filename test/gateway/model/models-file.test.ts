import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseModel } from '../../../gateway/model/choose.ts';
import { openModels } from '../../../gateway/model/open.ts';

const KEYS = { ACME_API_KEY: 'sk-not-to-be-seen' };

async function read(text: string, environment: Record<string, string> = KEYS) {
  const folder = mkdtempSync(join(tmpdir(), 'proofhouse-models-'));
  const file = join(folder, 'models.yaml');
  writeFileSync(file, text);
  try {
    return await openModels(chooseModel({ ...environment, PROOFHOUSE_MODELS: file }, null));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('models have the names that a policy uses; the first is the usual one', async () => {
  const models = await read(`models:
  frontier: { protocol: anthropic, url: https://api.anthropic.com, model: claude-opus-5, key_from: ACME_API_KEY }
  local-small:
    protocol: openai
    url: http://127.0.0.1:11434
    model: qwen3
    vendor: local
    price: { input: "0.1", output: "0.4", cache_read: "0.01" }
`);
  expect(models).toMatchObject([
    { id: 'frontier', vendor: 'anthropic', model: 'claude-opus-5', price: null },
    {
      ...{ id: 'local-small', vendor: 'local' },
      price: {
        rates: { input: 100_000, cacheRead: 10_000, cacheWrite1h: 200_000, reasoning: 400_000 },
      },
    },
  ]);
  expect(JSON.stringify(models)).not.toContain(KEYS.ACME_API_KEY);
});

const entry = (more: string) =>
  `models: { a: { protocol: openai, url: "http://h", model: m${more} } }`;
test.each([
  [
    'a key in the address',
    entry('').replace('http://h', 'http://u:sk-1@h'),
    'a key belongs in a variable',
  ],
  ['a key in its place', entry(', key_from: sk-1'), 'expected a variable'],
  ['a variable that nobody would know as secret', entry(', key_from: HOME'), 'expected a variable'],
  [
    'a variable that is empty',
    entry(', key_from: OTHER_API_KEY'),
    'wants its key in OTHER_API_KEY',
  ],
  ['a word it does not know', entry(', pirce: free'), 'pirce'],
  ['a price that is a number', entry(', price: { input: 3, output: 15 }'), 'price.input'],
  [
    'a name no policy could write',
    'models: { Big: { protocol: openai, url: "http://h", model: m } }',
    'Big',
  ],
  ['no model', 'models: {}', 'names no model'],
  ['a key twice', 'models: {}\nmodels: {}', 'no YAML'],
])('a file with %s is refused', async (_, text, says) => {
  await expect(read(text)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(says),
  });
});

test('a file that is not there is named', async () => {
  const choice = chooseModel({ PROOFHOUSE_MODELS: '/nowhere/models.yaml' }, null);
  await expect(openModels(choice)).rejects.toMatchObject({ code: 'file_unreadable' });
});
