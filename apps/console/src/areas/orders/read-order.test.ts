import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBase64 } from '@oppidum/formats/bytes';
import type { Envelope } from '@oppidum/formats/envelope';
import { namedId } from '../../../../../test/support/ledger.ts';
import { encodeEnvelope, gateEnvelope, gateOrder, makeZoneCity } from '../../../../../test/support/zones.ts';
import { isCalledDangerous } from './read-order.ts';

const city = makeZoneCity();
/** The zone as the city shows it, with its envelope so changed. */
const zone = (changes: Partial<Envelope> = {}) => {
  const statement = encodeBase64(encodeEnvelope(gateEnvelope(city, changes)));
  return { envelopeInForce: { statement } } as unknown as Parameters<typeof isCalledDangerous>[1];
};
const open = gateOrder(city, { command: 'gate/move', arguments: [1] });

test('an order is called dangerous where its envelope says so, and nowhere else', () => {
  assert.equal(isCalledDangerous(open, zone()), true);
  assert.equal(isCalledDangerous(gateOrder(city), zone()), false, 'a lamp is not');
  assert.equal(isCalledDangerous(gateOrder(city, { command: 'gate/move', arguments: [0] }), zone()), false, 'closing is safe');
  assert.equal(isCalledDangerous(open, zone({ dangerous: [] })), false);
});

test('an envelope of another version or zone, or none, says nothing of it', () => {
  assert.equal(isCalledDangerous(open, zone({ version: 2 })), false);
  assert.equal(isCalledDangerous(open, zone({ zone: namedId('elsewhere') })), false);
  for (const statement of ['', 'AAAA', '~']) {
    const bad = { envelopeInForce: { statement } } as unknown as Parameters<typeof isCalledDangerous>[1];
    assert.equal(isCalledDangerous(open, bad), false);
  }
});
