import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parameterKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { makeCity, namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { PARAMETERS, type ParameterName, parameterId, parameterValue } from './parameters.ts';

const NAME = 'governance/proposal-lifetime-max-ms';
const view = (city: TestCity) => ({ crypto: city.rules.crypto, read: city.read.bind(city) });

test('every parameter stands in the state from genesis on, with its default', () => {
  const city = makeCity();
  for (const [name, { initial }] of Object.entries(PARAMETERS)) {
    const record = city.read(at(parameterKind, parameterId(city.rules, name as ParameterName)));
    assert.deepEqual(record, { name, value: initial, from: 0 });
  }
});

test('the council sets a parameter and the rule follows it', () => {
  const city = makeCity();
  assert.equal(city.decide('parameter/set', { name: NAME, value: 7_200_000 }), 'OK');
  assert.equal(parameterValue(view(city), NAME), 7_200_000);
  const proposal = {
    id: namedId('p'),
    body: namedId('council'),
    actions: [city.action('parameter/set', { name: NAME, value: 7_200_000 })],
  };
  assert.equal(city.act('anna', 'proposal/create', { ...proposal, expiresMs: city.timeMs + 7_300_000 }), 'PROPOSAL_TOO_LONG');
  assert.equal(city.act('anna', 'proposal/create', { ...proposal, expiresMs: city.timeMs + 7_000_000 }), 'OK');
});

test('parameter/set is refused, in this order', () => {
  const city = makeCity();
  assert.equal(city.act('anna', 'parameter/set', { name: NAME, value: 7_200_000 }), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('parameter/set', { name: 'toString', value: 0 }), 'PARAMETER_UNKNOWN');
  const { min, max } = PARAMETERS[NAME];
  assert.equal(city.decide('parameter/set', { name: NAME, value: min - 1 }), 'NUMBER_RANGE');
  assert.equal(city.decide('parameter/set', { name: NAME, value: max + 1 }), 'NUMBER_RANGE');
  assert.equal(city.decide('parameter/set', { name: NAME, value: max }), 'OK');
});
