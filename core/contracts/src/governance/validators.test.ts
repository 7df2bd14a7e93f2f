import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { FormatError } from '@oppidum/formats/errors';
import { encodeGenesis, parseGenesis } from '@oppidum/formats/genesis';
import { encodePolicy } from '@oppidum/formats/policy';
import { cityKind, policyEffectiveKind, policyPendingKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { type Validator, validatorKeyKind, validatorSetKind } from '@oppidum/formats/state-validators';
import { executeGenesis } from '@oppidum/ledger/block';
import { MemoryState, makeCity, makeGenesis, type TestCity } from '../../../../test/support/ledger.ts';
import { namedSigner, namedValidator } from '../../../../test/support/signers.ts';

const keyOf = (name: string) => namedSigner(name).publicKey;
const FOUR = [0, 1, 2, 3].map(namedValidator);
const FIVE = [...FOUR, namedValidator(4)];
const cityOfFour = () => makeCity({ validatorCount: 4, hasConsensusKeys: true });
const policyOf = (city: TestCity, validators: readonly Validator[]) =>
  encodePolicy(city.rules.crypto, policyOfValidators(city.read(at(cityKind))?.origin ?? '', validators));
const withWitness = (city: TestCity, validators: readonly Validator[], publicKey: Uint8Array) => {
  const policy = policyOfValidators(city.read(at(cityKind))?.origin ?? '', validators);
  const outside = { name: 'outside', key: { name: 'outside', algorithm: 'cosignature', publicKey }, url: null } as const;
  const file = encodePolicy(city.rules.crypto, { ...policy, witnesses: [...policy.witnesses, outside] });
  return city.decide('policy/change', { policy: file, validators: named(validators) });
};
const named = (validators: readonly Validator[]) => validators.map(({ cosignerKey: _, ...rest }) => rest);
const change = (city: TestCity, validators: readonly Validator[]) =>
  city.decide('policy/change', { policy: policyOf(city, validators), validators: named(validators) });
const setOf = (city: TestCity) => city.read(at(validatorSetKind));

test('the genesis names the consensus keys, or none at all', () => {
  const city = cityOfFour();
  assert.deepEqual(setOf(city), { validators: FOUR, from: 0 });
  assert.equal(city.scan(validatorKeyKind).length, 12);
  assert.deepEqual(city.read(at(validatorKeyKind, keyOf('validator 2 consensus'))), {
    use: 'consensus',
    validator: 'validator-2',
    from: 0,
  });
  const without = makeCity({ validatorCount: 4 });
  assert.equal(setOf(without), null);
  assert.equal(without.scan(validatorKeyKind).length, 0);
});

describe('a genesis that cannot be', () => {
  const genesis = makeGenesis({ validatorCount: 4, hasConsensusKeys: true });
  const found = (...consensusKeys: readonly (Uint8Array | undefined)[]) => {
    const validators = genesis.validators.map(({ consensusKey, ...validator }, i) => {
      const key = i < consensusKeys.length ? consensusKeys[i] : consensusKey;
      return key === undefined ? validator : { ...validator, consensusKey: key };
    });
    const { rules } = makeCity();
    const parsed = parseGenesis(encodeGenesis({ ...genesis, validators }));
    return executeGenesis(rules, new MemoryState(rules.crypto), parsed);
  };
  const refused: readonly (readonly [string, readonly (Uint8Array | undefined)[]])[] = [
    ['MISSING_FIELD', [undefined]],
    ['KEY_INVALID', [new Uint8Array(32)]],
    ['KEY_IN_USE', [keyOf('validator 0 log')]],
    ['KEY_IN_USE', [keyOf('validator 3 cosigner')]],
    ['KEY_IN_USE', [keyOf('validator 1 consensus')]],
  ];
  for (const [code, keys] of refused)
    test(code, () => {
      assert.throws(
        () => found(...keys),
        (error) => error instanceof FormatError && error.code === code,
      );
    });
  test('as it is, it can', () => assert.equal(found().validatorUpdates.length, 0));
});

test('one decision changes who cosigns and who votes; the block that puts it into force tells the engine', () => {
  const city = cityOfFour();
  assert.equal(change(city, FIVE), 'OK');
  assert.deepEqual(city.read(at(policyPendingKind))?.validators, FIVE);
  assert.deepEqual(setOf(city)?.validators, FOUR);

  const announcing = city.block();
  assert.deepEqual(announcing.validatorUpdates, [{ consensusKey: keyOf('validator 4 consensus'), power: 1 }]);
  assert.deepEqual(setOf(city), { validators: FIVE, from: city.height });
  assert.equal(city.read(at(policyEffectiveKind))?.from, city.height);
  assert.deepEqual(city.block().validatorUpdates, []);
});

test('keys that go are retired, keys that stay are not mentioned', () => {
  const city = cityOfFour();
  const rotated = { ...namedValidator(1), cosignerKey: keyOf('new cosigner'), consensusKey: keyOf('new consensus') };
  assert.equal(change(city, [FOUR[0]!, rotated, ...FOUR.slice(2)]), 'OK');
  const { validatorUpdates } = city.block();
  const updates = new Map(validatorUpdates.map(({ consensusKey, power }) => [toHex(consensusKey), power]));
  assert.deepEqual(
    updates,
    new Map(
      [
        [toHex(keyOf('validator 1 consensus')), 0],
        [toHex(keyOf('new consensus')), 1],
      ].sort() as [string, 0 | 1][],
    ),
  );
  assert.equal(city.read(at(validatorKeyKind, keyOf('validator 1 consensus')))?.to, city.height);
  assert.equal(city.read(at(validatorKeyKind, keyOf('validator 1 cosigner')))?.to, city.height);
  assert.equal(city.read(at(validatorKeyKind, keyOf('validator 1 log')))?.to, undefined);
  assert.deepEqual(city.read(at(validatorKeyKind, keyOf('new cosigner'))), {
    use: 'cosigner',
    validator: 'validator-1',
    from: city.height,
  });
});

test('from four to one and back to four others; a set of two is none', () => {
  const city = cityOfFour();
  assert.equal(change(city, FOUR.slice(0, 1)), 'OK');
  assert.equal(city.block().validatorUpdates.filter(({ power }) => power === 0).length, 3);
  assert.equal(change(city, [namedValidator(0), namedValidator(5)]), 'POLICY_INVALID');
  assert.equal(change(city, [namedValidator(0), namedValidator(5), namedValidator(6), namedValidator(7)]), 'OK');
  assert.equal(city.block().validatorUpdates.filter(({ power }) => power === 1).length, 3);
});

test('without validators in the decision they are those in force', () => {
  const city = cityOfFour();
  const rotated = [{ ...namedValidator(0), cosignerKey: keyOf('new cosigner') }, ...FOUR.slice(1)];
  assert.equal(city.decide('policy/change', { policy: policyOf(city, rotated) }), 'OK');
  assert.deepEqual(city.block().validatorUpdates, []);
  assert.deepEqual(setOf(city)?.validators, rotated);
  assert.equal(city.decide('policy/change', { policy: policyOf(city, FIVE) }), 'VALIDATORS_MISMATCH');
});

test('a city that knew no consensus keys learns them, and the engine is told of all', () => {
  const city = makeCity({ validatorCount: 4 });
  assert.equal(change(city, FIVE), 'OK');
  assert.equal(city.block().validatorUpdates.length, 5);
  assert.deepEqual(setOf(city)?.validators, FIVE);
});

test('and one that never names them has none', () => {
  const city = makeCity({ validatorCount: 4 });
  assert.equal(city.decide('policy/change', { policy: policyOf(city, FIVE) }), 'OK');
  assert.deepEqual(city.block().validatorUpdates, []);
  assert.equal(setOf(city), null);
});

describe('policy/change is refused with what is wrong about its validators', () => {
  const withKey = (consensusKey: Uint8Array, i = 4) => FIVE.map((one, n) => (n === i ? { ...one, consensusKey } : one));
  const refused: readonly (readonly [why: string, code: string, readonly Validator[], readonly Validator[]])[] = [
    ['one is not named', 'VALIDATORS_MISMATCH', FIVE, FOUR],
    ['one is named who is no member', 'VALIDATORS_MISMATCH', FOUR, FIVE],
    ['in another order', 'VALIDATORS_MISMATCH', FIVE, FIVE.toReversed()],
    [
      'with a log key that the policy has not',
      'VALIDATORS_MISMATCH',
      FIVE,
      [...FOUR, { ...namedValidator(4), logKey: keyOf('x') }],
    ],
    ['with a log key twice', 'VALIDATORS_MISMATCH', FIVE, [...FOUR, { ...namedValidator(4), logKey: namedValidator(0).logKey }]],
    ['a consensus key of zeros', 'KEY_INVALID', FIVE, withKey(new Uint8Array(32))],
    ['a log key as consensus key', 'KEY_IN_USE', FIVE, withKey(namedValidator(4).logKey)],
    ['a consensus key of another', 'KEY_IN_USE', FIVE, withKey(namedValidator(0).consensusKey)],
  ];
  for (const [why, code, policy, validators] of refused)
    test(`${why}: ${code}`, () => {
      const city = cityOfFour();
      const body = { policy: policyOf(city, policy), validators: named(validators) };
      assert.equal(city.decide('policy/change', body), code);
      assert.equal(city.read(at(policyPendingKind)), null);
    });
});

test('a key moves to nobody else, and a retired one does not come back', () => {
  const city = cityOfFour();
  const [zero, one, two] = FOUR as [Validator, Validator, Validator];
  const swapped = [{ ...zero, consensusKey: one.consensusKey }, { ...one, consensusKey: zero.consensusKey }, ...FOUR.slice(2)];
  assert.equal(change(city, swapped), 'KEY_IN_USE');
  assert.equal(change(city, [{ ...zero, name: 'other' }, ...FOUR.slice(1)]), 'KEY_IN_USE');
  assert.equal(change(city, [zero, one, two, namedValidator(4)]), 'OK');
  city.block();
  assert.equal(change(city, FIVE), 'KEY_REVOKED');
  assert.equal(change(city, [zero, one, two, { ...namedValidator(5), logKey: namedValidator(3).cosignerKey }]), 'KEY_REVOKED');
  assert.equal(change(city, [zero, one, two, namedValidator(5)]), 'OK');
});

test('no key of a validator, present, leaving or retired, is an outside witness', () => {
  const city = cityOfFour();
  const next = [...FOUR.slice(0, 3), namedValidator(4)];
  const { cosignerKey, logKey } = namedValidator(3);
  assert.equal(withWitness(city, next, cosignerKey), 'KEY_IN_USE');
  assert.equal(change(city, next), 'OK');
  city.block();
  assert.equal(withWitness(city, next, cosignerKey), 'KEY_REVOKED');
  assert.equal(withWitness(city, next, logKey), 'KEY_REVOKED');
  assert.equal(withWitness(city, next, keyOf('outside')), 'OK');
});
