import { describe, expect, test } from 'vitest';
import { coversHost, hostProblem, plainHost } from '../../policies/hosts.ts';

describe('what names hosts', () => {
  test.each([
    ['example.com', 'example.com', true],
    ['example.com', 'EXAMPLE.com', true],
    ['Example.COM', 'example.com', true],
    ['example.com', 'example.com.', true],
    ['example.com.', 'example.com', true],
    ['example.com', 'a.example.com', false],
    ['example.com', 'notexample.com', false],
    ['example.com', 'example.com.evil.example', false],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.c.example.com', true],
    ['*.example.com', 'A.Example.Com.', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'aexample.com', false],
    ['*.example.com', 'a.example.com.evil.example', false],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['xn--bcher-kva.example', 'BÜCHER.example', true],
    ['*.bücher.example', 'shop.xn--bcher-kva.example', true],
    ['example.com', '', false],
    ['example.com', 'example.com:443', false],
    ['example.com', 'user@example.com', false],
    ['example.com', 'example.com/x', false],
    ['example.com', 'example%2ecom', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'a..example.com', false],
    ['*.example.com', '*.example.com', false],
    ['example.com', '93.184.216.34', false],
  ])('%s and %s: %s', (pattern, host, covered) => {
    expect(hostProblem(pattern)).toBeNull();
    expect(coversHost(pattern, host)).toBe(covered);
  });
});

describe('what names none', () => {
  const star = 'a star stands only at the front, as in *.example.com';
  const address = 'an address is no host name; name the host';
  const dot =
    'a name without a dot is a whole domain or a machine of its own; name the host in full';
  const none = 'this is no host name; expected one as in api.example.com';
  test.each([
    ['*', star],
    ['*.*', star],
    ['*.*.example.com', star],
    ['a.*.example.com', star],
    ['*example.com', star],
    ['**.example.com', star],
    ['*.', star],
    ['*.com', dot],
    ['com', dot],
    ['localhost', dot],
    ['example.', dot],
    ['127.0.0.1', address],
    ['127.1', address],
    ['0x7f.1', address],
    ['0x7f000001', address],
    ['2130706433', address],
    ['0177.0.0.1', address],
    ['127.0.0.1.', address],
    ['１２７.１', address],
    ['*.0.0.1', address],
    ['::1', address],
    ['[::1]', address],
    ['fe80::1', address],
    ['1.2.3.4.5', none],
    ['', none],
    ['.', none],
    ['.example.com', none],
    ['a..example.com', none],
    ['example.com..', none],
    ['-a.example.com', none],
    ['a-.example.com', none],
    ['a_b.example.com', none],
    ['example.com:443', none],
    ['https://example.com', none],
    ['example.com/', none],
    ['user@example.com', none],
    ['exa mple.com', none],
    ['example\u3002com', none],
    [`${'a'.repeat(64)}.example`, none],
    [`${'a.'.repeat(200)}example`, none],
  ])('%j', (pattern, problem) => {
    expect(hostProblem(pattern)).toBe(problem);
  });
});

test('a megabyte is no host, and that is found out at once', () => {
  for (const host of ['a'.repeat(2 ** 20), 'a.'.repeat(2 ** 19), `*.${'ü'.repeat(2 ** 20)}`]) {
    expect(hostProblem(host)).not.toBeNull();
    expect(plainHost(host)).toBeNull();
  }
});
