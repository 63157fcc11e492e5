/** Calls at a door, so many at once, each timed to the end of its answer. */
import http from 'node:http';

export type Door = {
  readonly at: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, string>>;
};

export type Load = {
  readonly what: string;
  readonly connections: number;
  readonly calls: number;
  readonly body: string;
};

export type Found = { readonly tails: readonly number[]; readonly perSecond: number };

const SHARES = [0.5, 0.95, 0.99];

/** What was found, or in words why nothing was. */
export async function measured(load: Load, door: Door): Promise<Found | string> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: load.connections });
  try {
    await all({ ...load, calls: Math.max(20, Math.ceil(load.calls / 10)) }, door, agent);
    const from = performance.now();
    const times = (await all(load, door, agent)).sort((a, b) => a - b);
    const seconds = (performance.now() - from) / 1_000;
    const tails = SHARES.map((at) => times[Math.ceil(at * times.length) - 1] ?? 0);
    return { tails, perSecond: load.calls / seconds };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    agent.destroy();
  }
}

async function all(load: Load, door: Door, agent: http.Agent): Promise<number[]> {
  const times: number[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < load.calls) {
      begun += 1;
      const from = performance.now();
      await call(load.body, door, agent);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: load.connections }, worker));
  return times;
}

function call(body: string, door: Door, agent: http.Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...door.headers,
    };
    const request = http.request({ ...door.at, agent, method: 'POST', headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
      answer.resume().once('end', resolve).once('error', reject);
    });
    request.once('error', reject);
    request.end(body);
  });
}
