/** What a command is given, for a factory of a test; keeps what it printed. */
import type { Context } from '../../orchestrator/commands/context.ts';
import { personNamed } from '../../orchestrator/commands/names.ts';
import {
  chooseModel,
  type Factory,
  openAudit,
  openLocal,
  openReading,
  openSignatures,
} from '../../orchestrator/compose.ts';

export function contextFor(factory: Factory): Context & { readonly printed: string[] } {
  const printed: string[] = [];
  const print = (text: string): void => void printed.push(text);
  return {
    home: factory.home,
    demoHome: factory.home,
    cwd: factory.home,
    json: false,
    command: 'proofhouse',
    person: () => personNamed('dana'),
    out: print,
    err: print,
    signal: new AbortController().signal,
    clock: () => new Date(),
    ledgers: () => factory,
    signatures: () => openSignatures(factory.home, () => new Date()),
    audit: () => openAudit(factory.home, () => new Date()),
    reading: () => openReading(factory.home),
    redact: (text) => text,
    orgPolicies: [],
    local: openLocal,
    model: (scripted) => chooseModel({}, scripted),
    factory: async () => factory,
    printed,
  };
}
