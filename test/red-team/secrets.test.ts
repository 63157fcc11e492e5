/** A secret of the controller's environment reaches no sandbox, and is stored nowhere when it is printed. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellAgent } from '../scenarios/steps.ts';
import { leftOver, SHOP_MODELS, scratch } from '../scenarios/support.ts';
import { clearedAway, proofhouse, queueByHand, tinyRepository } from '../scenarios/tiny.ts';

const CANARY = 'canary-93be0c7d5f21-of-the-controller';
const HALVES = [CANARY.slice(0, 18), CANARY.slice(18)];

describe('a secret of the controller', () => {
  it('is not in the sandbox, and not in store, evidence or logs when somebody prints it', async () => {
    const home = scratch('secrets');
    const env = { PROOFHOUSE_TEST_TOKEN: CANARY };
    const at = clearedAway({ home, env });
    const spoken = `'${HALVES[0]}''${HALVES[1]}'`;
    const script = `found=$( (env; cat /proc/*/environ /proc/*/cmdline; grep -rhs '${HALVES[0]}' /home /run /tmp /etc /mirror) 2>/dev/null | tr '\\0' '\\n')
      case "$found" in *${spoken}*) echo 'it is in here';; *) echo 'nothing found';; esac
      env | sort; echo said ${spoken}
      echo 'export const x = 1;' > src/added.mjs\n`;
    const test = `import test from 'node:test';
      const spoken = ['${HALVES[0]}', '${HALVES[1]}'].join('');
      test('says ' + spoken, () => { console.log(spoken); });
      test('checks its environment', () => { if (JSON.stringify(process.env).includes(spoken)) throw new Error('in here'); });\n`;
    const repository = tinyRepository(path.join(home, 'tiny'), {
      ...shellAgent(script),
      'test/spoken.test.mjs': test,
    });
    const run = await queueByHand(at, repository, 'Look for secrets');
    const served = await proofhouse(at, 'serve', '--until-idle', '--scripted', SHOP_MODELS);
    const shown = [
      await proofhouse(at, 'run', 'show', run),
      await proofhouse(at, 'run', 'logs', run),
      await proofhouse(at, '--json', 'run', 'logs', run),
    ];
    const log = shown.map(({ out, err }) => out + err).join('\n');
    expect(log).toContain('nothing found');
    expect(log).toContain('said «secret:known»');
    expect(log).toContain('pull request');
    expect(served.out + served.err + log).not.toContain(CANARY);
    const kept = filesBelow(home, ['journal.sqlite', 'evidence', 'forge']);
    expect(kept.some((file) => file.includes('/evidence/'))).toBe(true);
    for (const file of kept) expect(readFileSync(file).includes(CANARY), file).toBe(false);
    const evidence = kept.filter((file) => file.includes('/evidence/'));
    const texts = evidence.map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(texts).toContain('says «secret:known»');
    expect(leftOver(run)).toEqual([]);
  });
});

function filesBelow(home: string, starts: readonly string[]): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((name) => starts.some((start) => name.startsWith(start)))
    .map((name) => path.join(home, name))
    .filter((file) => statSync(file).isFile());
}
