import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { equalBytes } from '@oppidum/formats/bytes';
import { compactCheckpoint } from '@oppidum/formats/compact-checkpoint';
import { type CompactOrder, encodeCompactOrder, type Issuance, parseCompactOrder } from '@oppidum/formats/compact-order';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { encodeEvents } from '@oppidum/formats/result';
import fc from 'fast-check';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { deviceId } from '../../../test/support/devices.ts';
import { testNote } from '../../../test/support/evidence.ts';
import { OrderedZone } from '../../../test/support/issued-orders.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { newKeySet } from '../../../test/support/orders.ts';
import { HOLDERS, signedOrder } from '../../../test/support/zones.ts';
import { makeCompactOrder, makeIssuance } from './make-order.ts';
import { challengeOf, verifyOrder } from './verify-order.ts';

const zone = new OrderedZone(7);
const pins = zone.pins();
const codeOf = (compact: CompactOrder, changes: Partial<typeof pins> = {}): string =>
  verifyOrder(nativeCrypto, compact, { ...pins, ...changes })?.code ?? 'OK';
const fresh = (name: string) => ({ target: { device: deviceId('gate'), challenge: namedId(name) } });

const ONE = zone.parsed(zone.order(fresh('one')));
const MANY = zone.parsed(zone.orderForAll());
const OPENING = zone.parsed(zone.order({ ...fresh('open'), command: 'gate/move', arguments: [1] }), ['anna', 'clara']);
const GLASS = zone.parsed(zone.order({ command: 'gate/move', arguments: [0], mode: 'break-glass' }));
const issuanceOf = ({ issuance }: CompactOrder): Issuance => issuance ?? assert.fail('an ordinary one');
const altered = (changes: Partial<Issuance>): CompactOrder => ({ ...ONE, issuance: { ...issuanceOf(ONE), ...changes } });

test('a machine obeys what its keys signed and its city issued, by either cryptography', () => {
  for (const order of [ONE, MANY, OPENING, GLASS]) {
    assert.equal(codeOf(order), 'OK');
    assert.equal(verifyOrder(nobleCrypto, order, pins), null);
  }
  assert.deepEqual(challengeOf(ONE), namedId('one'));
  assert.deepEqual(challengeOf(MANY), namedId('challenge of gate'));
  assert.equal(issuanceOf(ONE).checkpoint.cosignatures.length, 5, 'five of seven');
});

test('each device of an order for many has its own place, and no other', () => {
  const lamp = { ...MANY, place: zone.placeOf(deviceId('lamp')) };
  assert.equal(codeOf(lamp, { device: deviceId('lamp') }), 'OK');
  assert.equal(codeOf(lamp), 'ROOT_MISMATCH', 'the place of another device');
  const place = MANY.place ?? assert.fail('it is for many');
  assert.equal(codeOf({ ...MANY, place: { ...place, challenge: namedId('older') } }), 'ROOT_MISMATCH');
  assert.equal(codeOf({ ...MANY, place: { ...place, index: 1 - place.index } }), 'ROOT_MISMATCH');
  assert.equal(codeOf({ ...MANY, place: { ...place, index: 2 } }), 'NUMBER_RANGE');
  assert.equal(codeOf({ ...MANY, place: { ...place, path: [] } }), 'PROOF_LENGTH_WRONG');
});

