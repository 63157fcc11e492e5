/**
 * A Chat server around llama.cpp, as a process of its own: a local worker as small as can be.
 * Called with the folder of the packages and the model; prints its port, then a line of JSON for
 * each call. `node-llama-cpp` is loaded from that folder, because nothing shipped depends on it.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

type Asking = { maxTokens: number; signal: AbortSignal; onTextChunk(text: string): void };
type Llama = {
  loadModel(options: { modelPath: string }): Promise<{
    tokenize(text: string): unknown[];
    createContext(options: {
      contextSize: number;
      threads: number;
    }): Promise<{ getSequence(): object }>;
  }>;
};
type Package = {
  getLlama(options: { gpu: false; build: 'never'; logLevel: 'error' }): Promise<Llama>;
  LlamaCompletion: new (options: {
    contextSequence: object;
  }) => {
    generateCompletionWithMeta(
      prompt: string,
      asking: Asking,
    ): Promise<{ response: string; metadata: { stopReason: string } }>;
  };
};

const Request = z.looseObject({
  stream: z.boolean(),
  max_tokens: z.int(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.string().nullable() })),
});

const [packages = '', modelPath = ''] = process.argv.slice(2);
const entry = path.join(packages, 'node-llama-cpp/dist/index.js');
const { getLlama, LlamaCompletion } = (await import(pathToFileURL(entry).href)) as Package;
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
const model = await llama.loadModel({ modelPath });
// Its threads wait for each other by spinning, which on a busy machine takes minutes.
const context = await model.createContext({ contextSize: 4_096, threads: 1 });
const completion = new LlamaCompletion({ contextSequence: context.getSequence() });

const server = http.createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    log({ ended: response.destroyed ? 'aborted' : String(error) });
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => log({ port: (server.address() as AddressInfo).port }));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const body = Buffer.concat(parts);
  if (request.url !== '/v1/chat/completions') return void response.writeHead(404).end();
  const { stream, max_tokens: maxTokens, messages } = Request.parse(JSON.parse(body.toString()));
  const prompt = messages.map(({ role, content }) => `${role}: ${content ?? ''}`).join('\n');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let pieces = 0;
  const onTextChunk = (content: string): void => {
    pieces += 1;
    if (stream) send(response, { delta: { content }, finish_reason: null });
  };
  const asking = { maxTokens, signal: gone.signal, onTextChunk };
  const { response: content, metadata } = await completion.generateCompletionWithMeta(
    prompt,
    asking,
  );
  const finish_reason = metadata.stopReason === 'maxTokens' ? 'length' : 'stop';
  const usage = {
    prompt_tokens: model.tokenize(prompt).length,
    completion_tokens: model.tokenize(content).length,
  };
  log({ ended: finish_reason, pieces, usage });
  if (!stream) {
    const message = { role: 'assistant', content };
    return void response.end(
      JSON.stringify({ choices: [{ index: 0, message, finish_reason }], usage }),
    );
  }
  send(response, { delta: {}, finish_reason });
  response.write(`data: ${JSON.stringify({ choices: [], usage })}\n\n`);
  response.end('data: [DONE]\n\n');
}

function send(response: ServerResponse, choice: object): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`);
}

function log(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
