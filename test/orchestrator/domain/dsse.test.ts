import { generateKeyPairSync, sign as rawSign } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  type Envelope,
  keyId,
  publicKeyOf,
  sign,
  signJson,
  spkiOf,
  verify,
  verifyJson,
} from '../../../orchestrator/domain/dsse.ts';
import { keyNamed, trusting } from './keys.ts';

const APPROVAL = 'application/vnd.proofhouse.approval.v1+json';
const CHECKPOINT = 'application/vnd.proofhouse.audit-checkpoint.v1+json';
const ANA = keyNamed('ana', 'approval');
const BO = keyNamed('bo', 'approval');
const TRUSTED = trusting(ANA, BO);
const BODY = Buffer.from('{"yes":true}');
const SIGNED = sign(APPROVAL, BODY, ANA);
const [SIGNATURE = { sig: '' }] = SIGNED.signatures;
const NO = { problem: 'bad_signature' };

test('what was signed is given back, byte for byte, with the id of its key', () => {
  expect(verify(SIGNED, TRUSTED, APPROVAL)).toEqual({ payload: BODY, signedBy: [keyId(ANA.key)] });
});

test('what is signed is the type and the payload, each with its length', () => {
  const message = `DSSEv1 ${APPROVAL.length} ${APPROVAL} 12 {"yes":true}`;
  const sig = rawSign(null, Buffer.from(message), ANA.privateKey).toString('base64');
  expect(SIGNATURE.sig).toBe(sig);
});

test('a key id is a hint: a false one and none change nothing', () => {
  for (const hint of [{ keyid: keyId(BO.key) }, { keyid: '' }, {}]) {
    const hinted = { ...SIGNED, signatures: [{ ...hint, sig: SIGNATURE.sig }] };
    expect(verify(hinted, TRUSTED, APPROVAL)).toMatchObject({ signedBy: [keyId(ANA.key)] });
  }
});

test('keys are counted and not signatures', () => {
  const both = [...SIGNED.signatures, ...sign(APPROVAL, BODY, BO).signatures, SIGNATURE, SIGNATURE];
  const verified = verify({ ...SIGNED, signatures: both }, TRUSTED, APPROVAL);
  expect(verified).toMatchObject({ signedBy: [keyId(ANA.key), keyId(BO.key)] });
  const twice = verify({ ...SIGNED, signatures: [SIGNATURE, SIGNATURE] }, TRUSTED, APPROVAL);
  expect(twice).toMatchObject({ signedBy: [keyId(ANA.key)] });
  // The same key trusted twice is one key too.
  expect(verify(SIGNED, [...TRUSTED, ...TRUSTED], APPROVAL)).toMatchObject({
    signedBy: [keyId(ANA.key)],
  });
});

test('one signature that nobody trusts does not spoil another', () => {
  const odd = sign(APPROVAL, BODY, keyNamed('eve', 'approval')).signatures;
  const mixed = { ...SIGNED, signatures: [...odd, ...SIGNED.signatures] };
  expect(verify(mixed, TRUSTED, APPROVAL)).toMatchObject({ signedBy: [keyId(ANA.key)] });
});

test('both alphabets of base64 are read, with padding and without', () => {
  const bytes = Buffer.from([0xfb, 0xff, 0xbf, 0x3e]);
  const key = ANA;
  const envelope = sign(APPROVAL, bytes, key);
  expect(envelope.payload).toBe('+/+/Pg==');
  for (const payload of ['+/+/Pg==', '+/+/Pg', '-_-_Pg==', '-_-_Pg']) {
    const url = {
      keyid: '',
      sig: Buffer.from(signatureOf(envelope), 'base64').toString('base64url'),
    };
    const other = { ...envelope, payload, signatures: [url] };
    expect(verify(other, TRUSTED, APPROVAL)).toMatchObject({ payload: bytes });
  }
});

function signatureOf({ signatures }: Envelope): string {
  return signatures[0]?.sig ?? '';
}

test.each([
  ['a blank', 'eyJ5ZXMiOnRydWV9 '],
  ['a line break', 'eyJ5ZXMi\nOnRydWV9'],
  ['a letter that is none', 'eyJ5ZXMiOnRydWV9!'],
  ['too much padding', 'eyJ5ZXMiOnRydWV9=='],
  ['bits that nobody reads', 'eyJ5ZXMiOnRydWV='],
  ['one letter too many', 'eyJ5ZXMiOnRydWV9e'],
])('base64 with %s is no base64', (_, payload) => {
  expect(verify({ ...SIGNED, payload }, TRUSTED, APPROVAL)).toEqual({ problem: 'not_an_envelope' });
});

test.each([
  ['nothing', null],
  ['text', JSON.stringify(SIGNED)],
  ['no signatures', { ...SIGNED, signatures: [] }],
  ['a member more', { ...SIGNED, note: '' }],
  ['a signature with a member more', { ...SIGNED, signatures: [{ ...SIGNATURE, cert: '' }] }],
  ['a thousand signatures', { ...SIGNED, signatures: Array(1000).fill(SIGNATURE) }],
  ['a payload of another kind', { ...SIGNED, payload: 1 }],
  ['a payload beyond all bounds', { ...SIGNED, payload: 'A'.repeat(2 ** 20 + 4) }],
])('%s is no envelope', (_, envelope) => {
  expect(verify(envelope, TRUSTED, APPROVAL)).toEqual({ problem: 'not_an_envelope' });
});

