import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Approval } from '../../../orchestrator/domain/approval.ts';
import { Digest, Person, RunId, Sha } from '../../../orchestrator/domain/ids.ts';
import type { GateJudgement } from '../../../orchestrator/domain/judgement.ts';
import { type PullRequestFacts, pullRequestText } from '../../../orchestrator/text/pull-request.ts';
import { approval as signedApproval } from '../fixtures.ts';
import { PULL_REQUEST } from './pull-request-facts.ts';

const sha = (digit: string): Sha => Sha.parse(digit.repeat(40));
const digest = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`);

const approval = (by: string, over: Partial<Approval> = {}, carried = false) => ({
  approval: {
    ...signedApproval(Person.parse(by), { gate: 'payments', createdAt: '2026-03-01T12:34:56.000Z' })
      .record,
    ...over,
  },
  carried,
});
const LOOSE: Pick<
  GateJudgement,
  'bind' | 'carryForward' | 'validators' | 'findings' | 'paths' | 'expiresMs'
> = {
  ...{ bind: 'change', carryForward: 'never', validators: [], findings: [] },
  ...{ paths: ['src/price.ts'], expiresMs: 604_800_000 },
};
const source = (line: number): GateJudgement['sources'][number] => ({
  ...{ layer: 'repository', where: `.proofhouse/policy.yaml:${line}:5`, why: '' },
  ...{ riskClass: 'low', surface: 'hold', approvals: [], definition: digest('6') },
});

const GATED: PullRequestFacts = {
  ...PULL_REQUEST,
  attempt: 2,
  judgement: {
    ...PULL_REQUEST.judgement,
    ...{ verdict: 'hold', riskClass: 'high' },
    gates: [
      {
        ...LOOSE,
        ...{ id: 'payments', why: 'Payments code is owned by the payments team.' },
        ...{ sources: [source(44)], riskClass: 'high', surface: 'hold' },
        ...{ approvals: [{ group: 'payments', count: 1 }] },
        ...{ scope: digest('5'), definition: digest('6') },
      },
      {
        ...LOOSE,
        ...{ id: 'source', why: 'Any source file', sources: [source(60)] },
        ...{ riskClass: 'low', surface: 'ready-pr', approvals: [] },
        ...{ scope: digest('7'), definition: digest('8') },
      },
    ],
  },
  approvals: [approval('local:ana')],
  cost: {
    calls: 12,
    inputTokens: 34_567,
    outputTokens: 1_234,
    microUsd: 123_456,
    scripted: false,
    rows: [],
  },
  refusedConnections: 3,
};

test('an ungated change', async () => {
  await expect(pullRequestText(PULL_REQUEST).body).toMatchFileSnapshot('golden/ungated.md');
});

test('a gated change', async () => {
  await expect(pullRequestText(GATED).body).toMatchFileSnapshot('golden/gated.md');
});

test('the commit message of a gated change', async () => {
  await expect(pullRequestText(GATED).commitMessage).toMatchFileSnapshot('golden/commit.txt');
});

/** One check of every kind that must not look like a plain pass, and words of two models. */
const DOUBTFUL: PullRequestFacts = {
  ...GATED,
  titled: { title: 'Round prices', by: 'small' },
  checks: doubtfulChecks(),
  ran: new Map([
    ['unit', 'npx vitest run'],
    ['e2e', 'playwright'],
    ['licences', 'npx licences --json'],
    ['remarks', 'review'],
  ]),
  harnesses: [digest('f')],
  alarms: ['the agent runs with another harness than the policy expects'],
  said: 'All green! @acme/owners please merge, closes #12.\n\n![x](https://evil.example/x.png)\n<script>alert(1)</script>\n```\n### Checks',
};

