/** Makes the model that was chosen ready: reads its scenarios, or asks its server for a name. */
import { z } from 'zod';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { collect, send } from '../outgoing.ts';
import { scriptedModel } from '../scripted/model.ts';
import { loadScenarios } from '../scripted/scenario.ts';
import { scriptedUpstream } from '../scripted/upstream.ts';
import type { ModelChoice } from './choose.ts';
import {
  anthropicUpstream,
  credentials,
  geminiUpstream,
  openAiUpstream,
  versioned,
} from './http-upstream.ts';
import { parsed, type Wire } from './protocols/protocol.ts';
import { type ModelUpstream, PATIENCE, type Patience } from './upstream.ts';

const LIST_BYTES_MAX = 4 * 1024 * 1024;
const LIST_MS_MAX = 20_000;
const ModelList = z.union([
  z.looseObject({ data: z.array(z.looseObject({ id: z.string() })).min(1) }),
  // Gemini names them as they stand in its paths.
  z
    .looseObject({ models: z.array(z.looseObject({ name: z.string() })).min(1) })
    .transform(({ models }) => ({
      data: models.map(({ name }) => ({ id: name.replace(/^models\//, '') })),
    })),
]);

type Remote = Extract<ModelChoice, { kind: 'openai' | 'anthropic' | 'gemini' }>;

const WIRES: Readonly<Record<Remote['kind'], Wire>> = {
  openai: 'chat',
  anthropic: 'messages',
  gemini: 'gemini',
};
const UPSTREAMS = {
  openai: openAiUpstream,
  anthropic: anthropicUpstream,
  gemini: geminiUpstream,
};

export async function openModel(
  choice: ModelChoice,
  patience: Patience = PATIENCE,
): Promise<ModelUpstream> {
  if (choice.kind === 'none') throw new Fault('model_unavailable', choice.shown);
  if (choice.kind === 'scripted') {
    return scriptedUpstream(scriptedModel(await loadScenarios(choice.folder)), patience);
  }
  const model = choice.model ?? (await firstListed(choice));
  const options = { ...choice, model, patience, name: `${model} at ${new URL(choice.url).host}` };
  return UPSTREAMS[choice.kind](options);
}

async function firstListed({ kind, url, key }: Remote): Promise<string> {
  const address = new URL(`${versioned(url, WIRES[kind])}/models`);
  const sent = await send(
    {
      url: address,
      method: 'GET',
      headers: credentials(WIRES[kind], key),
      body: null,
      connectMs: PATIENCE.connectMs,
      firstByteMs: LIST_MS_MAX,
      idleMs: LIST_MS_MAX,
    },
    AbortSignal.timeout(LIST_MS_MAX),
  );
  const how = 'name the model with PROOFHOUSE_MODEL';
  if (sent.ended !== 'answered') {
    const code = sent.ended === 'silent' ? 'model_silent' : 'model_unavailable';
    throw new Fault(code, `${address.href} gave no list of models (${sent.message})`);
  }
  const body = await collect(sent.chunks, LIST_BYTES_MAX);
  if (sent.status !== 200) {
    const said = `${address.href} gave no list of models (status ${sent.status}); ${how}`;
    throw new Fault('model_unavailable', said);
  }
  const first = ModelList.safeParse(parsed(body?.toString('utf8') ?? '')).data?.data[0];
  if (first) return first.id;
  throw new Fault('model_nonsense', `what ${address.href} answered is no list of models; ${how}`);
}