test('another payload type is refused before any key is asked', () => {
  for (const payloadType of [CHECKPOINT, 'application/json', '', `${APPROVAL} `]) {
    const renamed = verify({ ...SIGNED, payloadType }, TRUSTED, APPROVAL);
    expect(renamed).toEqual({ problem: 'other_payload_type' });
  }
});

test('a key of one role signs and verifies nothing of another', () => {
  expect(() => sign(CHECKPOINT, BODY, ANA)).toThrow('a key for approval');
  // The same key pair, handed to the verifier as trusted for approvals only.
  const signed = sign(CHECKPOINT, BODY, { ...ANA, role: 'audit' });
  expect(verify(signed, TRUSTED, CHECKPOINT)).toEqual(NO);
  expect(verify({ ...signed, payloadType: APPROVAL }, TRUSTED, APPROVAL)).toEqual(NO);
});

test('without a trusted key nothing is verified', () => {
  expect(verify(SIGNED, [], APPROVAL)).toEqual(NO);
  expect(verify(SIGNED, trusting(BO), APPROVAL)).toEqual(NO);
});

test('a key is believed from its beginning on and not from its end on', () => {
  const [key] = trusting(ANA);
  const during = { from: '2026-03-01T00:00:00.000Z', until: '2026-04-01T00:00:00.000Z' };
  const at = (time: string) =>
    'payload' in verify(SIGNED, key ? [{ ...key, ...during }] : [], APPROVAL, time);
  expect(at('2026-02-28T23:59:59.999Z')).toBe(false);
  expect(at('2026-03-01T00:00:00.000Z')).toBe(true);
  expect(at('2026-03-31T23:59:59.999Z')).toBe(true);
  expect(at('2026-04-01T00:00:00.000Z')).toBe(false);
});

test('whatever byte of payload or signature is another, nothing is verified', () => {
  const flip = (base64: string, at: number): string => {
    const bytes = Buffer.from(base64, 'base64');
    bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
    return bytes.toString('base64');
  };
  for (let at = 0; at < 64; at++) {
    const payload = { ...SIGNED, payload: flip(SIGNED.payload, at) };
    const signature = { ...SIGNED, signatures: [{ sig: flip(SIGNATURE.sig, at) }] };
    expect(verify(payload, TRUSTED, APPROVAL)).toEqual(NO);
    expect(verify(signature, TRUSTED, APPROVAL)).toEqual(NO);
  }
});

test('type and payload cannot run over into each other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(39), (bytes, cut) => {
      const signed = sign(APPROVAL, bytes, ANA);
      const payload = Buffer.from(bytes.subarray(0, cut)).toString('base64');
      const payloadType = APPROVAL + Buffer.from(bytes.subarray(cut)).toString('latin1');
      const moved = verify({ ...signed, payload, payloadType }, TRUSTED, APPROVAL);
      expect('payload' in moved).toBe(cut >= bytes.length);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['a key of another kind', spkiOf(generateKeyPairSync('x25519').publicKey)],
  [
    'a key with something after it',
    Buffer.concat([der(ANA.key), Buffer.from([0])]).toString('base64'),
  ],
  ['another spelling of a key', `${ANA.key}=`],
  ['no key', 'AAAA'],
  ['nothing', ''],
])('%s is no key that anything is verified with', (_, key) => {
  expect(publicKeyOf(key)).toBeNull();
  expect(verify(SIGNED, [{ ...trusting(ANA)[0], key } as never], APPROVAL)).toEqual(NO);
});

function der(key: string): Buffer {
  return Buffer.from(key, 'base64');
}

const Vote = z.strictObject({ yes: z.boolean() });

test('a value is signed in its canonical form and read from the verified bytes', () => {
  const signed = signJson(APPROVAL, { yes: true }, ANA);
  expect(signed).toEqual(SIGNED);
  expect(verifyJson(Vote, signed, TRUSTED, APPROVAL)).toMatchObject({ value: { yes: true } });
});

test.each([
  ['is not JSON', 'yes'],
  ['is not canonical', '{ "yes": true }'],
  ['says a key twice', '{"yes":false,"yes":true}'],
  ['begins with a byte order mark', '\ufeff{"yes":true}'],
  ['has a member that nobody knows', '{"no":1,"yes":true}'],
])('a payload that %s is refused although it was signed', (_, text) => {
  const signed = sign(APPROVAL, Buffer.from(text), ANA);
  expect(verifyJson(Vote, signed, TRUSTED, APPROVAL)).toEqual({ problem: 'not_the_payload' });
});

test('a payload that is not UTF-8 is refused although it was signed', () => {
  const signed = sign(APPROVAL, Buffer.from([0x22, 0xf0, 0xbf, 0xbd, 0x22]), ANA);
  const read = verifyJson(z.string(), signed, TRUSTED, APPROVAL);
  expect(read).toEqual({ problem: 'not_the_payload' });
});
