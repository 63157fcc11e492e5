/**
 * What the agent of one attempt shows at its door. Made from a secret of the data directory, so that a
 * controller after a crash knows the token of an agent that it adopts, and nothing of it is journaled.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type RunId, RunToken } from '../domain/ids.ts';
import { readOwn, refuseOthersFolder, unusable, writeOnce } from './own-file.ts';

const NAME = 'secret';
const SECRET_BYTES = 32;
/** Hexadecimal, so that it is a word of its own wherever it is printed. `gateway/redact.ts` knows its shape. */
const TOKEN_CHARACTERS = 48;

export type RunTokens = (run: RunId, attempt: number) => RunToken;

export function openRunTokens(home: string): RunTokens {
  const folder = join(home, 'keys', 'run-tokens');
  const kept: { secret: Buffer | null } = { secret: null };
  return (run, attempt) => {
    kept.secret ??= secretIn(folder);
    const mac = createHmac('sha256', kept.secret).update(`${run} ${attempt}`).digest('hex');
    return RunToken.parse(`proofhouse-${run}-${mac.slice(0, TOKEN_CHARACTERS)}`);
  };
}

function secretIn(folder: string): Buffer {
  writeOnce(folder, NAME, `${randomBytes(SECRET_BYTES).toString('hex')}\n`);
  const file = join(folder, NAME);
  try {
    refuseOthersFolder(folder);
    const text = readOwn(file).trim();
    if (!/^[0-9a-f]{64}$/.test(text)) throw new Error('it is not what was written there');
    return Buffer.from(text, 'hex');
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}
