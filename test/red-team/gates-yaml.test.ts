/** Policies at the base commit that are not what they look like: no run starts with one. */
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { readBaseRules } from '../../orchestrator/stages/base-rules.ts';
import {
  BASE,
  POLICY_PATH,
  repository,
  sourceOf,
  toolsWith,
} from '../orchestrator/stages/tools.ts';
import { YAML } from './gates/yaml.ts';

/** Reads whatever it can, as many readers do; an editor shows a tab as blanks. */
function leniently(source: string): unknown {
  const document = parseDocument(source.replaceAll('\t', '  '), {
    ...{ version: '1.1', uniqueKeys: false, logLevel: 'silent' },
  });
  if (document.errors.length > 0) throw document.errors[0];
  return document.toJS({ maxAliasCount: -1 });
}

async function fault(source: string): Promise<Fault> {
  const files = { [BASE]: { [POLICY_PATH]: source } };
  const tools = await toolsWith({ source: sourceOf(repository({ files })) });
  const thrown = await readBaseRules(tools, '/repositories/shop', BASE).catch((cause) => cause);
  if (thrown instanceof Fault) return thrown;
  throw new Error('a run would start', { cause: thrown });
}

test.each(YAML)('$id $attack', async ({ source, ours, at }) => {
  expect(leniently(source)).toMatchObject({ kind: 'Policy' });
  const { code, message } = await fault(source);
  expect(code).toBe('policy_invalid');
  expect(message).toContain(ours);
  expect(message).toContain(`${POLICY_PATH}:${at}`);
});
