import { describe, expect, it } from 'vitest';
import { redactor, WITHHELD } from '../../gateway/redact.ts';

const KEY = `-----BEGIN RSA PRIVATE KEY-----\nMIIE\n${'A'.repeat(64)}\n-----END RSA PRIVATE KEY-----`;

describe('known values', () => {
  it('are taken out wherever they stand, the longest first', () => {
    const { text: redact } = redactor(['hunter22', 'hunter22-and-more', 'a.*b(c[d']);
    expect(redact('x=hunter22-and-more, y=hunter22; a.*b(c[d')).toBe(
      'x=«secret:known», y=«secret:known»; «secret:known»',
    );
  });

  it('are left when they are so short that they would be words', () => {
    expect(redactor(['secret', '']).text('a secret word')).toBe('a secret word');
  });
});

describe('shapes', () => {
  const { text: redact } = redactor([]);
  it.each([
    ['anthropic-key', `sk-ant-${'api03-Ab_'.repeat(4)}`],
    ['api-key', `sk-proj-${'a1B2'.repeat(8)}`],
    ['github-token', `ghp_${'a1B2'.repeat(9)}`],
    ['github-token', `github_pat_${'a1B2_'.repeat(12)}`],
    ['gitlab-token', `glpat-${'a1B2'.repeat(6)}`],
    ['slack-token', `xoxb-${'1234-'.repeat(6)}`],
    ['stripe-key', `sk_live_${'a1B2'.repeat(6)}`],
    ['google-key', `AIza${'a1B2_'.repeat(7)}`],
    ['huggingface-token', `hf_${'a1B2'.repeat(9)}`],
    ['npm-token', `npm_${'a1B2'.repeat(9)}`],
    ['aws-key', `AKIA${'A1B2'.repeat(4)}`],
    ['jwt', `eyJ${'hbGciOi'.repeat(2)}.eyJ${'zdWIiOi'.repeat(2)}.${'sig-_'.repeat(4)}`],
    ['private-key', KEY],
    ['private-key', KEY.slice(0, 60)],
  ])('%s', (kind, secret) => {
    expect(redact(`before "${secret}`)).toBe(`before "«secret:${kind}»`);
  });

  it('text after a private key stays', () => {
    expect(redact(`a ${KEY} b ${KEY} c`)).toBe('a «secret:private-key» b «secret:private-key» c');
  });

  it.each(['sk-learn', 'task-force', 'ghp_short', 'eyJ is how they begin', 'AKIA', 'npm_config'])(
    '%s is no secret',
    (text) => expect(redact(text)).toBe(text),
  );

  it('time grows with the text and not with its square', () => {
    const nasty = [
      'eyJ',
      'eyJa-',
      'sk-',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY-----',
      'AKIA',
      'a',
    ];
    for (const piece of nasty) {
      const text = piece.repeat(2_000_000 / piece.length);
      const startedMs = performance.now();
      redact(text);
      expect(performance.now() - startedMs, piece).toBeLessThan(5_000);
    }
  });
});

describe('a known value in another dress', () => {
  const SECRET = 'p"ss/w\\rd <ü>&+ 42';
  const { text: redact, bytes } = redactor([SECRET]);
  const base64 = (before: string, after: string) => Buffer.from(before + SECRET + after);
  it.each([
    ['JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ['JSON with slashes spelt', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
    ['JSON of ASCII', JSON.stringify(SECRET).slice(1, -1).replace('ü', '\\u00fc')],
    ['an address', encodeURIComponent(SECRET)],
    [
      'an address in small letters',
      encodeURIComponent(SECRET).replace(/%../g, (c) => c.toLowerCase()),
    ],
    ['a form', encodeURIComponent(SECRET).replaceAll('%20', '+')],
    ['XML', 'p&quot;ss/w\\rd &lt;ü&gt;&amp;+ 42'],
    ['hex', Buffer.from(SECRET).toString('hex')],
  ])('%s', (_, form) => {
    expect(redact(`x ${form} y`)).toBe('x «secret:known» y');
  });

  it.each(['', 'a', 'ab', 'abc'])('base64, after %j', (before) => {
    for (const form of ['base64', 'base64url'] as const) {
      for (const after of ['', 'z', 'zz']) {
        const clean = redact(`x ${base64(before, after).toString(form)} y`);
        expect(clean).toContain('«secret:known»');
        // What may be left at the edges is bits of the neighbours.
        expect(clean.length).toBeLessThan(30);
      }
    }
  });

  it('a text that was cut in the middle of it keeps no part of it', () => {
    expect(redact(`x ${SECRET.slice(0, 12)}`)).toBe('x «secret:known»');
    expect(redact(`x ${SECRET.slice(0, 12)}…`)).toBe('x «secret:known»…');
    expect(redact(`x ${SECRET.slice(0, 5)}`)).toBe(`x ${SECRET.slice(0, 5)}`);
  });

  it('bytes that are no text are withheld when it is among them, and else stay as they are', () => {
    const picture = Buffer.from([0x89, 0x50, 0xff, 0xfe, 0]);
    expect(bytes(picture)).toBe(picture);
    for (const hidden of [Buffer.from(SECRET), Buffer.from(SECRET, 'utf16le')]) {
      const kept = Buffer.from(bytes(Buffer.concat([picture, hidden, picture]))).toString('utf8');
      expect(kept).toMatch(/^«secret:known» was in this file/);
    }
    expect(Buffer.from(bytes(Buffer.from(`a ${SECRET}`))).toString()).toBe('a «secret:known»');
  });
});

describe('JSON', () => {
  const { text: redact } = redactor(['12345678901234567890', 'a secret', 'one\nline']);
  it.each([
    ['in a value', { a: ['a secret'] }, { a: ['«secret:known»'] }],
    ['in a key', { 'a secret': 1 }, { '«secret:known»': 1 }],
    ['over two lines', { a: 'one\nline' }, { a: '«secret:known»' }],
    [
      'a key that never ends',
      { a: `-----BEGIN PRIVATE KEY-----\nMII`, b: 1 },
      { a: '«secret:private-key»', b: 1 },
    ],
    [
      'a prototype',
      JSON.parse('{"__proto__":"a secret"}'),
      JSON.parse('{"__proto__":"«secret:known»"}'),
    ],
  ])('stays JSON: %s', (_, given, expected) => {
    expect(JSON.parse(redact(JSON.stringify(given, null, 2)))).toEqual(expected);
  });

  it('that spells its letters is read first', () => {
    expect(redact('{"a":"\\u0061 secret"}')).toBe('{"a":"«secret:known»"}');
  });

  it('that holds nothing comes back byte for byte', () => {
    const odd = ' { "a" : 1.0e3, "b": "\\u0061" }\n';
    expect(redact(odd)).toBe(odd);
  });

  it('with a number that is the secret is JSON still', () => {
    expect(JSON.parse(redact('{"a":12345678901234567890}'))).toContain('«secret:known»');
  });

  it('a record a line is read line by line', () => {
    expect(redact('{"a":"\\u0061 secret"}\n{"b":1}\n')).toBe('{"a":"«secret:known»"}\n{"b":1}\n');
  });

  it('that is too deep to be read is withheld, and nothing of it is let through', () => {
    const deep = `${'['.repeat(100_000)}"a secret"${']'.repeat(100_000)}`;
    expect(JSON.parse(redact(deep))).toBe(WITHHELD);
  });
});
