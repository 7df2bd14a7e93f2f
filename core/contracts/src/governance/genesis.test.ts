import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUtf8 } from '@oppidum/formats/bytes';
import type { ErrorCode } from '@oppidum/formats/errors';
import { encodeGenesis, type Genesis, genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { bodyKind, cityKind, memberKind, policyEffectiveKind, roleKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { executeGenesis } from '@oppidum/ledger/block';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { MemoryState, makeCity, makeGenesis, namedId, registryOf } from '../../../../test/support/ledger.ts';
import { roleId } from '../authority.ts';

test('genesis writes the city, its accounts, roles, bodies and the first policy', () => {
  const city = makeCity({ validatorCount: 4 });
  const { genesis } = city.rules;
  const origin = `test.oppidum.example/${Buffer.from(genesis).toString('hex')}`;
  const { name, createdMs, council } = city.genesis;
  assert.deepEqual(city.read(at(cityKind)), { name, genesis, origin, createdMs, council });
  assert.deepEqual(city.read(at(bodyKind, council)), { name: 'council', threshold: 2, memberCount: 3 });
  assert.deepEqual(city.read(at(memberKind, council, namedId('clara'))), { from: 0 });
  const registrar = at(roleKind, namedId('registrar'), roleId(city.rules, 'registrar'));
  assert.deepEqual(city.read(registrar), { role: 'registrar', from: 0 });
  const policy = parseUtf8(city.read(at(policyEffectiveKind))?.policy ?? new Uint8Array(0));
  assert.match(
    policy,
    /^(log test\.oppidum\.example\/.*\n){4}(witness validator-\d .*\n){4}group validators 3 .*\nquorum validators\n$/,
  );
});

test('genesis names the trustees, which may be the council', () => {
  const city = makeCity({ trustees: 'council', rulesVersion: 2 });
  assert.deepEqual(city.read(at(cityKind))?.trustees, city.genesis.council);
  assert.equal('trustees' in makeCity().genesis, false);
});

test('the genesis block is one block leaf at height 0, signed by the first set', () => {
  const genesis = makeGenesis();
  const rules = { crypto: nodeCrypto, registry: registryOf(), genesis: genesisHash(nodeCrypto, genesis) };
  const { leaves, blockLeaf, changes } = executeGenesis(rules, new MemoryState(nodeCrypto), genesis);
  assert.equal(leaves.length, 1);
  assert.deepEqual([blockLeaf?.height, blockLeaf?.firstIndex, blockLeaf?.count], [0, 0, 0]);
  assert.equal(blockLeaf?.timeMs, genesis.createdMs);
  assert.ok(changes.length > 20);
});

/** Parses and applies a genesis document that is wrong in one way. */
function found(change: (genesis: Genesis) => Genesis): void {
  const genesis = parseGenesis(encodeGenesis(change(makeGenesis())));
  const rules = { crypto: nodeCrypto, registry: registryOf(), genesis: genesisHash(nodeCrypto, genesis) };
  executeGenesis(rules, new MemoryState(nodeCrypto), genesis);
}

const [first, second] = makeGenesis().accounts as [Genesis['accounts'][number], Genesis['accounts'][number]];
const council = makeGenesis().bodies[0] as Genesis['bodies'][number];
const validator = makeGenesis().validators[0] as Genesis['validators'][number];
const withFirst = (changes: Partial<typeof first>) => (genesis: Genesis) => ({
  ...genesis,
  accounts: [{ ...first, ...changes }, ...genesis.accounts.slice(1)],
});
const withCouncil = (changes: Partial<typeof council>) => (genesis: Genesis) => ({
  ...genesis,
  bodies: [{ ...council, ...changes }],
});
const withTrustees = (threshold: number) => (genesis: Genesis) => ({
  ...withCouncil({ threshold })(genesis),
  trustees: council.id,
  rulesVersion: 2,
});
const withValidators =
  (...names: string[]) =>
  (genesis: Genesis) => ({
    ...genesis,
    validators: names.map((name, i) => ({
      name,
      logKey: makeGenesis({ validatorCount: 15 }).validators[i]?.logKey ?? validator.logKey,
      cosignerKey: makeGenesis({ validatorCount: 15 }).validators[i]?.cosignerKey ?? validator.cosignerKey,
    })),
  });

const weak = { key: { algorithm: -8 as const, publicKey: new Uint8Array(32) }, class: 'full' as const };
const REFUSED: readonly [string, ErrorCode, (genesis: Genesis) => Genesis][] = [
  ['a name with capitals', 'TEXT_INVALID', (genesis) => ({ ...genesis, name: 'Test' })],
  ['accounts out of order', 'UNSORTED', (genesis) => ({ ...genesis, accounts: [second, first] })],
  ['one account twice', 'DUPLICATE_KEY', (genesis) => ({ ...genesis, accounts: [first, first] })],
  ['a weak key', 'KEY_INVALID', withFirst({ keys: [weak] })],
  ['one key twice', 'KEY_IN_USE', withFirst({ keys: [...first.keys, ...first.keys] })],
  ['a role that there is not', 'ROLE_UNKNOWN', withFirst({ roles: ['king'] })],
  ['a member without an account', 'ACCOUNT_UNKNOWN', withCouncil({ members: [namedId('nobody')] })],
  ['a threshold beyond the members', 'GOVERNANCE_DEADLOCK', withCouncil({ threshold: 4 })],
  ['no council', 'BODY_UNKNOWN', (genesis) => ({ ...genesis, council: namedId('nobody') })],
  ['trustees that are no body', 'BODY_UNKNOWN', (genesis) => ({ ...genesis, trustees: namedId('nobody'), rulesVersion: 2 })],
  ['trustees before there are any', 'MISSING_FIELD', (genesis) => ({ ...genesis, trustees: council.id })],
  ['trustees that one decides for', 'TRUSTEES_THRESHOLD', withTrustees(1)],
  ['trustees that all have to agree', 'TRUSTEES_THRESHOLD', withTrustees(3)],
  ['two validators', 'POLICY_INVALID', withValidators('a', 'b')],
  ['a validator whose name is two words', 'POLICY_MALFORMED', withValidators('a b')],
  ['two validators of one name', 'POLICY_NAME_TWICE', withValidators('a', 'a', 'b')],
  [
    'one key for two uses',
    'POLICY_INVALID',
    (genesis) => ({ ...genesis, validators: [{ ...validator, cosignerKey: validator.logKey }] }),
  ],
];

for (const [why, code, change] of REFUSED) {
  test(`a genesis with ${why} founds no city: ${code}`, () => {
    assert.throws(() => found(change), { code });
  });
}
