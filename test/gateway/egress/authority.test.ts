import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../gateway/egress/authority.ts';

test.each([
  ['example.com:443', 'example.com', 443],
  ['EXAMPLE.com:443', 'example.com', 443],
  ['a-b.c.xn--p1ai:8443', 'a-b.c.xn--p1ai', 8443],
  ['a.b:65535', 'a.b', 65_535],
])('%s is a host and a port', (text, host, port) => {
  expect(parseAuthority(text)).toEqual({ host, port });
});

describe('nothing else is', () => {
  test.each([
    ...['evil.test\0.example.com:443', 'evil.test%00.example.com:443', 'a.com\r\nx: y:443'],
    ...['a.com\t:443', 'a .com:443', 'a.com#@b.com:443', 'a.com\\@b.com:443', 'u:p@a.com:443'],
    ...['127.0.0.1:443', '127.1:443', '0x7f.1:443', '0177.0.0.1:443', '2130706433:443'],
    ...['0x7f000001:443', '①②⑦.⓪.⓪.①:443', '[::1]:443', '::1:443', '[::ffff:a9fe:a9fe]:443'],
    ...['[fe80::1%25eth0]:443', 'a.0x:443', 'a.1:443'],
    ...['a.com', 'a.com:', ':443', 'a.com:443:22', 'a.com:0443', 'a.com:0', 'a.com:99999'],
    ...['a.com:65536', 'a.com:+443', 'a.com: 443', 'a.com:443 ', 'a.com:4e2', 'http://a.com/'],
    ...['a.com.:443', '.a.com:443', 'a..com:443', '-a.com:443', 'a-.com:443', 'a_b.com:443'],
    ...['\u212Aelvin.com:443', 'exämple.com:443', 'a.com:４４３', '*.a.com:443', ''],
    ...[`${'a'.repeat(64)}.com:443`, `${'a.'.repeat(127)}com:443`],
  ])('%j', (text) => {
    expect(parseAuthority(text)).toBeNull();
  });
});
