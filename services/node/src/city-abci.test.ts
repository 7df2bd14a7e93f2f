import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkRecording } from '@oppidum/abci/grammar';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import {
  RequestCheckTx,
  RequestExtendVote,
  RequestInfo,
  RequestQuery,
  RequestVerifyVoteExtension,
} from 'cosmjs-types/tendermint/abci/types';
import { AbciCity } from '../../../test/support/abci-city.ts';
import {
  envelopeOf,
  foundTestCity,
  freshAccount,
  freshBytes,
  inTemporaryFolder,
  operatorOf,
} from '../../../test/support/running-city.ts';
import type { DataFolder } from './data-folder.ts';
import { encodeParcel } from './parcel.ts';

const NOW_MS = 1_800_000_000_000;

type Life = { readonly city: AbciCity; readonly folder: DataFolder; readonly send: (count?: number) => Bytes[] };

/** A city that has begun; `send` makes signed transactions that create accounts. */
async function withCity(use: (life: Life) => Promise<void>, isLawful = true): Promise<void> {
  await inTemporaryFolder(async (path) => {
    const folder = await foundTestCity(path, NOW_MS);
    const city = new AbciCity(folder, NOW_MS + 1_000);
    await city.start();
    await use({ city, folder, send: (count = 1) => transactionsOf(folder, city, count) });
    assert.equal(checkRecording(city.calls) === null, isLawful);
    await city.stop();
    folder.release();
  });
}

function transactionsOf(folder: DataFolder, city: AbciCity, count: number): Bytes[] {
  const client = { genesisHash: folder.genesisHash, head: () => city.store.head! };
  return Array.from({ length: count }, () =>
    envelopeOf(client, operatorOf(folder), [freshAccount().action], city.clockMs + 300_000),
  );
}

/** With another last byte of its signature; a zero would be the same one in sixteen times. */
function spoiled(envelope: Bytes): Bytes {
  return envelope.with(-1, (envelope.at(-1) as number) ^ 1);
}

