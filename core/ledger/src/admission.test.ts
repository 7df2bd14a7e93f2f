import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, encodeUint32 } from '@oppidum/formats/bytes';
import { CborTag, type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { ErrorCode } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import type { Action } from '@oppidum/formats/transaction';
import { counterActions } from '../../../test/support/counter.ts';
import { makeCity, namedId, publicKeyOf, registryOf, type TestCity } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { type AdmissionContext, admitTransaction, prepareTransaction, rememberVerified, signerPlaces } from './admission.ts';

type Bytes = Uint8Array;
type Parts = { protected: CborValue; unprotected: CborValue; payload: CborValue; signatures: CborValue[] };

/** `anna` and `ben` as everywhere; `gone` is closed, `weary` has retired key 0 for key 1. */
function city(): TestCity {
  const made = makeCity({
    registry: registryOf(counterActions),
    accounts: { anna: {}, ben: {}, clara: {}, gone: {}, weary: { keyClasses: ['full', 'full'] } },
  });
  assert.equal(made.decide('account/close', { account: namedId('gone') }), 'OK');
  assert.equal(made.act('weary/1', 'account/retire-key', { account: namedId('weary'), keyNumber: 0 }), 'OK');
  return made;
}

const add = (made: TestCity, by = 1): Action => made.action('counter/add', { id: namedId('c'), by });

/** The envelope with its parts changed, encoded canonically again. */
function altered(envelope: Bytes, change: (parts: Parts) => void): Bytes {
  const tag = parseCbor(envelope) as CborTag;
  const [protectedPart, unprotected, payload, signatures] = tag.value as [CborValue, CborValue, CborValue, CborValue[]];
  const parts: Parts = { protected: protectedPart, unprotected, payload, signatures };
  change(parts);
  return encodeCbor(new CborTag(tag.tag, [parts.protected, parts.unprotected, parts.payload, parts.signatures]));
}

/** One signature with its parts changed: [protected, unprotected, signature]. */
function withSignature(envelope: Bytes, change: (signature: CborValue[]) => void): Bytes {
  return altered(envelope, ({ signatures }) => change(signatures[0] as CborValue[]));
}

const header = (alg: number, account: Bytes, keyNumber: number) =>
  encodeCbor(
    new Map<number, CborValue>([
      [1, alg],
      [4, concatBytes(account, encodeUint32(keyNumber))],
    ]),
  );

function flip(bytes: CborValue, index: number): Bytes {
  const flipped = (bytes as Bytes).slice();
  flipped[index] = (flipped[index] as number) ^ 1;
  return flipped;
}

/** An envelope signed by accounts that sort in this order whatever their names. */
const sorted = (...names: string[]) => names.sort((a, b) => Buffer.compare(namedId(a), namedId(b)));

const byTwo = (made: TestCity) => made.transaction(['anna', 'ben'], [add(made)]);
const byAnna = (made: TestCity) => made.transaction('anna', [add(made)]);

const REFUSED: readonly [string, ErrorCode, (made: TestCity) => Bytes][] = [
  ['nothing at all', 'TRUNCATED', () => new Uint8Array(0)],
  ['cut off', 'TRUNCATED', (made) => byAnna(made).slice(0, -1)],
  ['with a byte more', 'TRAILING_BYTES', (made) => concatBytes(byAnna(made), Uint8Array.of(0))],
  ['larger than 262,144 bytes', 'TOO_LARGE', () => new Uint8Array(LIMITS.transactionSizeMax + 1)],
  [
    'with a protected header',
    'UNKNOWN_FIELD',
    (made) =>
      altered(byAnna(made), (parts) => {
        parts.protected = encodeCbor(new Map([[1, -8]]));
      }),
  ],
  [
    'with an unprotected header',
    'UNKNOWN_FIELD',
    (made) =>
      altered(byAnna(made), (parts) => {
        parts.unprotected = new Map([[5, 1]]);
      }),
  ],
  [
    'with a detached payload',
    'MISSING_FIELD',
    (made) =>
      altered(byAnna(made), (parts) => {
        parts.payload = null;
      }),
  ],
  [
    'whose payload is not a map',
    'WRONG_TYPE',
    (made) =>
      altered(byAnna(made), (parts) => {
        parts.payload = encodeCbor([]);
      }),
  ],
  ['without actions', 'LENGTH_WRONG', (made) => made.transaction('anna', [])],
  ['with 65 actions', 'LENGTH_WRONG', (made) => made.transaction('anna', Array<Action>(65).fill(add(made)))],
  [
    'with an unprotected header in a signature',
    'UNKNOWN_FIELD',
    (made) =>
      withSignature(byAnna(made), (signature) => {
        signature[1] = new Map([[5, 1]]);
      }),
  ],
  [
    'with a third field in a signature',
    'UNKNOWN_FIELD',
    (made) =>
      withSignature(byAnna(made), (signature) => {
        signature[0] = encodeCbor(
          new Map<number, CborValue>([
            [1, -8],
            [3, 0],
            [4, concatBytes(namedId('anna'), encodeUint32(0))],
          ]),
        );
      }),
  ],
  [
    'with a short key id',
    'LENGTH_WRONG',
    (made) =>
      withSignature(byAnna(made), (signature) => {
        signature[0] = encodeCbor(
          new Map<number, CborValue>([
            [1, -8],
            [4, namedId('anna')],
          ]),
        );
      }),
  ],
  [
    'with an algorithm not in use',
    'NUMBER_RANGE',
    (made) =>
      withSignature(byAnna(made), (signature) => {
        signature[0] = header(-35, namedId('anna'), 0);
      }),
  ],
  [
    'with a signature of 63 bytes',
    'LENGTH_WRONG',
    (made) =>
      withSignature(byAnna(made), (signature) => {
        signature[2] = (signature[2] as Bytes).slice(1);
      }),
  ],
  [
    'signed by a stranger too',
    'SIGNER_UNEXPECTED',
    (made) =>
      altered(byAnna(made), ({ signatures }) => {
        signatures.push([header(-8, namedId('ben'), 0), new Map(), new Uint8Array(64)]);
      }),
  ],
  [
    'with one signature twice',
    'SIGNATURE_DUPLICATE',
    (made) =>
      altered(byTwo(made), ({ signatures }) => {
        signatures[1] = signatures[0] as CborValue;
      }),
  ],
  [
    'with signatures in the other order',
    'SIGNATURE_ORDER',
    (made) =>
      altered(byTwo(made), ({ signatures }) => {
        signatures.reverse();
      }),
  ],
  [
    'with a signature missing',
    'SIGNATURE_MISSING',
    (made) =>
      altered(byTwo(made), ({ signatures }) => {
        signatures.pop();
      }),
  ],
  [
    'with its signers unsorted',
    'UNSORTED',
    (made) => made.transaction(sorted('anna', 'ben'), [add(made)], { signers: sorted('anna', 'ben').reverse().map(namedId) }),
  ],
  ['for another city', 'WRONG_CITY', (made) => made.transaction('anna', [add(made)], { city: namedId('elsewhere') })],
  ['past its time', 'EXPIRED', (made) => made.transaction('anna', [add(made)], { validUntil: made.timeMs + 1_000 })],
  [
    'too far ahead',
    'NOT_YET_VALID',
    (made) => made.transaction('anna', [add(made)], { validUntil: made.timeMs + 1_000 + LIMITS.transactionLifetimeMs + 1 }),
  ],
  [
    'with an action nobody knows',
    'ACTION_UNKNOWN',
    (made) => made.transaction('anna', [add(made), { kind: 'no/such', body: new Map() }]),
  ],
  [
    'with an action whose body lacks a field',
    'MISSING_FIELD',
    (made) => made.transaction('anna', [made.action('counter/add', new Map())]),
  ],
  [
    'with an action that has a field too many',
    'UNKNOWN_FIELD',
    (made) => made.transaction('anna', [made.action('counter/parse', new Map([['more', 1]]))]),
  ],
  ['by nobody known', 'ACCOUNT_UNKNOWN', (made) => made.transaction('nobody', [add(made)])],
  ['by a closed account', 'ACCOUNT_CLOSED', (made) => made.transaction('gone', [add(made)])],
  ['by a key that was never added', 'KEY_UNKNOWN', (made) => made.transaction('anna/7', [add(made)])],
  [
    'by a key named with another algorithm',
    'KEY_UNKNOWN',
    (made) =>
      withSignature(byAnna(made), (signature) => {
        signature[0] = header(-7, namedId('anna'), 0);
      }),
  ],
  ['by a retired key', 'KEY_REVOKED', (made) => made.transaction('weary', [add(made)])],
  [
    'with a flipped bit in the signature',
    'SIGNATURE_INVALID',
    (made) =>
      withSignature(byAnna(made), (signature) => {
        signature[2] = flip(signature[2] as CborValue, 5);
      }),
  ],
  [
    'with a flipped bit in the nonce',
    'SIGNATURE_INVALID',
    (made) =>
      altered(byAnna(made), (parts) => {
        parts.payload = withOtherNonce(parts.payload as Bytes);
      }),
  ],
  [
    'signed by another key of the same account',
    'SIGNATURE_INVALID',
    (made) =>
      withSignature(made.transaction('weary/1', [add(made)]), (signature) => {
        signature[2] = namedSigner('weary/0').sign(signature[2] as Bytes);
      }),
  ],
  [
    'with the first of two signatures false',
    'SIGNATURE_INVALID',
    (made) =>
      withSignature(byTwo(made), (signature) => {
        signature[2] = flip(signature[2] as CborValue, 40);
      }),
  ],
];

function withOtherNonce(payload: Bytes): Bytes {
  const fields = parseCbor(payload) as Map<string, CborValue>;
  fields.set('nonce', flip(fields.get('nonce') as CborValue, 0));
  return encodeCbor(fields);
}

for (const [why, code, make] of REFUSED) {
  test(`a transaction ${why} is refused without a trace: ${code}`, () => {
    const made = city();
    const envelope = make(made);
    const { outcomes, leaves, changes, blockLeaf } = made.execute([envelope]);
    assert.equal(outcomes.length, 1);
    const [outcome] = outcomes;
    assert.ok(outcome !== undefined && 'refused' in outcome);
    assert.equal(outcome.refused.code, code);
    assert.deepEqual([leaves, changes, blockLeaf], [[], [], null]);
  });
}

test('the same envelopes without their faults are admitted', () => {
  for (const make of [byAnna, byTwo, (made: TestCity) => made.transaction('weary/1', [add(made)])]) {
    const made = city();
    assert.equal(made.send(make(made)), 'OK');
  }
});

test('the limits of size and time hold exactly', () => {
  const made = city();
  const inTime = made.transaction('anna', [add(made)], { validUntil: made.timeMs + 1_001 });
  assert.equal(made.send(inTime), 'OK');
  const farAhead = made.transaction('anna', [add(made)], { validUntil: made.timeMs + 1_000 + LIMITS.transactionLifetimeMs });
  assert.equal(made.send(farAhead), 'OK');
  const many = made.transaction('anna', Array<Action>(64).fill(add(made)));
  assert.equal(made.send(many), 'OK');
});

test('of several faults the first in the documented order is the answer', () => {
  const made = city();
  const wrong = { city: namedId('elsewhere'), validUntil: 1 };
  const unknown: Action[] = [{ kind: 'no/such', body: new Map() }];
  assert.equal(made.send(made.transaction('nobody', unknown, wrong)), 'WRONG_CITY');
  assert.equal(made.send(made.transaction('nobody', unknown, { validUntil: 1 })), 'EXPIRED');
  assert.equal(made.send(made.transaction('nobody', unknown)), 'ACTION_UNKNOWN');
  assert.equal(made.send(made.transaction('nobody', [add(made)])), 'ACCOUNT_UNKNOWN');
});

test('a refusal names the id as far as the envelope could be read', () => {
  const made = city();
  const envelope = made.transaction('nobody', [add(made)]);
  const id = made.rules.crypto.sha256((parseCbor(envelope) as CborTag & { value: [0, 0, Bytes] }).value[2]);
  const [known] = made.execute([envelope]).outcomes;
  assert.ok(known !== undefined && 'refused' in known);
  assert.deepEqual(known.refused.id, id);
  const [unreadable] = made.execute([envelope.slice(1)]).outcomes;
  assert.ok(unreadable !== undefined && 'refused' in unreadable);
  assert.equal(unreadable.refused.id, null);
});

test('admission looks at the state before the block: a key added in a block signs in the next', () => {
  const made = city();
  const key = publicKeyOf(namedSigner('anna/1'));
  const adding = made.transaction('anna', [made.action('account/add-key', { account: namedId('anna'), key, class: 'full' })]);
  const early = made.transaction('anna/1', [add(made)]);
  const codes = made
    .block([adding, early])
    .outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.code : outcome.refused.code));
  assert.deepEqual(codes, ['OK', 'KEY_UNKNOWN']);
  assert.equal(made.send(early), 'OK');
});

