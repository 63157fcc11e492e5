import { describe, expect, test } from 'vitest';
import type { OwnAnswer, OwnQuestion } from '../../../orchestrator/ports/own-question.ts';
import { titleBy } from '../../../orchestrator/stages/titled.ts';
import { pullRequestText } from '../../../orchestrator/text/pull-request.ts';
import { decide, factsOf, load } from '../../policies/sample.ts';
import { TASK } from '../fixtures.ts';
import { PULL_REQUEST } from '../text/pull-request-facts.ts';
import { POLICY, SIGNAL } from './tools.ts';

const ROUTED = `${POLICY}
models:
  routes:
    - { stage: title, class: [low], use: [small] }
    - { stage: title, use: [large] }`;

async function titled(answer: OwnAnswer, { paths = ['src/cart.ts'], policy = ROUTED } = {}) {
  const asked: OwnQuestion[] = [];
  const facts = factsOf(paths);
  const layers = [load(policy)];
  const found = await titleBy(
    {
      askModel: async (question) => {
        asked.push(question);
        return answer;
      },
      redact: (text) => text.replaceAll('hunter2', '***'),
    },
    {
      task: { ...TASK, text: 'Round prices; the password is hunter2' },
      ...{ attempt: 1, layers, facts, judgement: decide(layers, facts) },
    },
    SIGNAL,
  );
  return { title: found?.title ?? null, asked };
}
const says = (text: string): OwnAnswer => ({ text, by: 'small' });

describe('a title that a model writes', () => {
  test.each([
    ['Round prices', 'Round prices'],
    ['\n\n  "Round prices"  \n\nBecause cents matter.', 'Round prices'],
    ['## Round prices', 'Round prices'],
    ['**Round prices**', 'Round prices'],
    ['Round\u202e prices\u0007', 'Round prices'],
    ['x'.repeat(500), 'x'.repeat(100)],
    ['```\n---', null],
    ['', null],
  ])('%j is taken as %j', async (text, title) => {
    expect((await titled(says(text))).title).toBe(title);
  });

  test('is the task’s own where no model answered, and where no policy routes it', async () => {
    expect((await titled({ problem: 'gone' })).title).toBeNull();
    const { title, asked } = await titled(says('Other'), { policy: POLICY });
    expect([title, asked]).toEqual([null, []]);
  });

  test('is asked of the models for the class of the change, with the task redacted and the files', async () => {
    const low = await titled(says('a'));
    const critical = await titled(says('a'), { paths: ['src/auth/a.ts'] });
    expect([low, critical].map(({ asked }) => asked[0]?.models)).toEqual([['small'], ['large']]);
    expect(low.asked[0]).toMatchObject({ role: 'title', schema: null });
    expect(low.asked[0]?.text).toContain('modify "src/cart.ts"');
    expect(low.asked[0]?.text).not.toContain('hunter2');
  });

  test('mentions nobody, closes nothing and links nowhere; the commit keeps the task’s own', () => {
    const title =
      'fixes #12, closes acme/shop#3 and GH-4 for @rita, see https://a.example [skip ci]';
    const text = pullRequestText({ ...PULL_REQUEST, titled: { title, by: 'small' } });
    expect(text.title).toBe(
      'fixes # 12, closes acme/shop# 3 and GH 4 for @ rita, see https: //a.example (skip ci)',
    );
    expect(text.body).toContain('The title was written by a model, `small`.');
    expect(text.commitMessage.split('\n')[0]).toBe(PULL_REQUEST.task.title);
  });
});
