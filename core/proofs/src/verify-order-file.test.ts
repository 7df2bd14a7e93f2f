import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeCompactOrder, type Issuance } from '@oppidum/formats/compact-order';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { OrderedZone } from '../../../test/support/issued-orders.ts';
import { namedId } from '../../../test/support/ledger.ts';
import type { Trust } from './verify-checkpoint.ts';
import { headsOf, verifyFile } from './verify-file.ts';
import { startsAsOrder, verifyOrderFile } from './verify-order-file.ts';

const zone = new OrderedZone(4);
const { keySet } = zone.pins();
const trust: Trust = { policy: zone.proven.policy };
const one = zone.parsed(zone.order());
const file = encodeCompactOrder(one);
const many = zone.compact(zone.orderForAll());
const glass = zone.compact(zone.order({ command: 'gate/move', arguments: [0], mode: 'break-glass' }));
const verify = (bytes: Bytes, by: Trust = trust, keys: KeySet | null = keySet) => verifyOrderFile(nodeCrypto, bytes, by, keys);
const withIssuance = (changes: Partial<Issuance>): Bytes => {
  const { issuance } = one;
  assert.ok(issuance !== null);
  return encodeCompactOrder({ ...one, issuance: { ...issuance, ...changes } });
};

test('the city issued it and the zone’s keys signed it: OK, with what it says', () => {
  const { verdict, facts, steps } = verify(file);
  assert.equal(verdict, 'OK');
  assert.deepEqual(
    steps.map(({ name, outcome }) => [name, outcome]),
    [
      ['format', 'passed'],
      ['order issued', 'passed'],
      ['order keys', 'passed'],
    ],
  );
  assert.deepEqual([facts['command'], facts['mode'], facts['lifetime']], ['gate/lamp 60', 'ordinary', '30 s']);
  assert.match(String((facts['signers'] as string[])[0]), /^key [0-2] of version 1$/);
  assert.equal(verify(many).facts['deviceCount'], 2);
});

test('without the key set of the zone it is amber, on the page, too: nobody looked at the signatures', () => {
  const { verdict, color, facts } = verify(file, trust, null);
  assert.deepEqual([verdict, color], ['STATUS_UNKNOWN_OFFLINE', 'amber']);
  assert.ok(!('signers' in facts), 'nothing unproven is shown as proven');
  assert.equal(verifyFile(nodeCrypto, file, trust).report.verdict, 'STATUS_UNKNOWN_OFFLINE');
  assert.ok(startsAsOrder(file) && !startsAsOrder(Uint8Array.of(0xa0)));
  assert.deepEqual(headsOf(file), [{ size: one.issuance?.checkpoint.size, root: one.issuance?.checkpoint.root }]);
  assert.deepEqual(headsOf(glass), []);
});

test('what does not hold, each with its verdict', () => {
  const stranger = testPolicy(zone.proven.origin, testValidators('stranger', 4));
  const checkpoint = one.issuance?.checkpoint ?? assert.fail('an ordinary one');
  const few = { ...checkpoint, cosignatures: checkpoint.cosignatures.slice(1) };
  const cases: readonly (readonly [string, string, Bytes, Trust?, KeySet?])[] = [
    ['cut off', 'UNREADABLE', file.slice(0, -1)],
    ['break-glass', 'QUORUM_MISSING', glass],
    ['under a policy that is not at hand', 'NOT_OURS', file, { policy: stranger }],
    ['of another transaction', 'NOT_IN_LOG', withIssuance({ transaction: namedId('other') })],
    ['with another proof', 'HASH_MISMATCH', withIssuance({ events: Uint8Array.of(0x80) })],
    ['too few validators', 'QUORUM_MISSING', withIssuance({ checkpoint: few })],
    ['another log key', 'SIGNATURE_INVALID', withIssuance({ checkpoint: { ...checkpoint, log: 1 } })],
    [
      'a history that was seen otherwise',
      'LOG_INCONSISTENT',
      file,
      { ...trust, seen: [{ size: checkpoint.size, root: namedId('r') }] },
    ],
    ['the keys of another zone', 'KEY_UNKNOWN', file, trust, { ...keySet, zone: namedId('other') }],
    ['a later key set', 'KEY_UNKNOWN', file, trust, { ...keySet, version: 2 }],
    ['signed by too few', 'SIGNATURE_INVALID', file, trust, { ...keySet, threshold: 2 }],
    [
      'signatures of nobody',
      'SIGNATURE_INVALID',
      encodeCompactOrder({ ...one, signatures: one.signatures.map(({ key }) => ({ key, signature: new Uint8Array(64) })) }),
    ],
  ];
  for (const [why, want, bytes, by, keys] of cases) {
    const { verdict, facts } = verify(bytes, by, keys);
    assert.deepEqual([verdict, facts], [want, {}], why);
  }
});

test('under a former policy it is amber, also with the keys of the zone', () => {
  const next: Trust = { policy: testPolicy(zone.proven.origin, testValidators('next', 4)), former: [zone.proven.policy] };
  assert.equal(verify(file, next).verdict, 'POLICY_STALE');
  assert.equal(verify(file, next, null).verdict, 'POLICY_STALE');
});