test('an id is executed once: in one block, in later ones, and after a refusal by a contract', () => {
  const made = city();
  const envelope = byAnna(made);
  const codes = made
    .block([envelope, envelope])
    .outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.code : outcome.refused.code));
  assert.deepEqual(codes, ['OK', 'REPLAYED']);
  assert.equal(made.send(envelope), 'REPLAYED');
  const failing = made.transaction('anna', [add(made, 1_000)]);
  assert.equal(made.send(failing), 'NUMBER_RANGE');
  assert.equal(made.send(failing), 'REPLAYED', 'a failure is final too');
});

test('who signs the same payload again has sent the same transaction; who was refused may try again', () => {
  const made = city();
  const envelope = byAnna(made);
  const broken = withSignature(envelope, (signature) => {
    signature[2] = flip(signature[2] as CborValue, 5);
  });
  assert.equal(made.send(broken), 'SIGNATURE_INVALID');
  assert.equal(made.send(envelope), 'OK', 'a false copy does not use up the id');
  assert.equal(made.send(broken), 'REPLAYED');
});

test('what admission asks the state is known before, until it has asked', () => {
  const made = city();
  const envelope = byTwo(made);
  const prepared = prepareTransaction(made.rules, envelope);
  assert.ok(!('code' in prepared));
  const asked: string[] = [];
  const read = (key: Bytes): Bytes | null => {
    asked.push(String.fromCharCode(...key));
    return made.state.read(key);
  };
  const context = { ...made.rules, timeMs: made.timeMs, version: () => 1, isKnown: () => false, recall: () => prepared };
  const places = signerPlaces([prepareTransaction(made.rules, Uint8Array.of(0)), prepared]);
  assert.deepEqual(signerPlaces([{ ...prepared, foreign: { code: 'WRONG_CITY', details: {} } }]), []);
  const admit = () => admitTransaction({ ...context, state: { ...made.state, read } }, envelope);
  const answer = admit();
  assert.deepEqual([places.map(({ name }) => name), asked.length], [asked, 4]);
  assert.deepEqual([signerPlaces([prepared]), prepared.alleged], [[], null]);
  assert.deepEqual(admit(), answer, 'what was let go is found again');
});

