import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ExecTxResult,
  RequestCheckTx,
  RequestFinalizeBlock,
  RequestPrepareProposal,
  RequestProcessProposal,
  ResponseCheckTx,
  ResponseFinalizeBlock,
  ResponsePrepareProposal,
} from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';
import { blockAnswer, checkTxAnswer, parseCheckTx, proposal, withTxs } from './hot-codecs.ts';

const bytes = (maxLength = 200) => fc.uint8Array({ maxLength });
/** The generated codec writes numbers from 2^31 to 2^32 − 1 wrongly (cosmjs-types 0.11), and reads them well: CometBFT may send them. */
const isWritten = (value: bigint): boolean => value < 2n ** 31n || value >= 2n ** 32n;
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter(isWritten);
const time = fc.record({ seconds: fc.bigInt({ min: 0n, max: 2n ** 40n }).filter(isWritten), nanos: fc.nat(999_999_999) });

/** Requests of blocks and proposals: their codec, ours beside it, and some of them. */
const LISTS = [
  ['prepareProposal', RequestPrepareProposal, withTxs(2, RequestPrepareProposal)],
  ['processProposal', RequestProcessProposal, withTxs(1, RequestProcessProposal)],
  ['finalizeBlock', RequestFinalizeBlock, withTxs(1, RequestFinalizeBlock)],
] as const;

const parts = fc.record({
  txs: fc.array(bytes(300), { maxLength: 12 }),
  height: int64,
  hash: bytes(32),
  maxTxBytes: int64,
  time,
  proposerAddress: bytes(20),
  proposedLastCommit: fc.record({ round: fc.nat(9) }),
  misbehavior: fc.array(fc.record({ type: fc.constantFrom(0, 1, 2), height: int64, totalVotingPower: int64 }), { maxLength: 3 }),
});

/** What a codec makes of bytes: a value, or that it refuses. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return 'refused';
  }
}

type AnyCodec = {
  fromPartial(parts: object): never;
  encode(message: never): { finish(): Uint8Array };
  decode(body: Uint8Array): unknown;
};

describe('codecs of our own read what the generated ones read', () => {
  test('CheckTx', () =>
    fc.assert(
      fc.property(bytes(), fc.constantFrom(0, 1), (tx, type) => {
        const body = RequestCheckTx.encode({ tx, type }).finish();
        assert.deepEqual(parseCheckTx(body), { tx: new Uint8Array(tx), type });
        assert.deepEqual(parseCheckTx(body), RequestCheckTx.decode(body));
      }),
    ));

  for (const [name, generated, ours] of LISTS)
    test(name, () =>
      fc.assert(
        fc.property(parts, (message) => {
          const { fromPartial, encode } = generated as unknown as AnyCodec;
          const body = encode(fromPartial(message)).finish();
          assert.deepEqual(ours.decode(body), generated.decode(body));
          assert.deepEqual(
            ours.decode(body).txs.map((tx) => [...tx]),
            message.txs.map((tx) => [...tx]),
          );
        }),
      ),
    );

  test('fields in another order, twice, unknown: the same', () =>
    fc.assert(
      fc.property(parts, parts, bytes(8), (first, second, unknown) => {
        for (const [, generated, ours] of LISTS) {
          const { fromPartial, encode } = generated as unknown as AnyCodec;
          const [a, b] = [first, second].map((message) => encode(fromPartial(message)).finish()) as [Uint8Array, Uint8Array];
          const body = Uint8Array.of(...b, 0xfa, 0x07, unknown.length, ...unknown, ...a);
          assert.deepEqual(ours.decode(body), generated.decode(body));
        }
      }),
    ));

  test('a field under a wire type that is not its own: the same', () => {
    for (const [, generated, ours] of LISTS)
      for (let field = 1; field <= 9; field++)
        for (const wireType of [0, 1, 2, 5]) {
          const body = Uint8Array.of(field * 8 + wireType, 8, 0x0a, 2, 7, 7, 0x12, 2, 8, 8);
          assert.deepEqual(
            outcome(() => ours.decode(body)),
            outcome(() => generated.decode(body)),
          );
        }
  });

  test('a message within that ends in the midst of a field: the same', () => {
    // 80 bytes of a field that is not known, whichever of them is read as its first tag.
    const unknown = [0x50, 0, 0x50, 0x80, 1, ...Array.from({ length: 76 }, (_, i) => (i % 2 === 0 ? 0x50 : 0))];
    for (const [, generated, ours] of LISTS)
      for (const [tx, commit] of [
        [0x0a, 0x12],
        [0x12, 0x1a],
      ] as const) {
        const body = Uint8Array.of(tx, 1, 5, commit, 1, 0x08, tx, ...unknown);
        assert.deepEqual(
          outcome(() => ours.decode(body)),
          outcome(() => generated.decode(body)),
        );
      }
  });

  test('any bytes: the same value, or both refuse', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          bytes(60),
          parts.map(({ txs }) => cutOff(txs)),
        ),
        (body) => {
          assert.deepEqual(
            outcome(() => parseCheckTx(body)),
            outcome(() => RequestCheckTx.decode(body)),
          );
          for (const [, generated, ours] of LISTS)
            assert.deepEqual(
              outcome(() => ours.decode(body)),
              outcome(() => generated.decode(body)),
            );
        },
      ),
      { numRuns: 2_000 },
    ));

  test('a transaction is a view of the message: whoever keeps one copies it', () => {
    const body = RequestCheckTx.encode({ tx: Uint8Array.of(1, 2, 3), type: 0 }).finish();
    assert.equal(parseCheckTx(body).tx.buffer, body.buffer);
  });
});

test('of a Buffer, as sockets give them, transactions are plain arrays, whose slice is a copy', () => {
  const txs = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
  const bodies = LISTS.map(([, generated, ours]) => {
    const { fromPartial, encode } = generated as unknown as AnyCodec;
    return ours.decode(Buffer.from(encode(fromPartial({ txs })).finish())).txs;
  });
  const checked = parseCheckTx(Buffer.from(RequestCheckTx.encode({ tx: Uint8Array.of(7), type: 1 }).finish())).tx;
  for (const tx of [...bodies.flat(), checked]) {
    assert.equal(Object.getPrototypeOf(tx), Uint8Array.prototype);
    assert.notEqual(tx.slice().buffer, tx.buffer);
  }
});

/** A block's transactions, the last byte missing. */
function cutOff(txs: Uint8Array[]): Uint8Array {
  return RequestFinalizeBlock.encode(RequestFinalizeBlock.fromPartial({ txs })).finish().slice(0, -1);
}

