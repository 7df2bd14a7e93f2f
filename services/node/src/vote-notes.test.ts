import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { encodeCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { evaluatePolicy, refusalOf } from '@oppidum/formats/policy';
import { parseSignedNote } from '@oppidum/formats/signed-note';
import fc from 'fast-check';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { HeadSigner } from './head-signer.ts';
import { VoteNotes } from './vote-notes.ts';
import { cityVotes } from './votes.ts';

const ORIGIN = 'test.oppidum.example/votes';
const logSigner = (i: number) => namedSigner(`vote log ${i}`);
const cosigner = (i: number) => namedSigner(`vote cosigner ${i}`);
const policyOf = (count: number) =>
  policyOfValidators(
    ORIGIN,
    Array.from({ length: count }, (_, i) => ({
      name: `validator-${i}`,
      logKey: logSigner(i).publicKey,
      cosignerKey: cosigner(i).publicKey,
    })),
  );
const headOf = (size: number) => ({ origin: ORIGIN, size, root: namedId(`root of ${size}`) });

/** What validator `i` says of a head, by whichever keys. */
function wordOf(i: number, head = headOf(7), keys = { log: i, cosigner: i }, timeS = 1_800_000_000): Bytes {
  const text = encodeCheckpoint(head);
  const line = cosignCheckpoint(crypto, cosigner(keys.cosigner), `validator-${i}`, text, timeS);
  return addSignatures(signCheckpoint(crypto, logSigner(keys.log), head), [line]);
}

const notesOf = (count: number) => new VoteNotes({ crypto, policyOf: () => policyOf(count), setOf: () => '', waitMs: 0 });

describe('vote extensions', () => {
  test('whatever a correct validator says is accepted by all others, and so is silence', async () => {
    for (const i of [0, 1, 2, 3]) {
      const notes = notesOf(4);
      const signer = new HeadSigner({ log: { persist: async () => headOf(7) }, sign: async () => wordOf(i) });
      const store = { head: { height: 3, timeMs: 5, logSize: 7, appHash: headOf(7).root } };
      const votes = cityVotes({ store, origin: ORIGIN, signer, notes, publishedSize: () => 0 });
      const extension = await votes.extend();
      assert.ok(extension.length > 0);
      assert.equal(
        cityVotes({ store, origin: ORIGIN, signer, notes: notesOf(4), publishedSize: () => 0 }).accept(extension),
        true,
      );
      assert.equal(votes.accept(new Uint8Array(0)), true);
      const silent = cityVotes({ store, origin: ORIGIN, signer, notes, publishedSize: () => 7 });
      assert.equal((await silent.extend()).length, 0, 'nothing new to say');
    }
  });

  test('a validator whose key is not of the policy votes without a word', async () => {
    const signer = new HeadSigner({ log: { persist: async () => headOf(7) }, sign: async () => wordOf(9) });
    const store = { head: { height: 3, timeMs: 5, logSize: 7, appHash: headOf(7).root } };
    const votes = cityVotes({ store, origin: ORIGIN, signer, notes: notesOf(4), publishedSize: () => 0 });
    assert.equal((await votes.extend()).length, 0);
  });

  const good = wordOf(1);
  const refused: readonly (readonly [string, Bytes])[] = [
    ['another size', wordOf(1, headOf(8))],
    ['another root', wordOf(1, { ...headOf(7), root: namedId('fork') })],
    ['another city', wordOf(1, { ...headOf(7), origin: 'test.oppidum.example/other' })],
    ['a log key that is nobody’s', wordOf(1, headOf(7), { log: 9, cosigner: 1 })],
    ['a cosigner key that is nobody’s', wordOf(1, headOf(7), { log: 1, cosigner: 9 })],
    ['the key of another under this name', wordOf(1, headOf(7), { log: 1, cosigner: 2 })],
    ['no cosignature', signCheckpoint(crypto, logSigner(1), headOf(7))],
    ['two cosignatures', addSignatures(good, parseSignedNote(wordOf(2)).signatures.slice(1))],
    ['the same line twice', addSignatures(good, parseSignedNote(good).signatures.slice(1))],
    ['cut off', good.slice(0, -5)],
    ['more than it should be', Uint8Array.of(...good, 10)],
    ['no note', encodeUtf8('yes')],
    ['a giant', new Uint8Array(1_000_000)],
  ];
  for (const [what, extension] of refused)
    test(`rejected: ${what}`, async () => {
      const notes = notesOf(1 + 3);
      assert.equal(notes.accept(extension, headOf(7)), false);
      assert.equal(notes.accept(extension, headOf(7)), false);
      for (const i of [2, 3]) notes.accept(wordOf(i), headOf(7));
      assert.equal(await notes.quorumNote(1), null, 'what is not valid counts for nothing');
    });

  test('any flipped bit is rejected', () =>
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(7), (at, bit) => {
        const altered = good.with(at, (good[at] ?? 0) ^ (1 << bit));
        assert.equal(notesOf(4).accept(altered, headOf(7)), false);
      }),
      { numRuns: 120 },
    ));
});

describe('quorum', () => {
  test('more than two thirds make a checkpoint that the policy believes, with one log signature and no more than needed', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(1, 4, 7, 15), fc.nat(), async (count, turn) => {
        const notes = notesOf(count);
        const threshold = Math.floor((2 * count) / 3) + 1;
        for (let i = 0; i < count; i++) {
          const note = await notes.quorumNote(1);
          assert.equal(note !== null, i >= threshold, `${i} of ${count}`);
          notes.accept(wordOf((i + turn) % count), headOf(7));
        }
        const note = (await notes.quorumNote(1)) as Bytes;
        assert.equal(refusalOf(evaluatePolicy(crypto, policyOf(count), note)), null);
        assert.equal(parseSignedNote(note).signatures.length, 1 + threshold);
      }),
      { numRuns: 6 },
    ));

  test('the newest head with a quorum is taken, not the newest', async () => {
    const notes = notesOf(4);
    for (const i of [0, 1, 2]) notes.accept(wordOf(i, headOf(7)), headOf(7));
    for (const i of [0, 3]) notes.accept(wordOf(i, headOf(9)), headOf(9));
    assert.match(Buffer.from((await notes.quorumNote(1)) as Bytes).toString(), /\n7\n/);
    assert.equal(await notes.quorumNote(8), null);
    notes.accept(wordOf(1, headOf(9)), headOf(9));
    assert.match(Buffer.from((await notes.quorumNote(8)) as Bytes).toString(), /\n9\n/);
  });

  test('a head that ends the term of a set is not passed over', async () => {
    const setOf = (size: number): string => (size < 9 ? 'old' : 'new');
    const notes = new VoteNotes({ crypto, policyOf: () => policyOf(4), setOf, waitMs: 0 });
    for (const size of [6, 7, 9, 11]) for (const i of [0, 1, 2]) notes.accept(wordOf(i, headOf(size)), headOf(size));
    const sizeOf = async (sizeMin: number): Promise<string | undefined> =>
      Buffer.from((await notes.quorumNote(sizeMin)) ?? [])
        .toString()
        .split('\n')[1];
    assert.deepEqual([await sizeOf(1), await sizeOf(8), await sizeOf(12)], ['7', '11', undefined]);
  });

  test('who waits hears of the quorum when it comes', async () => {
    const notes = new VoteNotes({ crypto, policyOf: () => policyOf(4), setOf: () => '', waitMs: 60_000 });
    const waiting = notes.quorumNote(1);
    for (const i of [0, 1, 2]) notes.accept(wordOf(i), headOf(7));
    assert.ok((await waiting) !== null);
  });
});
