/** Finds the events in a stream that passes by. Reads each byte once and never holds up the stream. */

/** One event longer than this is not read further; the stream goes on. */
const EVENT_CHARS_MAX = 16 * 1024 * 1024;

/** Takes chunks as they come and calls `onData` with the data of each whole event. */
export function eventReader(onData: (data: string) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let tail: string[] = [];
  let tailChars = 0;
  let data: string[] = [];
  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0) onData(data.join('\n'));
      data = [];
    } else if (text.startsWith('data:')) {
      data.push(text.slice(text.startsWith('data: ') ? 6 : 5));
    }
  };
  return (chunk) => {
    const [first = '', ...lines] = decoder.decode(chunk, { stream: true }).split('\n');
    tailChars += first.length;
    if (tailChars <= EVENT_CHARS_MAX) tail.push(first);
    for (const next of lines) {
      line(withoutReturn(tail.join('')));
      tail = [next];
      tailChars = next.length;
    }
  };
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
