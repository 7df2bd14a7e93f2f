import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountKeyKind, accountKind, roleKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { makeCity, namedId, publicKeyOf, type TestCity } from '../../../../test/support/ledger.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

/** The key `name/number` of test accounts, as actions carry it. */
const keyOf = (name: string, number = 0) => publicKeyOf(namedSigner(`${name}/${number}`));

function create(city: TestCity, name: string, changes: object = {}, by: string | readonly string[] = 'registrar') {
  return city.act(by, 'account/create', { id: namedId(name), holder: 'person', key: keyOf(name), class: 'full', ...changes });
}

test('a registrar creates an account, and its key signs from the next block on', () => {
  const city = makeCity();
  assert.equal(create(city, 'dora', { holder: 'organisation', name: 'Dora & Sons' }), 'OK');
  assert.deepEqual(city.read(at(accountKind, namedId('dora'))), {
    holder: 'organisation',
    name: 'Dora & Sons',
    keyCount: 1,
    from: 1,
  });
  assert.deepEqual(city.read(at(accountKeyKind, namedId('dora'), 0)), { ...keyOf('dora'), class: 'full', from: 1 });
  assert.deepEqual(city.event('account/created')?.get('account'), namedId('dora'));
  assert.equal(city.act('dora', 'account/add-key', { account: namedId('dora'), key: keyOf('dora', 1), class: 'everyday' }), 'OK');
  assert.equal(city.event('account/key-added')?.get('keyNumber'), 1);
});

test('account/create is refused, in this order', () => {
  const city = makeCity();
  const badKey = { algorithm: -8 as const, publicKey: new Uint8Array(32) };
  assert.equal(create(city, 'anna', { name: 'Anna', key: badKey }, 'anna'), 'NOT_AUTHORIZED');
  assert.equal(create(city, 'anna', { name: 'Anna', key: badKey }), 'ACCOUNT_EXISTS');
  assert.equal(create(city, 'dora', { name: 'Dora', key: badKey }), 'PERSON_NAMED');
  assert.equal(create(city, 'dora', { key: badKey }), 'KEY_INVALID');
  assert.equal(create(city, 'dora', { key: { algorithm: -7, publicKey: new Uint8Array(33).fill(4) } }), 'KEY_INVALID');
  assert.equal(create(city, 'dora', { key: { algorithm: -7, publicKey: keyOf('dora').publicKey } }), 'KEY_INVALID');
  assert.equal(city.read(at(accountKind, namedId('dora'))), null);
});

test('keys rotate: a new key is added, the old one retired; neither number comes back', () => {
  const city = makeCity();
  const account = namedId('ben');
  assert.equal(city.act('ben', 'account/add-key', { account, key: keyOf('ben', 1), class: 'full' }), 'OK');
  assert.equal(city.act('ben/1', 'account/retire-key', { account, keyNumber: 0 }), 'OK');
  assert.deepEqual(city.read(at(accountKeyKind, account, 0)), { ...keyOf('ben'), class: 'full', from: 0, to: 2 });
  assert.equal(city.act('ben', 'account/retire-key', { account, keyNumber: 1 }), 'KEY_REVOKED', 'the old key no longer signs');
  assert.equal(city.act('ben/1', 'account/add-key', { account, key: keyOf('ben'), class: 'full' }), 'KEY_IN_USE');
  assert.equal(city.act('ben/1', 'account/add-key', { account, key: keyOf('ben', 2), class: 'full' }), 'OK');
  assert.equal(city.event('account/key-added')?.get('keyNumber'), 2);
});

test('account/add-key is refused, in this order', () => {
  const city = makeCity();
  const account = namedId('anna');
  const badKey = { algorithm: -8 as const, publicKey: new Uint8Array(32) };
  assert.equal(city.act('ben', 'account/add-key', { account, key: badKey, class: 'full' }), 'NOT_AUTHORIZED');
  assert.equal(city.act('registrar', 'account/add-key', { account, key: badKey, class: 'full' }), 'NOT_AUTHORIZED');
  assert.equal(city.act('anna/1', 'account/add-key', { account, key: badKey, class: 'full' }), 'KEY_CLASS_TOO_LOW');
  assert.equal(city.act('anna', 'account/add-key', { account, key: badKey, class: 'full' }), 'KEY_INVALID');
  assert.equal(city.act('anna', 'account/add-key', { account, key: keyOf('anna', 1), class: 'full' }), 'KEY_IN_USE');
});

test('an account has at most 256 keys, ever', () => {
  const city = makeCity({ accounts: { anna: {}, many: {} }, bodies: { council: { threshold: 1, members: ['anna'] } } });
  const account = namedId('many');
  for (let first = 1; first < 256; first += 51) {
    const actions = Array.from({ length: 51 }, (_, i) => ({ account, key: keyOf('many', first + i), class: 'everyday' }));
    const envelope = city.transaction(
      'many',
      actions.map((body) => city.action('account/add-key', body)),
    );
    assert.equal(city.send(envelope), 'OK');
  }
  assert.equal(city.read(at(accountKind, account))?.keyCount, 256);
  assert.equal(city.act('many', 'account/add-key', { account, key: keyOf('many', 256), class: 'full' }), 'TOO_LARGE');
});