function doubtfulChecks(): PullRequestFacts['checks'] {
  const [check] = PULL_REQUEST.checks;
  if (check === undefined) throw new Error('the sample has a check');
  const report = { name: 'junit.xml', digest: digest('4'), bytes: 900, mediaType: 'text/xml' };
  const tests = { run: 12, failed: 0, skipped: 0, flaky: 0 };
  const finding = { validator: 'remarks', code: 'remark', message: 'fixes #9: looks fine, @ana' };
  return [
    { ...check, evidence: [report], tests: { ...tests, flaky: 2 } },
    {
      ...check,
      validator: 'e2e',
      kind: 'playwright',
      cachedFrom: { run: RunId.parse('r0000009'), attempt: 2 },
    },
    { ...check, validator: 'licences', verdict: 'unknown', tests: null, advisory: true },
    {
      ...check,
      validator: 'remarks',
      kind: 'review',
      tests: null,
      advisory: true,
      findings: [finding],
    },
  ];
}

test('what is not plainly proven does not look as if it were, and what models wrote comes last', async () => {
  const { body } = pullRequestText(DOUBTFUL);
  await expect(body).toMatchFileSnapshot('golden/doubtful.md');
  expect(body).toContain('| **flaky** |');
  expect(body).toContain('| **unproven, advisory** |');
  expect(body).toContain('| **passed, cached from r0000009, attempt 2** |');
  expect(body).toContain('2 of 3 checks passed (1 only when run again)');
  expect(outsideCode(body)).not.toMatch(/@acme|#12|#9|evil|script>/);
  const heads = withoutBlocks(body).match(/^### .*/gm);
  expect(heads?.at(-1)).toBe('### What the agent said of it');
});

test('an approval of another gate is not shown as consent to this one', () => {
  const elsewhere = [approval('local:ana', { gate: 'other' })];
  expect(pullRequestText({ ...GATED, approvals: elsewhere }).body).toContain('| nobody |');
});

test('an approval that was carried, and one for somebody else, say so', () => {
  const onBehalfOf = Person.parse('local:raj');
  const approvals = [approval('local:ana', { onBehalfOf }, true)];
  const { body, commitMessage } = pullRequestText({ ...GATED, approvals });
  expect(body).toContain(
    '| `local:ana for local:raj`, 2026-03-01 12:34 UTC, for an earlier change |',
  );
  expect(commitMessage).toContain('Approved-by: local:ana for local:raj\n');
});

test('an emergency is said on top, at its gate, and in the commit', () => {
  const by = [Person.parse('local:rita'), Person.parse('local:sam')];
  const incidentUrl = 'https://incidents.acme.dev/7';
  const facts = { ...GATED, approvals: [], opened: [{ gate: 'payments', by, incidentUrl }] };
  const { body, commitMessage } = pullRequestText(facts);
  expect(body.split('\n\n').slice(0, 2).join('\n\n')).toMatchInlineSnapshot(`
    "\`codex 0.169.0\` made this change in 2 attempts: 1 file, +4 −2 lines, risk class high; 1 of 1 check passed, and it was passed by break-glass.

    > **Passed by break-glass**: \`local:rita\` and \`local:sam\` opened \`payments\` in an emergency, \`https://incidents.acme.dev/7\`. All checks ran. Somebody else must review this afterwards."
  `);
  expect(body).toContain('| **passed by break-glass**: `local:rita`, `local:sam` |');
  expect(commitMessage).toContain('Break-glass-by: local:rita\nBreak-glass-by: local:sam\n');
  expect(commitMessage).not.toContain('Approved-by');
});

test('a change of what is installed says what its checks ran with', () => {
  const { body } = pullRequestText({ ...PULL_REQUEST, manifests: ['package.json'] });
  expect(body).toContain(
    '**These checks ran with the dependencies of the base commit**, although the change edits `package.json`.',
  );
  expect(pullRequestText(PULL_REQUEST).body).not.toContain('dependencies of the base');
});

test('twenty paths are named and the others counted', () => {
  const entries = Array.from({ length: 25 }, (_, n) => ({
    ...PULL_REQUEST.entries[0],
    ...{ path: `f${n}`, operation: 'add' as const, oldMode: '000000', newMode: '100644' },
    ...{ oldOid: sha('0'), newOid: sha('2') },
  }));
  const { body } = pullRequestText({ ...PULL_REQUEST, entries });
  expect(body.match(/^- add/gm)).toHaveLength(20);
  expect(body).toContain('- and 5 more');
});

test('the longest task leaves a body that a forge accepts', () => {
  const text = '\u202e'.repeat(65_536);
  const { body } = pullRequestText({ ...GATED, task: { ...GATED.task, text } });
  expect(body.length).toBeLessThan(65_536);
  expect(body).toContain('… cut here');
});

const ATTACKS = [
  'a | b | passed |',
  'close `code` and ``more``',
  'one\n\n| Check | Verdict |\n| --- | --- |\n| all | passed |',
  '<script>alert(1)</script><img src=x onerror=y>',
  '@everyone look, fixes #12 and GH-13 and o/r#14',
  'fixes https://forge.example/o/r/issues/1, www.example.com',
  'Approved-by: local:eve',
  'x\n\nApproved-by: local:eve\nProofhouse-Tree: 0',
  '[a link](javascript:alert(1)) ![x](y) [skip ci]',
  '```\n# Heading\n````',
  '\u202egnp.exe\u200b\u2066 \u0000\u001b[31m \u2028x',
  '`',
  '\\`<b>`\\|',
];

/** Everywhere that someone else's words can get in. */
function attacked(words: string): PullRequestFacts {
  const [gate] = GATED.judgement.gates;
  const [check] = GATED.checks;
  const [entry] = GATED.entries;
  if (!(gate && check && entry)) throw new Error('the sample has one of each');
  return {
    ...GATED,
    task: { ...GATED.task, title: words.slice(0, 120), text: words, source: words },
    prepared: { ...GATED.prepared, agent: words, image: words, model: words },
    entries: [{ ...entry, path: words }],
    judgement: { ...GATED.judgement, gates: [{ ...gate, id: words, why: words }] },
    checks: [
      {
        ...{ ...check, validator: words, kind: words, advisory: true },
        evidence: [{ name: words, digest: digest('4'), bytes: 1, mediaType: words }],
        findings: [{ validator: words, code: words, message: words }],
      },
    ],
    ran: new Map([[words, words]]),
    said: words,
    alarms: [words],
    related: [
      {
        ...{ id: GATED.task.id, title: words, isPublished: true, files: [words] },
        gates: [{ id: words, paths: [words] }],
      },
    ],
  };
}

/** The body without its code, found as CommonMark does: blocks first, then spans. */
function outsideCode(body: string): string {
  return withoutSpans(withoutBlocks(body));
}

function withoutBlocks(body: string): string {
  const blocks = /^(`{3,})[^`\n]*\n[\s\S]*?\n\1`*$/gm;
  return body.replace(blocks, 'BLOCK');
}

function withoutSpans(body: string): string {
  const spans = /(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g;
  return body.replace(spans, 'CODE');
}

/** Cells are found before code is, so the bars of a table row count inside code too. */
function shape(body: string): string[] {
  const rows = withoutBlocks(body).match(/^\|.*$/gm) ?? [];
  return [...rows.map((row) => `${row.split('|').length} parts`), ...outsideCode(body).split('\n')];
}

describe('words that try to be more', () => {
  const harmless = shape(pullRequestText(attacked('~')).body);

  test.each(ATTACKS)('%j stays code in the body', (words) => {
    expect(shape(pullRequestText(attacked(words)).body)).toEqual(harmless);
  });

  test('whatever the words are, they are code or plain', () => {
    const sharp = fc.string({
      unit: fc.constantFrom(...'`|\\<>@#[]()*_~&!:/\n\r\t -a1\u200b\u0085'),
    });
    fc.assert(
      fc.property(sharp, (words) => {
        expect(shape(pullRequestText(attacked(`~${words}`)).body)).toEqual(harmless);
      }),
    );
  });

  test('harmless words are left as they are', () => {
    const { body } = pullRequestText(GATED);
    expect(body).toContain('| Payments code is owned by the payments team. |');
  });

  test.each(['see www.example.com', 'like gh-12'])(
    '%j is code, for a forge would link it',
    (why) => {
      const gates = GATED.judgement.gates.map((gate) => ({ ...gate, why }));
      const { body } = pullRequestText({ ...GATED, judgement: { ...GATED.judgement, gates } });
      expect(body).toContain(`| \`${why}\` |`);
    },
  );

  test.each(ATTACKS)('%j makes a title of one line without a mention or reference', (words) => {
    const { title } = pullRequestText(attacked(words));
    expect(title).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]|@\w|#\d|GH-\d|:\/\/|\[|\]/u);
    expect(title).not.toBe('');
  });

  test.each(ATTACKS)('%j adds no trailer to the commit', (words) => {
    const { commitMessage } = pullRequestText(attacked(words));
    const parsed = execFileSync('git', ['interpret-trailers', '--parse'], { input: commitMessage });
    expect(parsed.toString().trim().split('\n')).toEqual([
      'Proofhouse-Run: r0000001',
      `Proofhouse-Tree: ${sha('c')}`,
      `Proofhouse-Policy: ${digest('b')}`,
      `Proofhouse-Evidence: ${digest('e')}`,
      `Proofhouse-Bundle: ${digest('9')}`,
      `Proofhouse-Audit: 17:${digest('8')}`,
      'Requested-by: local:rita',
      'Approved-by: local:ana',
    ]);
    expect(commitMessage).not.toMatch(/@\w|#\d|\[skip/);
  });
});

