/**
 * Which model the environment asks for. Pure, and the sentence for people never holds a key.
 *
 *   PROOFHOUSE_MODEL=scripted                  the scripted model, whatever else is set
 *   OPENAI_BASE_URL, OPENAI_API_KEY            any OpenAI-compatible server
 *   ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY      any Anthropic-compatible server
 *   GEMINI_BASE_URL, GEMINI_API_KEY            Gemini, or a server of its protocol
 *   PROOFHOUSE_MODEL                           its name there; else the first the server lists,
 *                                              or with a key alone the vendor's default below
 *   PROOFHOUSE_MODEL_PRICE=IN/OUT              dollars per million tokens
 *   none of these                              the scripted model
 */
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { Price } from './upstream.ts';

type Vendor = 'openai' | 'anthropic' | 'gemini';

export type ModelChoice =
  | { readonly kind: 'scripted'; readonly folder: string; readonly shown: string }
  | { readonly kind: 'none'; readonly shown: string }
  | {
      readonly kind: Vendor;
      readonly url: string;
      readonly key: string | null;
      /** Null: the first that the server lists. */
      readonly model: string | null;
      readonly price: Price | null;
      readonly shown: string;
    };

export type Environment = Readonly<Record<string, string | undefined>>;

type Remote = Extract<ModelChoice, { kind: Vendor }>;

const VENDORS = {
  openai: {
    variables: 'OPENAI',
    title: 'OpenAI-compatible',
    url: 'https://api.openai.com/v1',
    model: 'gpt-6.1-sol',
  },
  anthropic: {
    variables: 'ANTHROPIC',
    title: 'Anthropic-compatible',
    url: 'https://api.anthropic.com',
    model: 'claude-sonnet-5-5',
  },
  gemini: {
    variables: 'GEMINI',
    title: 'Gemini',
    url: 'https://generativelanguage.googleapis.com',
    model: 'gemini-3.8-flash',
  },
} as const;

export function chooseModel(environment: Environment, scriptedFolder: string | null): ModelChoice {
  const named = settingOf(environment, 'PROOFHOUSE_MODEL');
  const remote =
    remoteOf(environment, 'openai') ??
    remoteOf(environment, 'anthropic') ??
    remoteOf(environment, 'gemini');
  if (named !== 'scripted' && remote !== null) return remote;
  if (scriptedFolder === null) {
    return {
      kind: 'none',
      shown: 'no model: set OPENAI_BASE_URL, OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY',
    };
  }
  const shown = `scripted model: answers from the files in ${scriptedFolder}, no AI, no key`;
  return { kind: 'scripted', folder: scriptedFolder, shown };
}

function remoteOf(environment: Environment, kind: Vendor): Remote | null {
  const vendor = VENDORS[kind];
  const given = settingOf(environment, `${vendor.variables}_BASE_URL`);
  const key = settingOf(environment, `${vendor.variables}_API_KEY`);
  if (given === null && key === null) return null;
  const named = settingOf(environment, 'PROOFHOUSE_MODEL');
  const model = named ?? (given === null ? vendor.model : null);
  const url = checkedUrl(given ?? vendor.url, `${vendor.variables}_BASE_URL`);
  const price = priceOf(environment);
  const facts = [
    vendor.title,
    key === null ? 'without a key' : `key from ${vendor.variables}_API_KEY`,
    price === null ? 'no price known' : 'with a price',
  ];
  const where = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const shown = `${model ?? 'the first model listed'} at ${where} (${facts.join(', ')})`;
  return { kind, url: url.href, key, model, price, shown };
}

function checkedUrl(text: string, variable: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Fault('usage', `${variable} is not an http or https address`);
  }
  // Such a password would be shown wherever the address is.
  if (url.username !== '' || url.password !== '') {
    throw new Fault(
      'usage',
      `${variable} holds a user or password; put the key in its own variable`,
    );
  }
  return url;
}

function priceOf(environment: Environment): Price | null {
  const text = settingOf(environment, 'PROOFHOUSE_MODEL_PRICE');
  if (text === null) return null;
  const found = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
  if (found === null) {
    const how = 'is not INPUT/OUTPUT in dollars per million tokens, as in 3/15';
    throw new Fault('usage', `PROOFHOUSE_MODEL_PRICE=${text} ${how}`);
  }
  // A dollar for a million tokens is a millionth of a dollar for one.
  const [, input = '', output = ''] = found;
  return { inputMicroUsdPerToken: Number(input), outputMicroUsdPerToken: Number(output) };
}

/** Empty counts as not set, as in `OPENAI_API_KEY= proofhouse …`. */
function settingOf(environment: Environment, name: string): string | null {
  const value = environment[name]?.trim() ?? '';
  return value === '' ? null : value;
}
