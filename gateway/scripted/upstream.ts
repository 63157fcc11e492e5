/** The scripted model as an upstream of the gateway, in the same process and free of charge. */
import { FREE } from '../../orchestrator/domain/money.ts';
import {
  type Answer,
  type ModelUpstream,
  PATIENCE,
  type Patience,
  understood,
} from '../model/upstream.ts';
import { SCRIPTED, type ScriptedAnswer, type ScriptedModel } from './model.ts';

export function scriptedUpstream(
  script: ScriptedModel,
  patience: Patience = PATIENCE,
): ModelUpstream {
  return {
    id: 'scripted',
    vendor: 'scripted',
    name: 'scripted model (answers from files, no AI)',
    model: SCRIPTED,
    price: FREE,
    wire: 'scripted',
    patience,
    ask: async (question, signal) => {
      const conversation = understood(question);
      if ('kind' in conversation) return conversation;
      const late = AbortSignal.timeout(patience.firstByteMs);
      try {
        const either = AbortSignal.any([signal, late]);
        return asAnswer(await script.answer(conversation, question, either));
      } catch (error) {
        if (!late.aborted || signal.aborted) throw error;
        return { kind: 'silent', message: `no answer within ${patience.firstByteMs} ms` };
      }
    },
  };
}

function asAnswer(answer: ScriptedAnswer): Answer {
  switch (answer.kind) {
    case 'reply':
      return answer;
    case 'refused':
      return { ...answer, retryAfterMs: null };
    case 'garbage':
      return { kind: 'nonsense', message: 'a 200 that is not the protocol' };
  }
}
