/** A check by a model that reads a change: what it says can add a gate, and decides nothing else. */
import { z } from 'zod';
import { Severity } from '../../orchestrator/domain/review.ts';
import { RequiredFor } from './inspectors.ts';
import { Id, key } from './words.ts';

export const Review = z
  .strictObject({
    kind: key(
      z.literal('review'),
      'A model of the route review reads the change. Its remarks pass nothing, fail nothing and take nothing away.',
    ),
    required: key(
      z.boolean().default(false),
      'true: a change that no model reviewed goes no further. By default it goes on, and is told to be unreviewed.',
      'or',
    ),
    raises: key(
      z.array(Id).max(20).default([]),
      'Gates that a remark adds to those that hold the change. By default none.',
    ),
    raises_from: key(
      Severity.default('high'),
      'How severe a remark must be to raise them. By default high.',
    ),
    required_for: RequiredFor,
  })
  .transform(({ raises_from, required_for, ...rule }) => ({
    ...rule,
    raisesFrom: raises_from,
    requiredFor: required_for,
  }));
export type ReviewRule = z.output<typeof Review>;
