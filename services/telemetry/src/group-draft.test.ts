import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, concatBytes, encodeUint32, encodeUtf8, toHex, toOctets } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { verifyReceipt } from '@oppidum/proofs/verify-receipt';
import fc from 'fast-check';
import { namedSigner } from '../../../test/support/signers.ts';
import type { VerifiedReading } from './admit.ts';
import { GroupDraft, type Judgement } from './group-draft.ts';
import { type ReceiptMaker, receiptMaker, signGroup } from './receipt-group.ts';
import { Vault, type VaultEntry } from './vault.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-vault-'));
  folders.push(folder);
  return folder;
}

const digestOf = (text: string): Bytes => crypto.sha256(encodeUtf8(text));
const shard = digestOf('shard');
const issuer = { crypto, audience: digestOf('city'), shard };
const receiptSigner = namedSigner('receipts');
const receiptIssuer = { shard, receiptKey: receiptSigner.publicKey };

/** One reading of a test: which key, which number, which payload, which signature over it, and whether its content is acceptable. */
type Sent = {
  readonly key: number;
  readonly sequence: number;
  readonly payload: number;
  readonly signature: number;
  readonly isBad: boolean;
};

function readingOf({ key, sequence, payload, signature }: Sent): VerifiedReading {
  const content = `${key} ${sequence} ${payload}`;
  const envelope = encodeUtf8(`${content} ${signature}`);
  const kid = concatBytes(digestOf('device'), encodeUint32(key));
  const sender = {
    ...{ device: digestOf('device'), keyNumber: key, kid, name: toOctets(kid), isPersonal: false, isSimulated: false },
    key: { algorithm: -8, publicKey: digestOf('key') } as const,
  };
  return { sender, sequence, envelope, digest: crypto.sha256(envelope), contentDigest: digestOf(content) };
}

/** What must be said, from the table at the top of `group-draft.ts` read once more and more slowly. */
class Expected {
  readonly #first = new Map<string, { readonly payload: number; readonly digest: string; readonly outcome: number | string }>();
  readonly #highest = new Map<number, number>();
  readonly clones = new Set<string>();
  size = 0;

  judge(sent: Sent): { readonly digest: string; readonly outcome: number | string } {
    const name = `${sent.key}/${sent.sequence}`;
    const digest = toHex(readingOf(sent).digest);
    const first = this.#first.get(name);
    const highest = this.#highest.get(sent.key) ?? 0;
    if (first === undefined) {
      if (sent.sequence + LIMITS.sequenceWindow < highest) return { digest, outcome: 'SEQUENCE_TOO_OLD' };
      const outcome = sent.isBad ? 'WRONG_TYPE' : this.size++;
      this.#first.set(name, { payload: sent.payload, digest, outcome });
      this.#highest.set(sent.key, Math.max(highest, sent.sequence));
      return { digest, outcome };
    }
    if (first.payload === sent.payload) return first;
    if (typeof first.outcome === 'number') this.clones.add(name);
    return { digest, outcome: 'SEQUENCE_REUSED' };
  }
}

function said(judgement: Judgement): { digest: string; outcome: number | string } {
  assert.notEqual(judgement.kind, 'passing');
  assert.ok(judgement.kind !== 'passing');
  const { digest, outcome } = judgement.said;
  return { digest: toHex(digest), outcome };
}

/** Judges a group and commits it as the sequencer does; answers receipts by position in the group. */
async function commit(vault: Vault, group: readonly Sent[]): Promise<{ judgements: Judgement[]; receipts: Bytes[] }> {
  const draft = new GroupDraft(vault);
  const judgements = group.map((sent) => {
    const refusal = sent.isBad ? reject('WRONG_TYPE') : null;
    return draft.judge({ kind: 'verified', reading: readingOf(sent), refusal });
  });
  const receiptOf = (judgement: Judgement, make: ReceiptMaker | null): Bytes => {
    if (judgement.kind === 'repeated') return receiptMaker(issuer, vault.group(judgement.said.group))(judgement.said);
    return judgement.kind === 'signed' && make !== null ? make(judgement.said) : new Uint8Array(0);
  };
  if (draft.leaves.length === 0) return { judgements, receipts: judgements.map((judgement) => receiptOf(judgement, null)) };
  const { group: receipts, make } = signGroup(issuer, receiptSigner, draft.leaves);
  const again = receiptMaker(issuer, receipts);
  for (const said of draft.leaves) assert.deepEqual(again(said), make(said));
  const entries = draft.kept.map(({ reading, index }): VaultEntry => {
    return { index, digest: reading.digest, receivedMs: 1, form: 'plain', data: reading.envelope };
  });
  const tree = vault.tree(crypto);
  for (const { digest } of entries) tree.append(leafHash(crypto, digest));
  const clones = draft.clones.map(({ reading, firstIndex }) => {
    const { sender, sequence, digest, envelope } = reading;
    return { ...sender, sequence, digest, firstIndex, form: 'plain' as const, data: envelope };
  });
  await vault.commit({ receivedMs: 1, entries, decisions: draft.decisions, clones, receipts, tree });
  return { judgements, receipts: judgements.map((judgement) => receiptOf(judgement, make)) };
}