describe('what a machine must not obey, in the order of its checks', () => {
  const other = newKeySet(zone.city.rules.genesis, HOLDERS);
  const cases: readonly (readonly [string, string, CompactOrder, Partial<typeof pins>?])[] = [
    ['another city', 'WRONG_CITY', ONE, { keySet: { ...other, city: namedId('other') } }],
    ['another zone', 'ZONE_FOREIGN', ONE, { keySet: { ...other, zone: namedId('other') } }],
    ['another device', 'ORDER_FOREIGN', ONE, { device: deviceId('lamp') }],
    ['keys it does not know', 'ZONE_KEYS_VERSION', ONE, { keySet: { ...other, version: 2 } }],
    ['other keys', 'SIGNATURE_INVALID', ONE, { keySet: newKeySet(zone.city.rules.genesis, ['dora', 'emil', 'frida']) }],
    ['a key that is not in the set', 'KEY_UNKNOWN', { ...ONE, signatures: [{ ...ONE.signatures[0]!, key: 9 }] }],
    ['another envelope', 'ZONE_ENVELOPE_VERSION', ONE, { envelope: { ...pins.envelope, version: 2 } }],
    ['one signature where two are needed', 'SIGNATURES_FEW', { ...OPENING, signatures: OPENING.signatures.slice(1) }],
    ['fewer than any order needs', 'SIGNATURES_FEW', ONE, { keySet: { ...other, threshold: 2 } }],
    ['a lifetime beyond the envelope', 'LIFETIME_TOO_LONG', ONE, { envelope: { ...pins.envelope, lifetimeMsMax: 29_999 } }],
    ['a dangerous one for too long', 'LIFETIME_TOO_LONG', OPENING, { envelope: { ...pins.envelope, dangerousLifetimeMsMax: 9 } }],
    ['break-glass in no safe direction', 'DIRECTION_UNSAFE', GLASS, { envelope: { ...pins.envelope, safe: [], dangerous: [] } }],
    ['a policy it does not know', 'POLICY_UNKNOWN', ONE, { policyOf: () => null }],
    ['the proof of another order', 'ORDER_NOT_ISSUED', { ...ONE, issuance: OPENING.issuance }],
    ['no events', 'ORDER_NOT_ISSUED', altered({ events: encodeEvents([]) })],
    ['another transaction', 'ROOT_MISMATCH', altered({ transaction: namedId('other') })],
    ['another height', 'ROOT_MISMATCH', altered({ height: issuanceOf(ONE).height + 1 })],
    ['another place in the log', 'ROOT_MISMATCH', altered({ index: issuanceOf(ONE).index - 1 })],
    ['a place outside the log', 'NUMBER_RANGE', altered({ index: issuanceOf(ONE).checkpoint.size })],
    ['a path that is too short', 'PROOF_LENGTH_WRONG', altered({ path: issuanceOf(ONE).path.slice(1) })],
  ];
  for (const [why, code, compact, changes] of cases) test(why, () => assert.equal(codeOf(compact, changes), code));
});

test('events that say it in another way do not say it', () => {
  const { order, statement } = ONE;
  const id = nodeCrypto.sha256(statement);
  const said = (kind: string, body: Record<string, Uint8Array | number>) =>
    codeOf(altered({ events: encodeEvents([{ kind, body: new Map(Object.entries(body)) }]) }));
  assert.equal(said('order/issued', { order: id, zone: order.zone }), 'OK', 'the leaf has this very event');
  assert.equal(said('order/awaiting', { order: id, zone: order.zone }), 'ORDER_NOT_ISSUED');
  assert.equal(said('order/issued', { order: id, zone: namedId('other') }), 'ORDER_NOT_ISSUED');
  assert.equal(said('order/issued', { order: id }), 'ORDER_NOT_ISSUED');
  assert.equal(said('order/issued', { order: id, zone: order.zone, more: 1 }), 'ORDER_NOT_ISSUED');
  assert.equal(said('order/issued', { order: id, zone: 1 }), 'ORDER_NOT_ISSUED');
});

