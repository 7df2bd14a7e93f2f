import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parameterKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { NEWEST_VERSION, rulesVersionKind, upgradePlanKind } from '@oppidum/formats/state-upgrades';
import type { City } from '@oppidum/ledger/city';
import { makeCity, registryOf, sameCity, type TestCity } from '../../../../test/support/ledger.ts';
import { cityRegistry } from '../registry.ts';
import { parameterId } from './parameters.ts';

const NAME = 'governance/proposal-lifetime-max-ms';
/** A made-up migration: what every city had as its parameter is from now on twice that. */
const doubled = (city: City): void => {
  const place = at(parameterKind, parameterId(city, NAME));
  const record = city.get(place);
  city.write(place, { ...record, value: 2 * record.value, from: city.height });
};
const NEWER = { ...registryOf(), migrations: new Map([[2, doubled]]) };
const OLDER = { ...registryOf(), migrations: new Map() };
const parameterOf = (city: TestCity) => city.read(at(parameterKind, parameterId({ crypto: city.rules.crypto }, NAME)))?.value;
const plan = (city: TestCity, height: number, version = 2) => city.decide('upgrade/plan', { version, height });

test('a planned upgrade migrates the state at the beginning of its block, and no sooner', () => {
  const city = makeCity({ registry: NEWER });
  const before = parameterOf(city) ?? assert.fail();
  assert.equal(plan(city, 5), 'OK');
  assert.equal(city.height, 2);
  assert.deepEqual(city.read(at(upgradePlanKind)), { version: 2, height: 5, decidedAt: 2 });
  assert.deepEqual([city.block().newVersion, city.block().newVersion], [null, null]);
  assert.equal(parameterOf(city), before);
  assert.equal(city.block().newVersion, 2);
  assert.equal(parameterOf(city), 2 * before);
  assert.deepEqual(city.read(at(rulesVersionKind)), { version: 2, from: 5 });
  assert.equal(city.read(at(upgradePlanKind)), null);
  assert.equal(city.block().newVersion, null);
  assert.equal(parameterOf(city), 2 * before);
});

test('a program that does not know the version executes everything before its block, and nothing of it', () => {
  const [older, newer] = [makeCity({ registry: OLDER }), makeCity({ registry: NEWER })];
  for (const city of [older, newer]) assert.equal(plan(city, 4), 'OK');
  for (const city of [older, newer]) city.block();
  assert.ok(sameCity(older, newer));
  assert.throws(() => older.block(), { code: 'UPGRADE_NEEDED', details: { height: 4, version: 2, have: 1 } });
  assert.equal(older.height, 3);
  newer.block();
  assert.equal(newer.height, 4);
  // Whoever gives the older program the newer state is refused, too.
  const restarted = Object.assign(Object.create(Object.getPrototypeOf(older)), older, {
    state: newer.state,
    height: 4,
  }) as TestCity;
  assert.throws(() => restarted.block(), { code: 'UPGRADE_NEEDED', details: { height: 5, version: 2, have: 1 } });
});

test('upgrade/plan is refused with what is wrong about it', () => {
  const city = makeCity();
  assert.equal(city.act('anna', 'upgrade/plan', { version: 2, height: 9 }), 'PROPOSAL_REQUIRED');
  assert.equal(plan(city, 9, 3), 'UPGRADE_VERSION');
  assert.equal(plan(city, 1), 'UPGRADE_TOO_SOON');
  assert.equal(plan(city, city.height + 2), 'UPGRADE_TOO_SOON', 'the block that decides is not ahead of itself');
  assert.equal(plan(city, 90), 'OK');
  assert.equal(plan(city, 91), 'UPGRADE_PLANNED');
});

test('upgrade/cancel takes it back, and another may be planned', () => {
  const city = makeCity();
  assert.equal(city.act('anna', 'upgrade/cancel', {}), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('upgrade/cancel', {}), 'UPGRADE_UNPLANNED');
  assert.equal(plan(city, city.height + 5), 'OK');
  assert.equal(city.decide('upgrade/cancel', {}), 'OK');
  for (let i = 0; i < 6; i++) city.block();
  assert.equal(city.read(at(rulesVersionKind)), null);
  assert.equal(plan(city, city.height + 5), 'OK');
});

test('versions follow each other', () => {
  const seen: number[] = [];
  const migrations = new Map([2, 3].map((version) => [version, (): void => void seen.push(version)]));
  const city = makeCity({ registry: { ...registryOf(), migrations } });
  assert.equal(plan(city, 3), 'OK');
  city.block();
  assert.equal(plan(city, 6, 2), 'UPGRADE_VERSION');
  assert.equal(plan(city, 9, 3), 'OK');
  while (city.height < 9) city.block();
  assert.deepEqual(seen, [2, 3]);
  assert.deepEqual(city.read(at(rulesVersionKind)), { version: 3, from: 9 });
});

test('a city begins with the version that its genesis names, as if it had come there by migrations', () => {
  const seen: string[] = [];
  const note = (version: number) => [version, ({ height }: City): void => void seen.push(`${version} at ${height}`)] as const;
  const migrations = new Map([2, 3].map(note));
  const city = makeCity({ registry: { ...registryOf(), migrations }, rulesVersion: 3 });
  assert.deepEqual(seen, ['2 at 0', '3 at 0']);
  assert.deepEqual(city.read(at(rulesVersionKind)), { version: 3, from: 0 });
  assert.equal(plan(city, 5, 3), 'UPGRADE_VERSION');
  assert.equal(plan(city, 9, 4), 'OK');
  assert.equal(makeCity().read(at(rulesVersionKind)), null);
});

test('a program that does not know the way to the version of a genesis founds no city', () => {
  const details = { height: 0, version: 2, have: 1 };
  assert.throws(() => makeCity({ registry: OLDER, rulesVersion: 2 }), { code: 'UPGRADE_NEEDED', details });
  const gap = { ...registryOf(), migrations: new Map([[3, doubled]]) };
  assert.throws(() => makeCity({ registry: gap, rulesVersion: 3 }), { code: 'UPGRADE_NEEDED', details: { ...details, have: 3 } });
});

test('new cities begin with the newest version that the program knows', () => {
  assert.equal(Math.max(...cityRegistry.migrations.keys()), NEWEST_VERSION);
});
