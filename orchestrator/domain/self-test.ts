/**
 * What a sandbox finds when it looks at its own network, before anything that an agent chose runs in
 * it. A list of hosts that is loaded and not held has been found by users elsewhere; here each run
 * looks for itself. Pure: what is asked, what is said, and whether that is as it must be.
 */
import { z } from 'zod';

/** Nobody has this name, and no policy may give it a meaning. */
export const DENIED_TARGET = 'proofhouse-self-test.invalid:443';
/** Of the network for documentation: nobody is there, and without a network nobody is asked. */
const DIRECT = { host: '203.0.113.1', port: 443 };
export const SELF_TEST_ENV = 'PROOFHOUSE_SELF_TEST';
const MARK = 'proofhouse-self-test ';

type Target = { readonly host: string; readonly port: number };

/** What the sandbox's first program is told to try; `allowed` is a host that the policy opens. */
export function selfTestFor(allowed: Target | null): string {
  const target = allowed === null ? null : `${allowed.host}:${allowed.port}`;
  return JSON.stringify({ denied: DENIED_TARGET, direct: DIRECT, allowed: target });
}

const Found = z.strictObject({
  /** Status of the answer to a CONNECT, or the code of an error. */
  denied: z.string().max(40),
  /** Code of the error, or `connected`. */
  direct: z.string().max(40),
  allowed: z.string().max(40).nullable(),
});

/** Why a sandbox's first line shows another network than the one it must have; null when it is right. */
export function selfTestProblem(line: string, allowed: Target | null): string | null {
  if (!line.startsWith(MARK)) return 'the sandbox did not say what it found';
  const found = Found.safeParse(jsonOf(line.slice(MARK.length))).data;
  if (found === undefined) return 'what the sandbox found cannot be read';
  if (found.direct !== 'ENETUNREACH') {
    return `a connection past the gateway came to "${found.direct}" and not to ENETUNREACH`;
  }
  if (found.denied !== '403') {
    return `the gateway answered "${found.denied}" and not 403 for a host that no policy allows`;
  }
  // A host that is down, or has no address today, says nothing of the gateway.
  if (allowed !== null && !['200', '502'].includes(found.allowed ?? 'nothing')) {
    return `the gateway answered "${found.allowed}" for ${allowed.host}, which the policy allows`;
  }
  return null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
