import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { parseCityPolicy, policyOfValidators, VALIDATORS } from '@oppidum/formats/city-policy';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { encodePolicy } from '@oppidum/formats/policy';
import { parseSignedNote } from '@oppidum/formats/signed-note';
import { cityKind, policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { consensusAddress, misbehaviourKind, validatorKeyKind, validatorSetKind } from '@oppidum/formats/state-validators';
import { encodeVerifierKey, type VerifierKey } from '@oppidum/formats/verifier-key';
import type { Misbehaviour } from '@oppidum/ledger/misbehaviour';
import { nodeCrypto as crypto } from '../../../../test/support/crypto.ts';
import { makeCity, namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { MemoryLog } from '../../../../test/support/memory-log.ts';
import { namedSigner } from '../../../../test/support/signers.ts';

const keyOf = (name: string) => namedSigner(name).publicKey;
const consensusKey = (i: number) => keyOf(`validator ${i} consensus`);
const cityOf = (validatorCount: number) => makeCity({ validatorCount, hasConsensusKeys: true });
const votedTwice = (i: number, voteHeight = 1): Misbehaviour => ({
  kind: 'duplicate-vote',
  address: consensusAddress(crypto, consensusKey(i)),
  voteHeight,
});
const names = (city: TestCity) => city.read(at(validatorSetKind))?.validators.map(({ name }) => name);
const policyOf = (city: TestCity) => parseCityPolicy(crypto, city.read(at(policyEffectiveKind))?.policy ?? new Uint8Array(0));
const groupOf = (city: TestCity) => policyOf(city).groups.find(({ name }) => name === VALIDATORS);
const prove = (city: TestCity, ...misbehaviour: Misbehaviour[]) => city.block([], undefined, misbehaviour);

test('who voted twice loses its place in the policy and its vote, one block later', () => {
  const city = cityOf(5);
  const { blockLeaf, validatorUpdates } = prove(city, votedTwice(2));
  assert.equal(blockLeaf?.count, 0);
  assert.deepEqual(validatorUpdates, []);
  assert.deepEqual(city.read(at(misbehaviourKind, consensusKey(2))), {
    validator: 'validator-2',
    kind: 'duplicate-vote',
    at: 1,
    voteHeight: 1,
    removed: true,
  });
  assert.deepEqual(city.block().validatorUpdates, [{ consensusKey: consensusKey(2), power: 0 }]);
  assert.deepEqual(names(city), ['validator-0', 'validator-1', 'validator-3', 'validator-4']);
  const policy = policyOf(city);
  assert.deepEqual(groupOf(city)?.members, names(city));
  assert.equal(groupOf(city)?.threshold, 3);
  assert.equal(policy.logs.length, 4);
  assert.ok(!policy.logs.some(({ key }) => toHex(key.publicKey) === toHex(keyOf('validator 2 log'))));
  assert.equal(city.read(at(validatorKeyKind, consensusKey(2)))?.to, 2);
});

test('three may be left, who tolerate no fault; never two, never none', () => {
  const city = cityOf(4);
  prove(city, votedTwice(0), votedTwice(1));
  assert.equal(city.read(at(misbehaviourKind, consensusKey(0)))?.removed, true);
  assert.equal(city.read(at(misbehaviourKind, consensusKey(1)))?.removed, false);
  city.block();
  assert.deepEqual(groupOf(city), { name: VALIDATORS, threshold: 3, members: ['validator-1', 'validator-2', 'validator-3'] });
  prove(city, votedTwice(2));
  assert.equal(city.read(at(misbehaviourKind, consensusKey(2)))?.removed, false);
  assert.deepEqual(city.block().validatorUpdates, []);

  const alone = cityOf(1);
  prove(alone, votedTwice(0));
  assert.equal(alone.read(at(misbehaviourKind, consensusKey(0)))?.removed, false);
  assert.deepEqual(names(alone), ['validator-0']);
});

test('two of six in one block', () => {
  const city = cityOf(6);
  prove(city, votedTwice(5), { ...votedTwice(0), kind: 'light-client-attack' });
  assert.equal(city.block().validatorUpdates.length, 2);
  assert.deepEqual(names(city), ['validator-1', 'validator-2', 'validator-3', 'validator-4']);
});

test('of strangers nothing follows, and of the same key nothing more', () => {
  const city = cityOf(5);
  const before = city.state.appHash;
  assert.equal(prove(city, { ...votedTwice(0), address: namedId('nobody').slice(0, 20) }).blockLeaf, null);
  assert.deepEqual(city.state.appHash, before);
  prove(city, votedTwice(0, 3), votedTwice(0, 4));
  assert.equal(city.read(at(misbehaviourKind, consensusKey(0)))?.voteHeight, 3);
  city.block();
  assert.equal(prove(city, votedTwice(0, 5)).blockLeaf, null);
  const unknowing = makeCity({ validatorCount: 5 });
  assert.equal(prove(unknowing, votedTwice(0)).blockLeaf, null);
});

test('outside witnesses stay as they were', () => {
  const city = cityOf(5);
  const present = policyOf(city);
  const witness = {
    name: 'paper',
    key: { name: 'paper.example', algorithm: 'cosignature', publicKey: keyOf('paper') } as const,
    url: null,
  };
  const wide = {
    ...present,
    witnesses: [...present.witnesses, witness],
    groups: [...present.groups, { name: 'all', threshold: 2, members: [VALIDATORS, 'paper'] }],
    quorum: 'all',
  };
  assert.equal(city.decide('policy/change', { policy: encodePolicy(crypto, wide) }), 'OK');
  city.block();
  prove(city, votedTwice(4));
  city.block();
  assert.deepEqual(policyOf(city).witnesses.at(-1), witness);
  assert.equal(policyOf(city).quorum, 'all');
  assert.equal(groupOf(city)?.members.length, 4);
});

test('what the council decided in the same block stands, without the guilty', () => {
  const city = cityOf(4);
  const fork = forkOf(city, 3);
  const more = [0, 1, 2, 3, 4].map((i) => ({
    name: `validator-${i}`,
    logKey: keyOf(`validator ${i} log`),
    cosignerKey: keyOf(`validator ${i} cosigner`),
    consensusKey: consensusKey(i),
  }));
  const body = {
    policy: encodePolicy(crypto, policyOfValidators(city.read(at(cityKind))?.origin ?? '', more)),
    validators: more.map(({ cosignerKey: _, ...rest }) => rest),
  };
  const id = namedId('both');
  const proposal = {
    id,
    body: namedId('council'),
    actions: [city.action('policy/change', body)],
    expiresMs: city.timeMs + 60_000,
  };
  const decided = city.transaction(['anna', 'ben'], [city.action('proposal/create', proposal)]);
  const reported = city.transaction('clara', [city.action('validator/report-fork', fork)]);
  city.block([decided, reported]);
  const { validatorUpdates } = city.block();
  assert.deepEqual(names(city), ['validator-0', 'validator-1', 'validator-2', 'validator-4']);
  assert.equal(validatorUpdates.length, 2);
});

const entries = (label: string, count: number) => Array.from({ length: count }, (_, i) => encodeUtf8(`${label} ${i}`));

type ForkOptions = {
  readonly use?: 'log' | 'cosigner';
  readonly origin?: string;
  readonly isOne?: boolean;
  readonly by?: string;
};

/** Validator i stands under two histories of the block log. */
function forkOf(city: TestCity, i: number, { use = 'cosigner', isOne = false, by, ...options }: ForkOptions = {}) {
  const origin = options.origin ?? city.read(at(cityKind))?.origin ?? '';
  const ours = new MemoryLog(entries('entry', 9));
  const other = isOne ? ours : new MemoryLog([...ours.entries.slice(0, 3), ...entries('other', 6)]);
  const signer = namedSigner(by ?? `validator ${i} ${use}`);
  const name = `validator-${i}`;
  const noteOf = (log: MemoryLog, size: number): Bytes => {
    const checkpoint = { origin, size, root: log.root(size) };
    if (use === 'log') return signCheckpoint(crypto, signer, checkpoint);
    const note = signCheckpoint(crypto, namedSigner('somebody'), checkpoint);
    return addSignatures(note, [cosignCheckpoint(crypto, signer, name, parseSignedNote(note).text, 1_000)]);
  };
  const key: VerifierKey =
    use === 'log'
      ? { name: origin, algorithm: 'log', publicKey: signer.publicKey }
      : { name, algorithm: 'cosignature', publicKey: signer.publicKey };
  return {
    key: encodeVerifierKey(crypto, key),
    earlier: noteOf(ours, 6),
    later: noteOf(other, 9),
    root: other.root(6),
    consistency: other.consistency(6, 9),
  };
}

describe('validator/report-fork', () => {
  for (const use of ['log', 'cosigner'] as const)
    test(`a ${use} key under two histories removes its validator`, () => {
      const city = cityOf(4);
      assert.equal(city.act('clara', 'validator/report-fork', forkOf(city, 1, { use })), 'OK');
      const publicKey = keyOf(`validator 1 ${use}`);
      assert.deepEqual(
        city.event('validator/misbehaved'),
        new Map<string, unknown>([
          ['validator', 'validator-1'],
          ['publicKey', publicKey],
          ['removed', true],
        ]),
      );
      const record = city.read(at(misbehaviourKind, publicKey));
      assert.equal(record?.kind, 'fork');
      assert.equal(record?.transaction?.length, 32);
      assert.deepEqual(city.block().validatorUpdates, [{ consensusKey: consensusKey(1), power: 0 }]);
      assert.equal(groupOf(city)?.members.length, 3);
    });

  test('a key that was retired is shown, and nobody is removed for it', () => {
    const city = cityOf(5);
    const fork = forkOf(city, 1);
    prove(city, votedTwice(1));
    city.block();
    assert.equal(city.act('clara', 'validator/report-fork', fork), 'OK');
    assert.equal(city.event('validator/misbehaved')?.get('removed'), false);
    assert.equal(names(city)?.length, 4);
  });

  const refused: readonly (readonly [why: string, code: string, (city: TestCity) => object])[] = [
    ['a line that is no key', 'TEXT_INVALID', (city) => ({ ...forkOf(city, 1), key: 'validator-1' })],
    ['a key of nobody', 'KEY_UNKNOWN', (city) => forkOf(city, 1, { by: 'stranger' })],
    ['a consensus key', 'KEY_UNKNOWN', (city) => forkOf(city, 1, { by: 'validator 1 consensus' })],
    ['a log key as a cosigner', 'KEY_UNKNOWN', (city) => forkOf(city, 1, { by: 'validator 1 log' })],
    ['of another log', 'LOG_UNKNOWN', (city) => forkOf(city, 1, { origin: `other.example/${'0'.repeat(64)}` })],
    ['one history', 'FORK_UNPROVEN', (city) => forkOf(city, 1, { isOne: true })],
    ['a head that it did not sign', 'SIGNATURE_INVALID', (city) => ({ ...forkOf(city, 1), later: forkOf(city, 2).later })],
    ['a proof of nothing', 'ROOT_MISMATCH', (city) => ({ ...forkOf(city, 1), root: namedId('root') })],
    ['a proof cut short', 'PROOF_LENGTH_WRONG', (city) => ({ ...forkOf(city, 1), consistency: [] })],
    [
      'the larger head first',
      'NUMBER_RANGE',
      (city) => ({ ...forkOf(city, 1), earlier: forkOf(city, 1).later, later: forkOf(city, 1).earlier }),
    ],
  ];
  for (const [why, code, body] of refused)
    test(`${why}: ${code}`, () => {
      const city = cityOf(4);
      assert.equal(city.act('clara', 'validator/report-fork', body(city)), code);
      assert.equal(city.scan(misbehaviourKind).length, 0);
    });

  test('once', () => {
    const city = cityOf(5);
    assert.equal(city.act('clara', 'validator/report-fork', forkOf(city, 1)), 'OK');
    assert.equal(city.act('clara', 'validator/report-fork', forkOf(city, 1)), 'MISBEHAVIOUR_RECORDED');
  });

  test('a city that knows no keys of validators takes no report', () => {
    const city = makeCity({ validatorCount: 4 });
    assert.equal(city.act('clara', 'validator/report-fork', forkOf(city, 1)), 'KEY_UNKNOWN');
  });
});
