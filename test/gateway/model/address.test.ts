import { describe, expect, it } from 'vitest';
import { askedAt, foreign } from '../../../gateway/model/address.ts';

const OWN = { run: 'r0000001', headers: {} };

function short(method: string, url: string) {
  const asked = askedAt(method, url);
  if (asked === null) return null;
  const { protocol, action, run, role, model, stream } = asked;
  return [protocol.wire, action, run, role, model, stream];
}

describe('what is asked', () => {
  it.each([
    ['POST', '/v1/messages?beta=true', ['messages', 'answer', null, 'edit', null, null]],
    ['POST', '/v1/messages/count_tokens', ['messages', 'count', null, 'edit', null, null]],
    ['POST', '/v1/responses', ['responses', 'answer', null, 'edit', null, null]],
    ['POST', '/v1/chat/completions', ['chat', 'answer', null, 'edit', null, null]],
    [
      'POST',
      '/v1beta/models/g-3:generateContent',
      ['gemini', 'answer', null, 'edit', 'g-3', false],
    ],
    [
      'POST',
      '/v1beta/models/g:streamGenerateContent?alt=sse',
      ['gemini', 'answer', null, 'edit', 'g', true],
    ],
    ['POST', '/v1beta/models/g:countTokens', ['gemini', 'count', null, 'edit', 'g', false]],
    ['GET', '/v1/models', ['chat', 'list', null, 'edit', null, null]],
    ['GET', '/v1beta/models', ['gemini', 'list', null, 'edit', null, null]],
    ['GET', '/v1beta/models/g', ['gemini', 'list', null, 'edit', 'g', null]],
    ['HEAD', '/', ['messages', 'alive', null, 'edit', null, null]],
    ['HEAD', '/run/r0000001/plan/api/hello', ['messages', 'alive', 'r0000001', 'plan', null, null]],
    ['HEAD', '/run/r0000001/plan', ['messages', 'alive', 'r0000001', 'plan', null, null]],
    [
      'POST',
      '/run/r0000001/review/v1/responses',
      ['responses', 'answer', 'r0000001', 'review', null, null],
    ],
    [
      'POST',
      '/run/r0000001/title/v1beta/models/g:generateContent',
      ['gemini', 'answer', 'r0000001', 'title', 'g', false],
    ],
  ])('%s %s', (method, url, expected) => {
    expect(short(method, url)).toEqual(expected);
  });

  it.each([
    ['GET', '/v1/messages'],
    ['POST', '/v1/messages/batches'],
    ['POST', '//v1/messages'],
    ['POST', '/run/r0000001/v1/messages'],
    ['POST', '/run/r0000001/edit/run/r0000001/edit/v1/messages'],
    ['POST', 'http://127.0.0.1:8080/v1/messages'],
    ['POST', '/v1beta/models/g:embedContent'],
    ['POST', '/v1beta/models/a/b:generateContent'],
    ['POST', '/v1beta/models/g:__proto__'],
    ['POST', '__proto__'],
    ['HEAD', '/etc'],
  ])('nothing of a model: %s %s', (method, url) => {
    expect(askedAt(method, url)).toBeNull();
  });
});

describe('whose call it is', () => {
  const why = (url: string, headers = {}) => {
    const asked = askedAt('POST', url);
    return asked === null ? 'nothing' : foreign(asked, { ...OWN, headers });
  };
  const own = 'proofhouse-r0000001-abcdefghijklmnopqrstuvwx';
  const other = 'proofhouse-r0000002-abcdefghijklmnopqrstuvwx';

  it.each([
    ['/v1/messages', {}],
    ['/run/r0000001/edit/v1/messages', {}],
    ['/run/r0000001/extract/v1/messages', { 'x-api-key': own }],
    ['/v1/messages', { authorization: `Bearer ${own}` }],
    ['/v1/messages', { authorization: 'Bearer no-key-needed' }],
    [`/v1beta/models/g:generateContent?key=${own}`, {}],
  ])('of this run: %s %o', (url, headers) => {
    expect(why(url, headers)).toBeNull();
  });

  it.each([
    ['/run/r0000002/edit/v1/messages', {}, 'the path names another run'],
    ['/run//edit/v1/messages', {}, 'the path names another run'],
    ['/run/r0000001%20/edit/v1/messages', {}, 'the path names another run'],
    ['/run/r0000001/admin/v1/messages', {}, /the path names no role; roles are plan, edit,/],
    ['/run/r0000001/EDIT/v1/messages', {}, /names no role/],
    ['/run/r0000001//v1/messages', {}, /names no role/],
    ['/v1/messages', { 'x-api-key': other }, 'the key is of another run'],
    ['/v1/messages', { authorization: `Bearer ${other}` }, 'the key is of another run'],
    ['/v1/messages', { 'x-api-key': own, 'x-goog-api-key': other }, 'the key is of another run'],
    [`/v1beta/models/g:generateContent?key=${other}`, {}, 'the key is of another run'],
  ])('of another: %s %o', (url, headers, message) => {
    expect(why(url, headers)).toMatch(message);
  });
});