const W = LIMITS.sequenceWindow;
const sent = fc.record({
  key: fc.constantFrom(0, 1),
  sequence: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(W, W + 1, W + 2, W + 3, 2 * W + 4)),
  payload: fc.constantFrom(0, 0, 0, 1, 2),
  signature: fc.constantFrom(0, 0, 1),
  isBad: fc.constantFrom(false, false, false, true),
});
const step = fc.record({ group: fc.array(sent, { minLength: 1, maxLength: 8 }), isReopened: fc.boolean() });

describe('a group', () => {
  test('says what the table says, through groups and restarts, with one receipt per number and payload', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const folder = makeFolder();
        let vault = await Vault.open(folder, shard);
        const expected = new Expected();
        const finals = new Map<string, string>();
        for (const { group, isReopened } of steps) {
          if (isReopened) {
            await vault.close();
            vault = await Vault.open(folder, shard);
          }
          const { judgements, receipts } = await commit(vault, group);
          for (const [i, each] of group.entries()) {
            const want = expected.judge(each);
            const { digest, outcome } = said(judgements[i]!);
            assert.deepEqual({ digest, outcome }, { digest: want.digest, outcome: want.outcome });
            const leaf = verifyReceipt(crypto, receipts[i]!, receiptIssuer);
            assert.ok(!('code' in leaf), JSON.stringify(leaf));
            assert.deepEqual([toHex(leaf.digest), leaf.index ?? leaf.refusal], [digest, outcome]);
            if (outcome === 'SEQUENCE_REUSED' || outcome === 'SEQUENCE_TOO_OLD') continue;
            const name = `${each.key}/${each.sequence}/${each.payload}`;
            assert.equal(toHex(receipts[i]!), finals.get(name) ?? toHex(receipts[i]!), 'the same receipt');
            finals.set(name, toHex(receipts[i]!));
          }
          assert.equal(vault.size, expected.size);
          assert.equal(vault.tree(crypto).size, expected.size);
          const clones = [...vault.clones()].map(({ keyNumber, sequence }) => `${keyNumber}/${sequence}`);
          assert.deepEqual(clones.sort(), [...expected.clones].sort());
        }
        await vault.close();
      }),
      { numRuns: 60 },
    ));

  test('whose answers may all pass signs nothing', async () => {
    const vault = await Vault.open(makeFolder(), shard);
    const draft = new GroupDraft(vault);
    const passing = { kind: 'passing', rejection: reject('DEVICE_UNKNOWN') } as const;
    assert.deepEqual(draft.judge(passing), passing);
    assert.deepEqual([draft.leaves, draft.kept, draft.decisions], [[], [], []]);
    await vault.close();
  });
});

describe('the vault', () => {
  test('is for no other user of the machine, also one that was made before', {
    skip: process.platform === 'win32' && 'modes mean nothing here',
  }, async () => {
    const folder = join(makeFolder(), 'vault');
    await (await Vault.open(folder, shard)).close();
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    chmodSync(folder, 0o755);
    await (await Vault.open(folder, shard)).close();
    assert.equal(statSync(folder).mode & 0o777, 0o750);
  });

  test('finds anchors by what they cover', async () => {
    const folder = makeFolder();
    let vault = await Vault.open(folder, shard);
    assert.equal(vault.newestAnchor(), null);
    const anchors = [3, 10, 300].map((size) => {
      return { size, transaction: digestOf(`anchor ${size}`), action: 0, height: size + 1, timeMs: size * 1000 };
    });
    for (const anchor of anchors) await vault.putAnchor(anchor);
    await vault.close();
    vault = await Vault.open(folder, shard);
    const covering = [0, 2, 3, 9, 10, 299, 300].map((index) => vault.anchorCovering(index)?.size ?? null);
    assert.deepEqual(covering, [3, 3, 10, 10, 300, 300, null]);
    assert.deepEqual(vault.newestAnchor(), anchors[2]);
    await vault.close();
  });

  test('keeps entries in order beyond one byte of index, and gives plain bytes', async () => {
    const vault = await Vault.open(makeFolder(), shard);
    const all = Array.from({ length: 300 }, (_, i) => ({ key: 0, sequence: i + 1, payload: 0, signature: 0, isBad: false }));
    await commit(vault, all);
    const entries = [...vault.entriesFrom(250, 10)];
    assert.deepEqual(
      entries.map(({ index }) => index),
      [250, 251, 252, 253, 254, 255, 256, 257, 258, 259],
    );
    for (const { index, digest, data } of entries) {
      assert.equal(vault.indexOf(digest), index);
      assert.equal(data.constructor, Uint8Array);
      assert.deepEqual(crypto.sha256(data), digest);
    }
    assert.equal(vault.highestSequence({ device: digestOf('device'), keyNumber: 0 }), 300);
    assert.equal(vault.highestSequence({ device: digestOf('device'), keyNumber: 1 }), 0);
    assert.deepEqual([...vault.indexesOf(digestOf('device'))].length, 300);
    assert.deepEqual([...vault.indexesOf(digestOf('nobody'))], []);
    await vault.close();
    await assert.rejects(
      Vault.open(makeFolder(), shard).then((fresh) => fresh.close().then(() => Vault.open(folders.at(-1)!, digestOf('other')))),
      {
        code: 'DATA_FOLDER_FOREIGN',
      },
    );
  });
});
