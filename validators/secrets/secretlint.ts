/**
 * secretlint over texts that an agent may have made. The only file that knows the package; runs in a
 * thread of its own, which whoever started it may end, because its patterns are not linear in time.
 *
 * Nothing of the tree has a say: its `.secretlintrc` is a text like any other, and the rule that obeys
 * `secretlint-disable` in comments is left out. What is found is named by rule and line, and never told.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { lintSource } from '@secretlint/core';
import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import { z } from 'zod';
import { Linted, type SecretFinding } from './linted.ts';

const OBEYS_COMMENTS = '@secretlint/secretlint-rule-filter-comments';
const CONFIG = {
  rules: rules
    .filter(({ meta }) => meta.id !== OBEYS_COMMENTS)
    .map((rule) => ({ id: rule.meta.id, rule })),
};

type Message = { readonly rule: string; readonly line: number; readonly value: string };

async function messagesIn(path: string, content: string): Promise<readonly Message[]> {
  if (content === '') return [];
  const ext = /\.[^./]*$/.exec(path)?.[0] ?? '';
  const { messages } = await lintSource({
    source: { filePath: path, content, ext, contentType: 'text' },
    options: { config: CONFIG, maskSecrets: true, noPhysicFilePath: true },
  });
  return messages.map(({ ruleId, messageId, loc, range }) => ({
    rule: `${ruleId.replace(/^@secretlint\/secretlint-rule-/, '')} ${messageId}`,
    line: loc.start.line,
    value: content.slice(...range),
  }));
}

/** What a text holds now and did not before; a secret that only moved to another line is none. */
async function addedSecrets({ path, before, after }: Linted): Promise<SecretFinding[]> {
  const found = await messagesIn(path, after);
  if (found.length === 0) return [];
  const known = new Set((await messagesIn(path, before)).map(({ value }) => value));
  return found
    .filter(({ value }) => !known.has(value))
    .map(({ line, rule }) => ({ path, line, rule }));
}

if (parentPort !== null) {
  const found: SecretFinding[] = [];
  for (const file of z.array(Linted).parse(workerData)) {
    found.push(...(await addedSecrets(file)));
  }
  parentPort.postMessage(found);
}