test('account/retire-key is refused, in this order', () => {
  const city = makeCity();
  const account = namedId('anna');
  assert.equal(city.act('ben', 'account/retire-key', { account, keyNumber: 9 }), 'NOT_AUTHORIZED');
  assert.equal(city.act('anna/1', 'account/retire-key', { account, keyNumber: 9 }), 'KEY_CLASS_TOO_LOW');
  assert.equal(city.act('anna', 'account/retire-key', { account, keyNumber: 9 }), 'KEY_UNKNOWN');
  assert.equal(city.act('anna', 'account/retire-key', { account, keyNumber: 0 }), 'KEY_LAST');
  assert.equal(city.act('anna', 'account/retire-key', { account, keyNumber: 1 }), 'OK');
  assert.equal(city.act('anna', 'account/retire-key', { account, keyNumber: 1 }), 'KEY_REVOKED');
});

test('a registrar retires an everyday key whose holder lost it, and no full key', () => {
  const city = makeCity({
    accounts: {
      anna: { keyClasses: ['full', 'everyday'] },
      registrar: { roles: ['registrar'], keyClasses: ['full', 'everyday'] },
    },
    bodies: { council: { threshold: 1, members: ['anna'] } },
  });
  assert.equal(create(city, 'dora', { class: 'everyday' }), 'OK');
  const dora = namedId('dora');
  assert.equal(city.act('dora', 'account/retire-key', { account: dora, keyNumber: 0 }), 'KEY_CLASS_TOO_LOW', 'nor by itself');
  assert.equal(city.act('anna', 'account/retire-key', { account: dora, keyNumber: 0 }), 'NOT_AUTHORIZED');
  assert.equal(city.act('registrar/1', 'account/retire-key', { account: dora, keyNumber: 0 }), 'KEY_CLASS_TOO_LOW');
  assert.equal(city.act('registrar', 'account/retire-key', { account: dora, keyNumber: 1 }), 'KEY_UNKNOWN');
  assert.equal(city.act('registrar', 'account/retire-key', { account: namedId('anna'), keyNumber: 0 }), 'NOT_AUTHORIZED');
  assert.equal(city.act('registrar', 'account/retire-key', { account: dora, keyNumber: 0 }), 'OK', 'her only key');
  assert.deepEqual(city.event('account/key-retired')?.get('account'), dora);
  assert.equal(city.act('registrar', 'account/retire-key', { account: dora, keyNumber: 0 }), 'KEY_REVOKED');
  assert.equal(city.act('dora', 'account/retire-key', { account: dora, keyNumber: 0 }), 'KEY_REVOKED');
  assert.equal(city.act('registrar', 'account/retire-key', { account: namedId('anna'), keyNumber: 1 }), 'OK');
});

test('a key retired earlier in the same block signs nothing more in it', () => {
  const city = makeCity();
  const account = namedId('anna');
  const retire = (keyNumber: number) => city.transaction('anna', [city.action('account/retire-key', { account, keyNumber })]);
  const add = city.action('account/add-key', { account, key: keyOf('anna', 2), class: 'full' });
  assert.equal(city.send(city.transaction('anna', [add])), 'OK');
  const late = city.transaction('anna', [city.action('account/add-key', { account, key: keyOf('anna', 3), class: 'full' })]);
  const codes = city
    .block([retire(0), late])
    .outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.code : 'refused'));
  assert.deepEqual(codes, ['OK', 'NOT_AUTHORIZED']);
});

test('the council closes an account: keys retired, roles gone, nothing signed any more', () => {
  const city = makeCity();
  const account = namedId('operator');
  assert.equal(city.decide('account/close', { account }), 'OK');
  assert.equal(city.read(at(accountKind, account))?.to, 2);
  assert.equal(city.read(at(accountKeyKind, account, 0))?.to, 2);
  assert.deepEqual(city.scan(roleKind, account), []);
  assert.equal(city.act('operator', 'account/retire-key', { account, keyNumber: 0 }), 'ACCOUNT_CLOSED');
  assert.equal(create(city, 'operator'), 'ACCOUNT_EXISTS', 'a closed account does not begin anew');
});

test('account/close is refused, in this order', () => {
  const city = makeCity({
    bodies: { council: { threshold: 2, members: ['anna', 'ben'] }, board: { threshold: 1, members: ['operator'] } },
  });
  assert.equal(city.act('registrar', 'account/close', { account: namedId('clara') }), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('account/close', { account: namedId('nobody') }), 'ACCOUNT_UNKNOWN');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'OK');
  assert.equal(city.decide('account/close', { account: namedId('clara') }), 'ACCOUNT_CLOSED');
  assert.equal(city.decide('account/close', { account: namedId('ben') }), 'GOVERNANCE_DEADLOCK');
  assert.deepEqual(
    { threshold: city.details['threshold'], ableCount: city.details['ableCount'] },
    { threshold: 2, ableCount: 1 },
  );
  assert.equal(
    city.decide('account/close', { account: namedId('operator') }),
    'GOVERNANCE_DEADLOCK',
    'any body, not only the council',
  );
  assert.equal(city.read(at(accountKind, namedId('ben')))?.to, undefined);
});

test('another body than the council closes nothing', () => {
  const city = makeCity({
    bodies: { council: { threshold: 2, members: ['anna', 'ben'] }, board: { threshold: 1, members: ['operator'] } },
  });
  const actions = [city.action('account/close', { account: namedId('clara') })];
  const proposal = { id: namedId('p'), body: namedId('board'), actions, expiresMs: city.timeMs + 60_000 };
  assert.equal(city.act('operator', 'proposal/create', proposal), 'NOT_AUTHORIZED');
});