describe('city behind ABCI', () => {
  test('genesis: the answer of InitChain, and of Info after it, is the app hash of block 0', () =>
    withCity(async ({ city }) => {
      const { lastBlockAppHash, lastBlockHeight } = await city.abci.info(RequestInfo.fromPartial({}));
      assert.equal(lastBlockHeight, 0n);
      assert.equal(toHex(lastBlockAppHash), toHex(city.store.head!.appHash));
      assert.equal(city.committed[0]?.block.height, 0);
    }));

  test('asked again after a crash before the first block, InitChain answers the same', () =>
    inTemporaryFolder(async (path) => {
      const folder = await foundTestCity(path, NOW_MS);
      const answers: string[] = [];
      for (const life of [1, 2]) {
        const city = new AbciCity(folder, NOW_MS + life);
        answers.push(toHex((await city.start()).appHash));
        await city.stop();
      }
      assert.equal(answers[0], answers[1]);
      folder.release();
    }));

  test('the chain of another city is refused with what differs', () =>
    inTemporaryFolder(async (path) => {
      const folder = await foundTestCity(path, NOW_MS);
      for (const parts of [{ chainId: 'ab'.repeat(20) }, { initialHeight: 7n }]) {
        const city = new AbciCity(folder, NOW_MS);
        await assert.rejects(city.start(parts), { code: 'CHAIN_FOREIGN' });
        assert.equal(city.store.head, null);
        await city.stop();
      }
      folder.release();
    }));

  test('a block: checked, proposed, processed, executed, durable at Commit and not before', () =>
    withCity(async ({ city, send }) => {
      const [good, other, refused] = [...send(2), spoiled(send()[0]!)] as [Bytes, Bytes, Bytes];
      assert.deepEqual(await Promise.all([good, other, refused].map((each) => city.check(each))), [
        'OK',
        'OK',
        'SIGNATURE_INVALID',
      ]);
      const proposal = await city.propose([good, other, refused]);
      assert.equal(await city.process(proposal), 1);
      const before = toHex(city.store.head!.appHash);
      const { txResults, appHash } = await city.finalize(proposal);
      assert.deepEqual(
        txResults.map(({ code, log }) => [code, log]),
        [
          [0, ''],
          [0, ''],
          [2, 'SIGNATURE_INVALID'],
        ],
      );
      assert.equal(toHex(city.store.head!.appHash), before);
      // Between FinalizeBlock and Commit the mempool and readers still see the committed state.
      assert.equal(await city.check(good), 'OK');
      assert.equal((await city.abci.info(RequestInfo.fromPartial({}))).lastBlockHeight, 0n);
      await city.abci.commit({});
      assert.equal(toHex(city.store.head!.appHash), toHex(appHash));
      assert.equal(await city.check(good), 'REPLAYED');
    }));

  test('what a contract refuses has a leaf and code 1', () =>
    withCity(async ({ city, folder, send }) => {
      const [first] = send() as [Bytes];
      const client = { genesisHash: folder.genesisHash, head: () => city.store.head! };
      const { action } = freshAccount();
      const twice = [0, 1].map(() => envelopeOf(client, operatorOf(folder), [action], city.clockMs + 300_000));
      const { txResults } = await city.block([first, ...twice]);
      assert.deepEqual(
        txResults.map(({ code, log }) => [code, log]),
        [
          [0, ''],
          [0, ''],
          [1, 'ACCOUNT_EXISTS'],
        ],
      );
      assert.equal(city.committed.at(-1)?.leaves.length, 4);
    }));

  test('a crash between FinalizeBlock and Commit leaves the state before, and the same block gives the same app hash', () =>
    inTemporaryFolder(async (path) => {
      const folder = await foundTestCity(path, NOW_MS);
      const first = new AbciCity(folder, NOW_MS + 1_000);
      await first.start();
      await first.block(transactionsOf(folder, first, 3));
      const transactions = transactionsOf(folder, first, 5);
      const lost = await first.finalize(transactions);
      await first.stop();
      const second = new AbciCity(folder, NOW_MS + 9_000);
      const { lastBlockHeight } = await second.abci.info(RequestInfo.fromPartial({}));
      assert.equal(lastBlockHeight, 1n);
      const again = await second.block(transactions, NOW_MS + 1_000);
      assert.equal(toHex(again.appHash), toHex(lost.appHash));
      assert.deepEqual(again, lost);
      assert.equal(checkRecording(first.calls), null);
      assert.equal(checkRecording(second.calls), null);
      await second.stop();
      folder.release();
    }));

  test('a block in which nothing happened leaves the app hash, and so does one of refusals', () =>
    withCity(async ({ city, send }) => {
      const { appHash } = await city.block(send());
      assert.equal(toHex((await city.block([])).appHash), toHex(appHash));
      assert.equal(toHex((await city.block([freshBytes(100)])).appHash), toHex(appHash));
      assert.equal(city.store.head!.height, 3);
    }));

  test('time rises by a millisecond at least, whatever an engine says', () =>
    withCity(async ({ city, send }) => {
      await city.block(send(), NOW_MS + 5_000);
      await city.block(send(), NOW_MS + 5_000);
      await city.block(send(), NOW_MS - 60_000);
      assert.deepEqual(
        city.committed.map(({ block }) => block.timeMs - NOW_MS),
        [0, 5_000, 5_001, 5_002],
      );
    }));

  test('several rounds: the last proposal counts, whatever was processed before', () =>
    withCity(async ({ city, send }) => {
      const [one, two, three] = [send(3), send(2), send(1)];
      for (const proposal of [one, two, three, two]) {
        await city.propose(proposal);
        assert.equal(await city.process(proposal), 1);
        await city.abci.extendVote(RequestExtendVote.fromPartial({ height: 1n }));
        await city.abci.verifyVoteExtension(RequestVerifyVoteExtension.fromPartial({ height: 1n }));
      }
      const { txResults } = await city.block(two);
      assert.deepEqual(
        txResults.map(({ code }) => code),
        [0, 0],
      );
    }));

  test('the same transaction twice in a block is executed once', () =>
    withCity(async ({ city, send }) => {
      const [one] = send() as [Bytes];
      const { txResults } = await city.block([one, one]);
      assert.deepEqual(
        txResults.map(({ log }) => log),
        ['', 'REPLAYED'],
      );
    }));
});

describe('parcels', () => {
  test('each envelope is checked and executed for itself; the worst is the result of the whole', () =>
    withCity(async ({ city, send }) => {
      const [good, other, alone] = send(3) as [Bytes, Bytes, Bytes];
      const broken = spoiled(send()[0]!);
      const mixed = encodeParcel([good, broken, other, good]);
      const rubbish = encodeParcel([broken, freshBytes(9)]);
      assert.deepEqual([await city.check(mixed), await city.check(rubbish)], ['OK', 'SIGNATURE_INVALID']);
      const { txResults } = await city.block([mixed, alone, rubbish]);
      assert.deepEqual(
        txResults.map(({ code, log }) => [code, log]),
        [
          [2, 'SIGNATURE_INVALID'],
          [0, ''],
          [2, 'SIGNATURE_INVALID'],
        ],
      );
      const { envelopes, leaves, refused } = city.committed.at(-1)!;
      assert.deepEqual(envelopes.slice(0, 5), [good, broken, other, good, alone]);
      assert.equal(leaves.length, 4);
      assert.deepEqual(refused.map(({ refusal }) => refusal.code).slice(0, 3), [
        'SIGNATURE_INVALID',
        'REPLAYED',
        'SIGNATURE_INVALID',
      ]);
      assert.equal(await city.check(mixed), 'REPLAYED');
    }));

  test('together or alone, checked before or not: the same app hash', () =>
    inTemporaryFolder(async (path) => {
      const folder = await foundTestCity(path, NOW_MS);
      const hashes: string[] = [];
      let envelopes: Bytes[] = [];
      for (const isChecked of [false, true]) {
        for (const pack of [(each: Bytes[]) => [encodeParcel(each)], (each: Bytes[]) => each]) {
          const city = new AbciCity(folder, NOW_MS + 1_000);
          await city.start();
          if (envelopes.length === 0) envelopes = transactionsOf(folder, city, 20);
          const transactions = pack(envelopes);
          if (isChecked) for (const transaction of transactions) assert.equal(await city.check(transaction), 'OK');
          hashes.push(toHex((await city.finalize(transactions)).appHash));
          await city.stop();
        }
      }
      assert.equal(new Set(hashes).size, 1);
      folder.release();
    }));

  test('a block has a thousand envelopes at most, and one transaction at least', () =>
    withCity(async ({ city }) => {
      const waiting = Array.from({ length: 9 }, (_, i) =>
        encodeParcel(Array.from({ length: 120 }, (_, j) => Uint8Array.of(i, j))),
      );
      assert.deepEqual(await city.propose(waiting), waiting.slice(0, 8));
    }));

  test('a proposal of thousands of envelopes in a few bytes is refused before any of them is looked at', () =>
    withCity(async ({ city, send }) => {
      const [good] = send() as [Bytes];
      const crowd = Array.from({ length: 9 }, () => encodeParcel(Array.from({ length: 120 }, () => new Uint8Array(0))));
      const heavy = encodeParcel([good, new Uint8Array(0)]);
      assert.equal(await city.process([...crowd.slice(0, 8), heavy]), 1);
      assert.equal(await city.process(crowd), 2);
      assert.equal(await city.process([...crowd, heavy]), 2);
      // The city goes on with the next proposal.
      assert.equal(await city.process([good]), 1);
      await city.block([good]);
      assert.equal(await city.check(good), 'REPLAYED');
    }));

  test('a parcel with an envelope above the limit is refused as the envelope is', () =>
    withCity(async ({ city, send }) => {
      assert.equal(await city.process([encodeParcel([...send(), new Uint8Array(262_145)])]), 2);
    }));
});

