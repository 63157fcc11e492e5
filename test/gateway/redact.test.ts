import { describe, expect, it } from 'vitest';
import { redactor } from '../../gateway/redact.ts';

const KEY = `-----BEGIN RSA PRIVATE KEY-----\nMIIE\n${'A'.repeat(64)}\n-----END RSA PRIVATE KEY-----`;

describe('known values', () => {
  it('are taken out wherever they stand, the longest first', () => {
    const redact = redactor(['hunter22', 'hunter22-and-more', 'a.*b(c[d']);
    expect(redact('x=hunter22-and-more, y=hunter22; a.*b(c[d')).toBe(
      'x=«secret:known», y=«secret:known»; «secret:known»',
    );
  });

  it('are left when they are so short that they would be words', () => {
    expect(redactor(['secret', ''])('a secret word')).toBe('a secret word');
  });
});

describe('shapes', () => {
  const redact = redactor([]);
  it.each([
    ['anthropic-key', `sk-ant-${'api03-Ab_'.repeat(4)}`],
    ['api-key', `sk-proj-${'a1B2'.repeat(8)}`],
    ['github-token', `ghp_${'a1B2'.repeat(9)}`],
    ['github-token', `github_pat_${'a1B2_'.repeat(12)}`],
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