test('the quorum of the validators, each once, and nothing else', () => {
  const { checkpoint } = issuanceOf(ONE);
  const { cosignatures } = checkpoint;
  const withCosignatures = (list: typeof cosignatures) =>
    codeOf(altered({ checkpoint: { ...checkpoint, cosignatures: [...list] } }));
  assert.equal(withCosignatures(cosignatures.slice(1)), 'QUORUM_MISSING');
  const [first, ...others] = cosignatures as [(typeof cosignatures)[number], ...typeof cosignatures];
  assert.equal(withCosignatures([{ ...first, timeS: first.timeS + 1 }, ...others]), 'SIGNATURE_INVALID');
  assert.equal(withCosignatures([...others, { ...first, validator: 6 }]), 'SIGNATURE_INVALID', 'in the name of another');
  assert.equal(withCosignatures([...others, { ...first, validator: 9 }]), 'KEY_UNKNOWN');
  assert.equal(codeOf(altered({ checkpoint: { ...checkpoint, log: 1 } })), 'SIGNATURE_INVALID');
  assert.equal(codeOf(altered({ checkpoint: { ...checkpoint, log: 9 } })), 'KEY_UNKNOWN');
  const six = zone.proven.validators.slice(0, 6);
  const { origin } = zone.proven;
  const log = zone.proven.validators[0]!.log;
  const note = testNote({ origin, size: checkpoint.size, root: checkpoint.root }, log, six);
  const minimal = compactCheckpoint(nodeCrypto, zone.proven.policy, note);
  assert.ok(!('code' in minimal));
  assert.equal(minimal.cosignatures.length, 5, 'what is made has nothing to spare');
  const sixth = parseCompactOrder(makeCompactOrder(signedOrder(ONE.order), null, issuanceOf(ONE)));
  assert.deepEqual(sixth, ONE);
  const spare = testNote({ origin, size: checkpoint.size, root: checkpoint.root }, log, [
    zone.proven.validators[5]!,
    ...six.slice(0, 4),
  ]);
  const others5 = compactCheckpoint(nodeCrypto, zone.proven.policy, spare);
  assert.ok(!('code' in others5));
  const all = [
    ...others5.cosignatures.filter(({ validator }) => validator < 4),
    ...minimal.cosignatures.filter(({ validator }) => validator === 4),
    ...others5.cosignatures.filter(({ validator }) => validator === 5),
  ];
  assert.equal(codeOf(altered({ checkpoint: { ...minimal, cosignatures: all } })), 'NOT_CANONICAL', 'six where five suffice');
  const few = testNote({ origin, size: checkpoint.size, root: checkpoint.root }, log, six.slice(0, 4));
  const refused = compactCheckpoint(nodeCrypto, zone.proven.policy, few);
  assert.equal('code' in refused ? refused.code : 'OK', 'QUORUM_MISSING');
});

test('what is made of evidence that does not prove an issue is refused where it is made', () => {
  const waiting = zone.order({ ...fresh('waiting'), command: 'gate/move', arguments: [1] });
  const executed = zone.send(waiting, ['anna']);
  const { statement } = signedOrder(waiting);
  const evidence = zone.proven.proveTransaction(executed);
  const code = (given: typeof evidence) => {
    const made = makeIssuance(nodeCrypto, { order: waiting, statement }, given, zone.proven.policy);
    return 'code' in made ? made.code : 'OK';
  };
  assert.equal(code(evidence), 'ORDER_NOT_ISSUED', 'it waits for a second key');
  assert.equal(code({ ...evidence, prior: { size: 1, root: namedId('root'), consistency: [] } }), 'WRONG_TYPE');
});

test('a policy of another city lets nobody order here', () => {
  const elsewhere = new OrderedZone(1);
  const digest = issuanceOf(ONE).policy;
  const policy = {
    ...elsewhere.proven.policy,
    logs: elsewhere.proven.policy.logs.map((log) => ({ ...log, key: { ...log.key, name: `x/${'00'.repeat(32)}` } })),
  };
  assert.equal(codeOf(ONE, { policyOf: (asked) => (equalBytes(asked, digest) ? policy : null) }), 'WRONG_CITY');
});

test('no altered byte of what a device gets is obeyed', () => {
  for (const order of [ONE, MANY, GLASS]) {
    const encoded = encodeCompactOrder(order);
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = encoded.slice();
        bytes[at] = (bytes[at] as number) ^ change;
        assert.notEqual(judge(bytes), 'OK');
      }),
      { numRuns: 400 },
    );
    for (let size = 0; size < encoded.length; size += 7) assert.notEqual(judge(encoded.slice(0, size)), 'OK');
  }
});

function judge(bytes: Uint8Array): string {
  try {
    return codeOf(parseCompactOrder(new Uint8Array(bytes)));
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}
