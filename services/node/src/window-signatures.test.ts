import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import { accountKeyKind, accountKind } from '@oppidum/formats/state-governance';
import { at, encodeState } from '@oppidum/formats/state-layout';
import { signTransaction, type TransactionSigner } from '@oppidum/formats/transaction';
import { actionOf, freshAccount, freshBytes } from '../../../test/support/running-city.ts';
import { findUnsigned, type ProvenRecords } from './window-signatures.ts';

/** More than go to the worker together, and more than are under way at once. */
const [PER_BLOCK, BLOCK_COUNT] = [150, 10];
const RETIRED_AT = 5;

const [lasting, retired] = [freshAccount().signer, freshAccount().signer];

function recordsOf({ account, keyNumber, signer }: TransactionSigner, to?: number): ProvenRecords {
  const { algorithm, publicKey } = signer;
  const ends = to === undefined ? {} : { to };
  const owner = at(accountKind, account);
  const key = at(accountKeyKind, account, keyNumber);
  return [
    { key: owner.key, value: encodeState(accountKind, { holder: 'person', keyCount: 1, from: 0 }) },
    { key: key.key, value: encodeState(accountKeyKind, { algorithm, publicKey, class: 'full', from: 0, ...ends }) },
  ];
}

const records = [...recordsOf(lasting), ...recordsOf(retired, RETIRED_AT)].sort((a, b) => compareBytes(a.key, b.key));

function envelopeBy(signers: readonly TransactionSigner[]): Bytes {
  const nonce = freshBytes(16);
  const named = signers.map(({ account }) => account).sort(compareBytes);
  const actions = [actionOf('account/retire-key', { account: lasting.account, keyNumber: 0 })];
  return signTransaction({ city: new Uint8Array(32), validUntil: 1_800_000_000_000, nonce, signers: named, actions }, signers);
}

const window = Array.from({ length: BLOCK_COUNT }, (_, i) => ({
  height: i + 1,
  envelopes: Array.from({ length: PER_BLOCK }, () => envelopeBy(i + 1 <= RETIRED_AT ? [lasting, retired] : [lasting])),
}));

/** The window with another envelope in one place. */
function withEnvelope(height: number, position: number, change: (envelope: Bytes) => Bytes, from = window): typeof window {
  return from.map((block) =>
    block.height === height
      ? { height, envelopes: block.envelopes.map((each, i) => (i === position ? change(each) : each)) }
      : block,
  );
}

const broken = (envelope: Bytes): Bytes => envelope.with(-1, (envelope.at(-1) as number) ^ 1);

describe('who signed a window', () => {
  test('everybody whom its envelopes name, by keys that were in force: none is found', async () => {
    assert.equal(await findUnsigned(crypto, records, window), null);
    assert.equal(await findUnsigned(crypto, records, []), null);
  });

  test('one wrong signature among thousands is found wherever it stands', async () => {
    for (const [height, position] of [
      [1, 0],
      [2, 56],
      [6, 149],
      [BLOCK_COUNT, PER_BLOCK - 1],
    ] as const)
      assert.deepEqual(await findUnsigned(crypto, records, withEnvelope(height, position, broken)), { height, position });
  });

  test('of several the first, whether its signature is wrong or its key was not in force', async () => {
    const late = (): Bytes => envelopeBy([lasting, retired]);
    const both = withEnvelope(8, 3, late, withEnvelope(8, 2, broken));
    assert.deepEqual(await findUnsigned(crypto, records, both), { height: 8, position: 2 });
    const other = withEnvelope(8, 2, late, withEnvelope(8, 3, broken));
    assert.deepEqual(await findUnsigned(crypto, records, other), { height: 8, position: 2 });
    const stranger = withEnvelope(4, 7, () => envelopeBy([freshAccount().signer]));
    assert.deepEqual(await findUnsigned(crypto, records, stranger), { height: 4, position: 7 });
  });

  test('what is no envelope is said to be none, and nothing that was under way is left', async () => {
    const cut = withEnvelope(9, 0, (envelope) => envelope.slice(0, -1));
    await assert.rejects(findUnsigned(crypto, records, cut), { name: 'FormatError' });
  });
});