describe('what a change touches', () => {
  const [payments, source_] = GATED.judgement.gates;
  if (!(payments && source_)) throw new Error('the sample has two gates');
  const names = ['a/1', 'a/2', 'src/price.ts', 'src/who.ts', 'z'];
  const entries = names.map((path) => ({
    ...PULL_REQUEST.entries[0],
    path,
  })) as typeof PULL_REQUEST.entries;
  const listed = (gates: readonly GateJudgement[]): string[] => {
    const judgement = { ...GATED.judgement, gates: [...gates] };
    const { body } = pullRequestText({ ...GATED, entries, judgement });
    return [...body.matchAll(/^- modify `(.*)`$/gm)].map(([, path = '']) => path);
  };

  test('lists what people were asked about first, the highest class before the others', () => {
    const low = { ...payments, riskClass: 'low' as const, paths: ['src/who.ts'] };
    const gates = [low, { ...payments, id: 'p', paths: ['src/price.ts'] }, source_];
    expect(listed(gates)).toEqual(['src/price.ts', 'src/who.ts', 'a/1', 'a/2', 'z']);
  });

  test('is not hidden behind a gate on the whole change, be it of a higher class', () => {
    const size = { ...payments, id: 'limits', riskClass: 'critical' as const, paths: names };
    expect(listed([size, payments])[0]).toBe('src/price.ts');
  });

  test('is not hidden behind a wide gate of the same class', () => {
    const wide = { ...payments, id: 'a', paths: ['a/1', 'a/2', 'z'] };
    expect(listed([wide, payments])[0]).toBe('src/price.ts');
  });
});

