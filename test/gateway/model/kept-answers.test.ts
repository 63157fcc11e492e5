import { expect, it } from 'vitest';
import { keptAnswers } from '../../../gateway/model/kept-answers.ts';

const MODEL = { id: 'small', name: 'small at a.example', model: 'small-1' };

it('the oldest answer goes when there are too many', () => {
  const kept = keptAnswers(2);
  for (const asked of ['a', 'b', 'c']) kept.keep(MODEL, asked, `answer to ${asked}`);
  expect(['a', 'b', 'c'].map((asked) => kept.find(MODEL, asked))).toEqual([
    null,
    'answer to b',
    'answer to c',
  ]);
});

it('an answer is of one model at one place, and not kept when it is long', () => {
  const kept = keptAnswers();
  kept.keep(MODEL, 'a', 'said');
  kept.keep(MODEL, 'b', 'x'.repeat(20_000));
  expect(kept.find({ ...MODEL, name: 'small at b.example' }, 'a')).toBeNull();
  expect(kept.find(MODEL, 'b')).toBeNull();
});