const result = fc.record({
  code: fc.nat(3),
  data: bytes(20),
  log: fc.string(),
  info: fc.string(),
  gasUsed: int64,
  codespace: fc.string(),
});

describe('codecs of our own write what the generated ones read', () => {
  test('CheckTx, frozen or not', () =>
    fc.assert(
      fc.property(result, (given) => {
        const answer = ResponseCheckTx.fromPartial(given);
        const want = ResponseCheckTx.encode(answer).finish();
        assert.deepEqual(checkTxAnswer.encode(answer).finish(), want);
        const frozen = Object.freeze({ ...answer });
        for (const _ of [1, 2]) assert.deepEqual(checkTxAnswer.encode(frozen).finish(), want);
      }),
    ));

  test('what is not frozen may change between two answers', () => {
    const answer = ResponseCheckTx.fromPartial({ code: 1 });
    checkTxAnswer.encode(answer);
    answer.code = 2;
    assert.equal(ResponseCheckTx.decode(checkTxAnswer.encode(answer).finish()).code, 2);
  });

  test('a proposal', () =>
    fc.assert(
      fc.property(fc.array(bytes(300)), (txs) => {
        assert.deepEqual(proposal.encode({ txs }).finish(), ResponsePrepareProposal.encode({ txs }).finish());
      }),
    ));

  test('a block with results, some of them shared', () =>
    fc.assert(
      fc.property(fc.array(result, { maxLength: 8 }), bytes(32), int64, (results, appHash, power) => {
        const shared = Object.freeze(ExecTxResult.fromPartial({ codespace: 'test' }));
        const txResults = results.flatMap((each) => [ExecTxResult.fromPartial(each), shared]);
        const validatorUpdates = [{ pubKey: { ed25519: appHash }, power }];
        const answer = ResponseFinalizeBlock.fromPartial({ txResults, appHash, validatorUpdates });
        assert.deepEqual(ResponseFinalizeBlock.decode(blockAnswer.encode(answer).finish()), answer);
      }),
    ));
});
