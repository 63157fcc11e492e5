/**
 * Writes a model of the llama architecture that fits in half a megabyte: made-up weights, a token
 * for each byte. It knows nothing and says nonsense, which is enough to see real inference behind
 * the gateway without a download. The format is GGUF, version 3.
 */
import { writeFileSync } from 'node:fs';

const WIDTH = 64;
const HEADS = 4;
const HIDDEN = 128;
const LAYERS = 2;
const CONTEXT = 4_096;
const ALIGNMENT = 32;

/** Numbers of the value types in the format. */
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const STRING = 8;
const ARRAY = 9;
/** Kinds of tokens there. */
const UNKNOWN = 2;
const CONTROL = 3;
const BYTE = 6;

const SPECIAL = ['<unk>', '<s>', '</s>'];
const TOKENS = [
  ...SPECIAL,
  ...Array.from({ length: 256 }, (_, byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
  }),
];

type Tensor = { readonly name: string; readonly shape: readonly number[] };

export function writeTinyModel(file: string): void {
  const tensors = tensorsOf();
  const pairs = metadata();
  const head = [
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(pairs.length),
    ...pairs,
  ];
  let offset = 0;
  for (const tensor of tensors) {
    head.push(described(tensor, offset));
    offset += aligned(bytesOf(tensor));
  }
  const before = Buffer.concat(head);
  const random = weights();
  const data = tensors.map((tensor) => padded(filled(tensor, random)));
  writeFileSync(file, Buffer.concat([padded(before), ...data]));
}

function tensorsOf(): Tensor[] {
  const vocabulary = [WIDTH, TOKENS.length];
  const layer = (index: number): Tensor[] =>
    Object.entries({
      attn_norm: [WIDTH],
      attn_q: [WIDTH, WIDTH],
      attn_k: [WIDTH, WIDTH],
      attn_v: [WIDTH, WIDTH],
      attn_output: [WIDTH, WIDTH],
      ffn_norm: [WIDTH],
      ffn_gate: [WIDTH, HIDDEN],
      ffn_up: [WIDTH, HIDDEN],
      ffn_down: [HIDDEN, WIDTH],
    }).map(([name, shape]) => ({ name: `blk.${index}.${name}.weight`, shape }));
  return [
    { name: 'token_embd.weight', shape: vocabulary },
    ...Array.from({ length: LAYERS }, (_, index) => layer(index)).flat(),
    { name: 'output_norm.weight', shape: [WIDTH] },
    { name: 'output.weight', shape: vocabulary },
  ];
}

function metadata(): Buffer[] {
  const number = (key: string, value: number) => pair(key, UINT32, uint32(value));
  const kinds = TOKENS.map((_, index) => {
    if (index >= SPECIAL.length) return BYTE;
    return index === 0 ? UNKNOWN : CONTROL;
  });
  return [
    pair('general.architecture', STRING, text('llama')),
    pair('general.name', STRING, text('tiny')),
    number('llama.context_length', CONTEXT),
    number('llama.embedding_length', WIDTH),
    number('llama.block_count', LAYERS),
    number('llama.feed_forward_length', HIDDEN),
    number('llama.attention.head_count', HEADS),
    number('llama.attention.head_count_kv', HEADS),
    number('llama.rope.dimension_count', WIDTH / HEADS),
    number('llama.vocab_size', TOKENS.length),
    pair('llama.attention.layer_norm_rms_epsilon', FLOAT32, float32(1e-5)),
    pair('tokenizer.ggml.model', STRING, text('llama')),
    list('tokenizer.ggml.tokens', STRING, TOKENS.map(text)),
    list(
      'tokenizer.ggml.scores',
      FLOAT32,
      TOKENS.map(() => float32(0)),
    ),
    list('tokenizer.ggml.token_type', INT32, kinds.map(uint32)),
    number('tokenizer.ggml.unknown_token_id', 0),
    number('tokenizer.ggml.bos_token_id', 1),
    number('tokenizer.ggml.eos_token_id', 2),
  ];
}

function pair(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([text(key), uint32(type), value]);
}

function list(key: string, type: number, values: readonly Buffer[]): Buffer {
  return pair(key, ARRAY, Buffer.concat([uint32(type), uint64(values.length), ...values]));
}

function described({ name, shape }: Tensor, offset: number): Buffer {
  const type = uint32(0);
  return Buffer.concat([
    text(name),
    uint32(shape.length),
    ...shape.map(uint64),
    type,
    uint64(offset),
  ]);
}

function bytesOf({ shape }: Tensor): number {
  return shape.reduce((product, size) => product * size, Float32Array.BYTES_PER_ELEMENT);
}

function filled(tensor: Tensor, random: () => number): Buffer {
  const isNorm = tensor.name.includes('norm');
  const values = Float32Array.from({ length: bytesOf(tensor) / 4 }, () => (isNorm ? 1 : random()));
  return Buffer.from(values.buffer);
}

/** Park and Miller's generator: the same model each time. */
function weights(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) / 5;
  };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.byteLength) - bytes.byteLength)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.byteLength), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
