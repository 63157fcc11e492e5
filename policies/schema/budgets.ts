/** What a run may use up, and what all runs of somebody may use up within a day or a month. */
import { z } from 'zod';
import { MODEL_ROLES, microUsdIn } from '../../orchestrator/domain/money.ts';
import { Count, Timeout } from '../units.ts';
import { Id, key } from './words.ts';

const Usd = z.number().min(0).max(1_000_000);
const usd = (text: string) => key(Usd.optional(), text, 'the smaller');
const count = (text: string) => key(Count.optional(), text, 'the smaller');

const Window = z
  .strictObject({
    of: key(
      z.enum(['organisation', 'team', 'repository', 'requester', 'role']),
      'Whose calls are counted together: all of this controller, those of the members of a group, of the repository, of whoever asked for the task, or of one role within a task.',
    ),
    name: key(
      Id.optional(),
      'Of a team the group, of a role its name: plan, edit, review, extract or title.',
    ),
    per: key(z.enum(['task', 'day', 'month']), 'Within what time (UTC); a role within its task.'),
    usd: key(Usd.optional(), 'Money for model calls, in dollars.'),
    tokens: key(Count.optional(), 'Tokens in and out.'),
    turns: key(Count.optional(), 'Model calls.'),
  })
  .check((context) => {
    const { of, name, per, usd: money, tokens, turns } = context.value;
    const report = (message: string): void => {
      context.issues.push({ code: 'custom', input: context.value, message });
    };
    if ((of === 'team' || of === 'role') !== (name !== undefined)) {
      report('`name` goes with a team or a role, and with nothing else');
    } else if (of === 'role' && !isRole(name)) {
      report(`expected one of ${MODEL_ROLES.join(', ')} as the name of a role`);
    }
    if ((of === 'role') !== (per === 'task'))
      report('a role counts per task, and all else does not');
    if (money === undefined && tokens === undefined && turns === undefined) {
      report('expected at least one of `usd`, `tokens` and `turns`');
    }
  })
  .transform(({ of, name = null, per, usd: money, tokens, turns }) => ({
    ...{ of, name, per },
    microUsd: micro(money),
    tokens: tokens ?? null,
    calls: turns ?? null,
  }));
export type WindowRule = z.output<typeof Window>;

export const Budgets = z
  .strictObject({
    per_task: key(
      z
        .strictObject({
          usd: usd('Money for model calls, in dollars.'),
          tokens: count('Tokens in and out.'),
          wall: key(Timeout.optional(), 'Time of one attempt.', 'the smaller'),
          turns: count('Model calls.'),
          retries: key(
            z.int().min(0).max(8).optional(),
            'Attempts after the first.',
            'the smaller',
          ),
          refusals: count(
            'Model calls refused one after another before a run ends. By default 25.',
          ),
          cache_misses: count(
            'Model calls of one session, one after another, that read nothing from a cache before a run ends.',
          ),
          wrap_up: key(
            z.int().min(10).max(99).optional(),
            'Share of `wall`, in percent, after which an agent is told to come to an end. By default 80.',
            'the smaller',
          ),
        })
        .default({}),
      'What one task may use up.',
    ),
    per_repo_day: key(
      z
        .strictObject({
          usd: usd('Money for model calls of a day, in dollars.'),
          tasks: count('Tasks that are started on a day.'),
        })
        .default({}),
      'What one repository may use up on a day (UTC).',
    ),
    windows: key(
      z.array(Window).max(50).default([]),
      'What others than a task may use up. Each holds by itself.',
      'union',
    ),
    on_exceed: key(
      z.enum(['pause', 'ask', 'fail']).default('fail'),
      'What happens at a limit.',
      'fail, then ask, then pause',
    ),
  })
  .prefault({})
  .transform(({ per_task: task, per_repo_day: day, windows, on_exceed }) => ({
    microUsd: micro(task.usd),
    tokens: task.tokens ?? null,
    wallMs: task.wall ?? null,
    turns: task.turns ?? null,
    retries: task.retries ?? null,
    refusals: task.refusals ?? null,
    cacheMisses: task.cache_misses ?? null,
    wrapUpPercent: task.wrap_up ?? null,
    perRepoDay: { microUsd: micro(day.usd), tasks: day.tasks ?? null },
    windows,
    onExceed: on_exceed,
  }));

function micro(dollars: number | undefined): number | null {
  return dollars === undefined ? null : microUsdIn(dollars);
}

function isRole(name: string | undefined): boolean {
  return MODEL_ROLES.some((role) => role === name);
}
