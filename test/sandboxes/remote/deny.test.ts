/** What streams to the controller, and where volumes may lie that it fills: of these roles alone. */
import { describe, expect, test } from 'vitest';
import { denied } from '../../../sandboxes/deny.ts';
import { containerBody, type Mount, type Role } from '../../../sandboxes/spec.ts';
import { volumeMount } from '../../../sandboxes/tool.ts';
import { OWNER, ROOTS, SPEC } from '../sample.ts';

const RUN = 'proofhouse-r0000001-1';
const MIRROR = `proofhouse-${OWNER.instance}-mirror-${'a'.repeat(16)}`;
const HISTORY = `proofhouse-${OWNER.instance}-history-${'a'.repeat(16)}-${'c'.repeat(40)}`;
const LAYER = `proofhouse-${OWNER.instance}-dependencies-${'a'.repeat(16)}-${'b'.repeat(32)}`;
const filled = (source: string): Mount => ({
  ...volumeMount(source, '/var/tmp', true),
  takesRights: true,
});

function reasons(role: Role, ...mounts: Mount[]): string {
  const spec = { ...SPEC, role, mounts };
  return denied({ name: SPEC.name, ...containerBody(spec, OWNER) }, ROOTS).join('\n');
}

describe('a carrier', () => {
  test.each([`${RUN}-workspace`, `${RUN}-agent-launch`, MIRROR, HISTORY, LAYER])(
    'may fill %s',
    (source) => {
      expect(reasons('carrier', filled(source))).toBe('');
    },
  );

  test.each<[string, Mount, RegExp]>([
    ['of another run', filled('proofhouse-r0000002-1-workspace'), /another run/],
    [
      'of another data directory',
      filled(MIRROR.replace(/[0-9a-f]{12}/, 'f'.repeat(12))),
      /data dir/,
    ],
    ['of somebody else', filled('postgres-data'), /not made by the controller/],
    ['whose rights it does not take', volumeMount(MIRROR, '/var/tmp', true), /options/],
  ])('may fill none %s', (_, mount, why) => {
    expect(reasons('carrier', mount)).toMatch(why);
  });

  test('has its streams joined and its log nowhere', () => {
    const { HostConfig, ...body } = containerBody({ ...SPEC, role: 'carrier', mounts: [] }, OWNER);
    const wrong = { name: SPEC.name, ...body, StdinOnce: false, HostConfig };
    expect(denied(wrong, ROOTS).join()).toMatch(/StdinOnce/);
    const logged = { ...HostConfig, LogConfig: { Type: 'json-file', Config: {} } };
    expect(denied({ name: SPEC.name, ...body, HostConfig: logged }, ROOTS).join()).toMatch(
      /LogConfig/,
    );
  });
});

describe('an agent', () => {
  test('may read the past of its base and its launch folder from volumes', () => {
    const launch = volumeMount(`${RUN}-agent-launch`, '/run/proofhouse');
    expect(reasons('agent', volumeMount(HISTORY, '/mirror'), launch)).toBe('');
  });

  test.each<[string, Mount, RegExp]>([
    ['fill a volume', filled(MIRROR), /not a place/],
    ['see what came after its base', volumeMount(MIRROR, '/mirror'), /not made/],
    ['read a layer', volumeMount(LAYER, '/layer'), /not a place/],
    ['write to the past', volumeMount(HISTORY, '/mirror', true), /writable/],
    [
      'write beside its socket',
      volumeMount(`${RUN}-agent-launch`, '/run/proofhouse', true),
      /writable/,
    ],
    [
      'have its workspace take rights',
      { ...volumeMount(`${RUN}-workspace`, '/workspace', true), takesRights: true },
      /options/,
    ],
  ])('may not %s', (_, mount, why) => {
    expect(reasons('agent', mount)).toMatch(why);
  });

  test('has no streams to the controller', () => {
    const body = containerBody({ ...SPEC, mounts: [] }, OWNER);
    const streams = { AttachStdin: true, OpenStdin: true, StdinOnce: true };
    const why = denied({ name: SPEC.name, ...body, ...streams }, ROOTS).join();
    expect(why).toMatch(/OpenStdin/);
    expect(why).toMatch(/StdinOnce/);
  });
});

test('a relay may write beside the socket that it serves, and fills nothing', () => {
  const launch = volumeMount(`${RUN}-agent-launch`, '/run/proofhouse', true);
  expect(reasons('relay', launch)).toBe('');
  expect(reasons('relay', filled(MIRROR))).toMatch(/not a place/);
});
