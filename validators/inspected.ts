/** What checks that run nothing have in common: they read the facts of a change and say what they found. */
import { digestOf } from '../orchestrator/domain/canonical.ts';
import type { Check, Finding } from '../orchestrator/domain/check.ts';
import type { FaultCode } from '../orchestrator/domain/faults.ts';
import type { Inspection } from '../orchestrator/ports/inspection.ts';
import type { EvidenceStore } from '../orchestrator/ports.ts';
import { cut, MESSAGE_CHARACTERS_MAX } from './bounded-text.ts';
import { verdictOf } from './command.ts';

export type Found = {
  readonly code: FaultCode;
  readonly message: string;
  readonly where?: string | undefined;
};

export type InspectionTools = {
  readonly evidence: EvidenceStore;
  readonly redact: (text: string) => string;
};

type Rule = { readonly kind: string; readonly advisory?: boolean };

/** More than this tells an agent nothing new; the evidence file has more of them. */
const TOLD_MAX = 20;
const KEPT_MAX = 1_000;
const FILE = 'findings.json';

export async function inspectedCheck(
  { evidence, redact }: InspectionTools,
  { id, definition }: Pick<Inspection<Rule>, 'id' | 'definition'>,
  { found, wallMs }: { readonly found: readonly Found[]; readonly wallMs: number },
): Promise<Check> {
  const findings = found.slice(0, KEPT_MAX).map(
    ({ code, message, where }): Finding => ({
      ...{ validator: id, code, message: cut(redact(message), MESSAGE_CHARACTERS_MAX) },
      ...(where === undefined ? {} : { where: redact(where) }),
    }),
  );
  const file = { findings, ...(found.length > KEPT_MAX ? { cut: true } : {}) };
  const bytes = Buffer.from(JSON.stringify(file));
  const digest = await evidence.put(bytes);
  return {
    ...{ validator: id, kind: definition.kind },
    definition: digestOf('validator', JSON.parse(JSON.stringify(definition))),
    verdict: verdictOf(findings),
    tests: null,
    findings: findings.slice(0, TOLD_MAX),
    evidence: [{ name: FILE, digest, bytes: bytes.length, mediaType: 'application/json' }],
    wallMs,
    ...{ tries: 1, cachedFrom: null, advisory: definition.advisory ?? false },
  };
}

/** What a detector of the policies says, under the code of a validator. */
export function firingsAs(
  code: FaultCode,
  firings: readonly { path: string; line: number | null; message: string }[],
): Found[] {
  return firings.map(({ path, line, message }) => ({
    ...{ code, message },
    where: line === null ? path : `${path}:${line}`,
  }));
}
