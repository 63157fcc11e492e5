import { describe, expect, it } from 'vitest';
import { chooseModel } from '../../../gateway/model/choose.ts';
import { openModel } from '../../../gateway/model/open.ts';
import { serverThat } from '../open.ts';

const LIST = JSON.stringify({ data: [{ id: 'local-1' }, { id: 'local-2' }] });

it('without a name it is the first model that the server lists', async () => {
  const server = await serverThat((response) => response.end(LIST));
  const environment = { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: 'the-key' };
  const model = await openModel(chooseModel(environment, null));
  expect(model).toMatchObject({ model: 'local-1', price: null });
  expect(model.name).toBe(`local-1 at ${new URL(server.url).host}`);
  expect(server.seen).toMatchObject([
    { method: 'GET', url: '/v1/models', headers: { authorization: 'Bearer the-key' } },
  ]);
});

it('Gemini lists its models in its own way', async () => {
  const server = await serverThat((response) => response.end('{"models":[{"name":"models/g-1"}]}'));
  const environment = { GEMINI_BASE_URL: server.url, GEMINI_API_KEY: 'the-key' };
  const model = await openModel(chooseModel(environment, null));
  expect(model).toMatchObject({ model: 'g-1', wire: 'gemini' });
  expect(server.seen).toMatchObject([
    { url: '/v1beta/models', headers: { 'x-goog-api-key': 'the-key' } },
  ]);
});

it('with a name nothing is asked', async () => {
  const server = await serverThat((response) => response.end(LIST));
  const environment = { ANTHROPIC_BASE_URL: server.url, PROOFHOUSE_MODEL: 'claude-x' };
  expect(await openModel(chooseModel(environment, null))).toMatchObject({
    model: 'claude-x',
    wire: 'messages',
  });
  expect(server.seen).toEqual([]);
});

describe('no name to be had is a fault', () => {
  it.each([
    ['a refusal', 401, '', 'model_unavailable'],
    ['something else', 200, '<html>', 'model_nonsense'],
    ['an empty list', 200, '{"data":[]}', 'model_nonsense'],
  ])('%s', async (_what, status, body, code) => {
    const server = await serverThat((response) => response.writeHead(status).end(body));
    const choice = chooseModel({ OPENAI_BASE_URL: server.url }, null);
    await expect(openModel(choice)).rejects.toMatchObject({ code });
  });

  it('nobody there', async () => {
    const choice = chooseModel({ OPENAI_BASE_URL: 'http://127.0.0.1:9' }, null);
    await expect(openModel(choice)).rejects.toMatchObject({ code: 'model_unavailable' });
  });

  it('no model at all', async () => {
    await expect(openModel(chooseModel({}, null))).rejects.toMatchObject({
      code: 'model_unavailable',
    });
  });
});