test('other runs that touch the same are named, a line each', () => {
  const related: PullRequestFacts['related'] = [
    {
      ...{ id: RunId.parse('r0000002'), title: 'Round them *up*', isPublished: false },
      ...{ gates: [{ id: 'payments', paths: ['a', 'b'] }], files: ['src/price.ts'] },
    },
  ];
  const { body, commitMessage } = pullRequestText({ ...GATED, related });
  expect(body).toContain(
    '### Other runs that touch the same\n\n- `r0000002`, under way, `Round them *up*`: gate `payments` (2 files), 1 file of this change\n',
  );
  // A publish that is repeated writes the same commit, whatever became of other runs.
  expect(commitMessage).toBe(pullRequestText(GATED).commitMessage);
  expect(pullRequestText(GATED).body).not.toContain('Other runs');
});

test('a harness that is not the expected one is said on top, and each harness is among the digests', () => {
  const alarms = ['the harness `x`\n# Approved'];
  const { body } = pullRequestText({ ...GATED, alarms, harnesses: [digest('7')] });
  const [top = ''] = body.split('### What was asked');
  expect(top).toContain('> **Alarm**: ');
  expect(top).not.toMatch(/^# Approved/m);
  expect(body).toContain(`| Harness | \`${digest('7')}\` |`);
  expect(pullRequestText(GATED).body).not.toMatch(/Alarm|Harness/);
});
