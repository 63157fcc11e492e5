/**
 * Lines from the engine's multiplexed log: frames of eight bytes (stream, length) and a payload.
 * A line that is longer than the bound is cut, never kept whole: what writes it is untrusted.
 */
import { StringDecoder } from 'node:string_decoder';
import type { OnLine } from '../orchestrator/ports.ts';

const HEADER = 8;
const LINE_CHARACTERS_MAX = 65_536;

export function lineReader(onLine: OnLine): {
  push(chunk: Buffer): Promise<void>;
  end(): Promise<void>;
} {
  const streams = { 1: partial('out'), 2: partial('err') };
  let waiting: Buffer = Buffer.alloc(0);
  let index = 0;

  const emit = async (stream: 'out' | 'err', text: string): Promise<void> => {
    await onLine({ index: index++, stream, text });
  };
  return {
    push: async (chunk) => {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      while (waiting.length >= HEADER) {
        const end = HEADER + waiting.readUInt32BE(4);
        if (waiting.length < end) return;
        const from = streams[waiting[0] === 2 ? 2 : 1];
        for (const line of from.take(waiting.subarray(HEADER, end))) await emit(from.stream, line);
        waiting = waiting.subarray(end);
      }
    },
    end: async () => {
      for (const from of Object.values(streams)) {
        const rest = from.rest();
        if (rest !== '') await emit(from.stream, rest);
      }
    },
  };
}

function partial(stream: 'out' | 'err') {
  const decoder = new StringDecoder('utf8');
  let held = '';
  return {
    stream,
    take: (bytes: Buffer): string[] => {
      const lines = `${held}${decoder.write(bytes)}`
        .split('\n')
        .map((line) => line.slice(0, LINE_CHARACTERS_MAX));
      held = lines.pop() ?? '';
      return lines;
    },
    rest: (): string => held,
  };
}