test('what was verified is verified again only where another key stands in its place, and then from the bytes', () => {
  const made = city();
  const envelope = byTwo(made);
  const keys = sorted('anna', 'ben').map((name) => namedSigner(`${name}/0`).publicKey);
  const stranger = namedSigner('clara/0').publicKey;
  const codeAfter = (remembered: readonly Bytes[]): string => {
    const prepared = prepareTransaction(made.rules, envelope);
    assert.ok(!('code' in prepared));
    rememberVerified(prepared, remembered);
    let asked = 0;
    const crypto: AdmissionContext['crypto'] = {
      ...made.rules.crypto,
      verifyEd25519: (...signed) => {
        asked++;
        return made.rules.crypto.verifyEd25519(...signed);
      },
    };
    const { timeMs, state } = made;
    const answer = admitTransaction(
      { ...made.rules, crypto, timeMs, state, version: () => 1, isKnown: () => false, recall: () => prepared },
      envelope,
    );
    return `${'code' in answer ? answer.code : 'OK'}, ${asked} asked`;
  };
  assert.equal(codeAfter(keys), 'OK, 0 asked');
  assert.equal(codeAfter([keys[0] as Bytes, stranger]), 'OK, 1 asked', 'a key that is not the one in force says nothing');
  assert.equal(codeAfter([stranger, stranger]), 'OK, 2 asked');
  assert.equal(codeAfter([keys[1] as Bytes]), 'OK, 2 asked', 'fewer keys than signatures: nobody knows whose');
});