describe('proposals', () => {
  test('after idle time the first block carries no transactions, for its time is old; the next does', () =>
    withCity(async ({ city, send }) => {
      // A process that has just started knows only what the clock says.
      city.clockMs = NOW_MS + 900_000;
      const waiting = send(2);
      assert.deepEqual(await city.propose(waiting, NOW_MS + 1_000), []);
      await city.block([], NOW_MS + 1_000);
      // A clock that is wrong by an hour changes nothing from here on.
      city.clockMs = NOW_MS + 4_500_000;
      assert.equal((await city.propose(waiting, NOW_MS + 900_000)).length, 2);
    }));

  test('what does not fit waits for another block', () =>
    withCity(async ({ city, send }) => {
      const waiting = send(3);
      const [first, second] = waiting as [Bytes, Bytes];
      assert.equal((await city.propose(waiting, city.clockMs, first.length + second.length)).length, 2);
    }));

  test('a block has a thousand transactions at most, the first ones', () =>
    withCity(async ({ city }) => {
      const waiting = Array.from({ length: 1_001 }, (_, i) => Uint8Array.of(i >> 8, i));
      assert.deepEqual(await city.propose(waiting), waiting.slice(0, 1_000));
    }));

  test('a block with a transaction above the limit, or of another height, is refused', () =>
    withCity(async ({ city }) => {
      assert.equal(await city.process([new Uint8Array(262_145)]), 2);
      assert.equal(await city.process([], city.clockMs, 5n), 2);
      assert.equal(await city.process([freshBytes(10)]), 1, 'rubbish costs its sender nothing and does no harm');
    }, false));
});

describe('other calls', () => {
  test('a vote extension that is not empty is refused', () =>
    withCity(async ({ city }) => {
      const statusOf = async (size: number): Promise<number> => {
        const parts = { height: 1n, voteExtension: new Uint8Array(size) };
        return (await city.abci.verifyVoteExtension(RequestVerifyVoteExtension.fromPartial(parts))).status;
      };
      assert.deepEqual([await statusOf(0), await statusOf(1)], [1, 2]);
    }));

  test('a query reads the committed state, and changes nothing', () =>
    withCity(async ({ city }) => {
      const [record] = [...city.store.state.scan(new Uint8Array(0), new Uint8Array(64).fill(255))];
      const ask = (path: string, data: Bytes) => city.abci.query(RequestQuery.fromPartial({ path, data }));
      assert.deepEqual((await ask('state', record!.key)).value, record!.value);
      assert.equal((await ask('state', freshBytes(34))).log, 'absent');
      assert.equal((await ask('elsewhere', record!.key)).log, 'PATH_UNKNOWN');
    }));

  test('many transactions at once, some broken: each is answered for itself', () =>
    withCity(async ({ city, send }) => {
      const envelopes = send(100).map((envelope, i) => (i % 7 === 3 ? envelope.with(-1, (envelope.at(-1) ?? 0) ^ 1) : envelope));
      const codes = await Promise.all(envelopes.map((envelope) => city.check(envelope)));
      for (const [i, code] of codes.entries()) assert.equal(code, i % 7 === 3 ? 'SIGNATURE_INVALID' : 'OK');
      const recheck = await city.abci.checkTx(RequestCheckTx.fromPartial({ tx: envelopes[0]!, type: 1 }));
      assert.equal(recheck.code, 0);
    }));
});
