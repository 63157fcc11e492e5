import { expect, test } from 'vitest';
import type { PathExplanation } from '../../../orchestrator/domain/explanation.ts';
import { decisionText, exitOf } from '../../../orchestrator/text/policy-decision.ts';
import { lasting, pathExplanationText } from '../../../orchestrator/text/policy-explain.ts';
import { decide } from '../../../policies/decide.ts';
import { explain, explainDecision } from '../../../policies/explain.ts';
import { factsOf, load, minimal } from '../../policies/sample.ts';

const NOW = '2026-06-01T12:00:00Z';
const org = load(
  `${minimal('', 'org')}groups:
  platform: { members: [github:mo] }
  security: { members: [github:kim, github:lee, github:ana] }
classes:
  critical: { approvals: [{ group: security }], distinct: true }
packs: ["builtin:node@1"]
unmatched: { class: low }
validators:
  unit: { run: [npx, vitest], reports: { junit: junit.xml } }
never_delegate:
  - { action: merge-default-branch, absolute: true }
  - { action: edit-policy, gate: { group: security, count: 2 } }
gates:
  - { id: identity, why: Who someone is., class: critical, paths: ["**/(auth)/"] }
`,
  'policies/org.yaml',
);
const repo = load(
  `${minimal('', 'repo')}unmatched: { class: low }
agents: { coder: { write: ["app/"] } }
gates:
  - id: auth
    why: Sign-in.
    class: critical
    paths: ["app/(auth)/"]
    approvals: [{ any_of: [[{ group: platform }], [{ group: security, count: 2 }]] }]
    validators: [unit]
content:
  - { id: words, class: low, paths: ["app/"], text: { added_re2: ["secret"] } }
`,
);
const layers = [org, repo];

function told(path: string, requester: string | null = 'ana'): PathExplanation[] {
  return explain(layers, [path], {
    operation: 'modify',
    target: 'refs/heads/main',
    requester,
    now: NOW,
  });
}

test('a path as people read it', () => {
  expect(
    ['app/(auth)/login/page.tsx', 'lib/a.ts']
      .flatMap((path) => told(path))
      .map(pathExplanationText)
      .join('\n\n'),
  ).toMatchInlineSnapshot(`
    "app/(auth)/login/page.tsx   critical · held before PR · bind evidence · expires 24h
      org   gate identity       "**/(auth)/"   policies/org.yaml:17:68        critical
      repo  gate auth           "app/(auth)/"  .proofhouse/policy.yaml:10:13  critical
      repo  content rule words  "app/"         .proofhouse/policy.yaml:14:38  low       would look (text)
      pack  no match in builtin:node@1
    needs       security ×1 (github:kim, github:lee)   distinct people
    one of      platform ×1 (github:mo)   or   security ×2 (github:kim, github:lee)   (gate auth)
    excluded    ana (requester), operator, committers, agents, exemption-author
    validators  unit
    models      code: any
    network     setup: package-registry   agent: model-gateway   checks: nothing
    agent may write: yes (coder.write "app/")
    never without a human: edit-policy (security ×2), merge-default-branch (nobody can allow it)

    lib/a.ts   low · forbidden
      org   unmatched    policies/org.yaml:10:12       low  no gate covers it
      repo  unmatched    .proofhouse/policy.yaml:4:12  low  no gate covers it
      pack  no match in builtin:node@1
    denied      "lib/a.ts" is not among what the coder may write (.proofhouse/policy.yaml:5:27).
    needs       nobody
    validators  unit
    models      code: any
    network     setup: package-registry   agent: model-gateway   checks: nothing
    agent may write: no (it is not among what the coder may write (.proofhouse/policy.yaml:5:27))
    never without a human: edit-policy (security ×2), merge-default-branch (nobody can allow it)"
  `);
});

test('who is too few to answer is said', () => {
  const alone = load(
    minimal(`groups: { platform: { members: [local:pia] } }
gates: [{ id: a, why: x, class: high, paths: [a] }]`),
  );
  const [one] = explain([alone], ['a'], {
    operation: 'modify',
    target: 'refs/heads/main',
    requester: 'pia',
    now: NOW,
  });
  expect(one && pathExplanationText(one)).toContain(
    'needs       platform ×1 (nobody: too few to fill it)',
  );
});

test('nothing of a path reaches a terminal as more than text', () => {
  const shown = told('a\u001b[2J\u202eb').map(pathExplanationText).join('');
  expect(shown).not.toMatch(/\p{Cf}/u);
  expect(shown).toContain('a·[2J·b');
});

test('a decision as people read it: what stops it, then gate by gate, then people', () => {
  const paths = Array.from({ length: 12 }, (_, at) => `app/(auth)/${at}.ts`);
  const judgement = decide(layers, factsOf([...paths, '.proofhouse/x'], { madeBy: 'coder' }), NOW);
  const explained = explainDecision(layers, judgement, 'ana');
  const text = decisionText({
    ...explained,
    judgement: { ...judgement, policy: factsOf([]).change.entries },
  });
  expect(text.replace(/sha256:[0-9a-f]{64}/, 'DIGEST')).toMatchInlineSnapshot(`
    "deny   critical · forbidden
    denied      ".proofhouse/x" is not among what the coder may write (.proofhouse/policy.yaml:5:27). [agent_rights]
    gate auth   critical · hold · asks security ×1, one of (platform ×1 | security ×2) · bind evidence · carry forward never · expires 24h
      because     repo .proofhouse/policy.yaml:7:5: Sign-in.
      paths       app/(auth)/0.ts
                  app/(auth)/1.ts
                  app/(auth)/10.ts
                  app/(auth)/11.ts
                  app/(auth)/2.ts
                  app/(auth)/3.ts
                  app/(auth)/4.ts
                  app/(auth)/5.ts
                  app/(auth)/6.ts
                  app/(auth)/7.ts
                  and 2 more
      validators  unit
    gate identity   critical · hold · asks security ×1 · bind evidence · carry forward never · expires 24h
      because     org policies/org.yaml:17:5: Who someone is.
      paths       app/(auth)/0.ts
                  app/(auth)/1.ts
                  app/(auth)/10.ts
                  app/(auth)/11.ts
                  app/(auth)/2.ts
                  app/(auth)/3.ts
                  app/(auth)/4.ts
                  app/(auth)/5.ts
                  app/(auth)/6.ts
                  app/(auth)/7.ts
                  and 2 more
    gate never.edit-policy   low · ready-pr · asks security ×2 · bind change · carry forward never · expires 7d
      because     org policies/org.yaml:15:5: No agent edits the rules it is judged by without somebody.
      paths       .proofhouse/x
    needs       security ×2 (github:kim, github:lee)   distinct people
    one of      platform ×1 (github:mo)   or   security ×2 (github:kim, github:lee)   (gate auth)
    excluded    ana (requester), operator, committers, agents, exemption-author
    validators  unit
    never without a human: edit-policy (security ×2), merge-default-branch (nobody can allow it)
    policy      DIGEST"
  `);
});

test.each([
  ['allow', 0],
  ['deny', 1],
  ['hold', 3],
] as const)('a decision to %s has exit code %d', (verdict, exit) => {
  expect(exitOf({ verdict })).toBe(exit);
});

test.each([
  [7 * 86_400_000, '7d'],
  [3 * 86_400_000, '72h'],
  [86_400_000, '24h'],
  [900_000, '15m'],
  [1_500, '2s'],
])('%d ms are shown as %s', (ms, shown) => {
  expect(lasting(ms)).toBe(shown);
});
