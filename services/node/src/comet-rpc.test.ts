import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CometRpc } from './comet-rpc.ts';
import { PARCEL_COUNT_MAX, PARCEL_SIZE_MAX, parseParcel } from './parcel.ts';

type Call = { readonly id: number; readonly method: string; readonly params: { readonly tx: string } };

/** Stands where CometBFT does; `answer` makes the body of each answer. */
async function withServer(
  answer: (calls: readonly Call[]) => string,
  use: (rpc: CometRpc, asked: Call[][]) => Promise<void>,
  options: ConstructorParameters<typeof CometRpc>[1] = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-rpc-'));
  const asked: Call[][] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    const calls = JSON.parse(body) as Call[];
    asked.push(calls);
    response.end(answer(calls));
  });
  const path = join(folder, 'rpc.sock');
  await once(server.listen(path), 'listening');
  const rpc = new CometRpc(`unix://${path}`, options);
  try {
    await use(rpc, asked);
  } finally {
    rpc.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const taken = ({ id }: Call) => ({ jsonrpc: '2.0', id, result: { code: 0 } });
const unbracketed = (answers: readonly object[]): string => JSON.stringify(answers.length === 1 ? answers[0] : answers);
const transaction = (number: number, size = 3): Uint8Array => new Uint8Array(size).fill(number);

const transactionOf = ({ params }: Call): Uint8Array => new Uint8Array(Buffer.from(params.tx, 'base64'));
const envelopesOf = (asked: readonly Call[][]): Uint8Array[] => asked.flat().flatMap((call) => parseParcel(transactionOf(call)));
const nameOf = (envelope: Uint8Array): string => `${envelope[0]} ${envelope.length}`;

describe('transactions for CometBFT', () => {
  test('what is given at once goes in one request and one parcel, and each has its answer', () =>
    withServer(
      (calls) => unbracketed(calls.map(taken)),
      async (rpc, asked) => {
        const given = [1, 2, 3].map((number) => transaction(number));
        assert.deepEqual(await Promise.all(given.map((each) => rpc.broadcast(each))), [null, null, null]);
        assert.deepEqual(
          asked.map((calls) => calls.map(({ method }) => method)),
          [['broadcast_tx_async']],
        );
        assert.deepEqual(envelopesOf(asked), given);
        // One alone is answered without brackets, and goes as it is.
        assert.equal(await rpc.broadcast(transaction(4)), null);
        assert.equal(asked[1]?.[0]?.params.tx, Buffer.from(transaction(4)).toString('base64'));
      },
    ));

  test('for an application that knows no parcels each is a transaction as it is, in one request', () =>
    withServer(
      (calls) => unbracketed(calls.map(taken)),
      async (rpc, asked) => {
        const given = [1, 2, 3].map((number) => transaction(number));
        assert.deepEqual(await Promise.all(given.map((each) => rpc.broadcast(each))), [null, null, null]);
        assert.deepEqual(
          asked.map((calls) => calls.map(transactionOf)),
          [given],
        );
      },
      { parcelCountMax: 1 },
    ));

  test('who is in a parcel that the mempool does not take hears why, the others do not', () =>
    withServer(
      (calls) => {
        const refused = { code: -32603, message: 'Internal error', data: 'tx already exists in cache' };
        const answers = calls.map((call) => (call.id === 1 ? { jsonrpc: '2.0', id: call.id, error: refused } : taken(call)));
        return unbracketed(answers.reverse());
      },
      async (rpc) => {
        const given = Array.from({ length: PARCEL_COUNT_MAX + 2 }, () => rpc.broadcast(transaction(1)));
        const answers = await Promise.all(given);
        assert.ok(answers.slice(0, PARCEL_COUNT_MAX).every((answer) => answer === null));
        const refused = { error: 'Internal error tx already exists in cache' };
        assert.deepEqual(answers.slice(PARCEL_COUNT_MAX), [refused, refused]);
      },
    ));

  test('many, and large ones, take several requests and parcels, each of which CometBFT accepts', () =>
    withServer(
      (calls) => unbracketed(calls.map(taken)),
      async (rpc, asked) => {
        const given = [
          ...Array.from({ length: 1_300 }, (_, i) => transaction(i % 256)),
          ...Array.from({ length: 5 }, () => transaction(8, 262_144)),
          ...Array.from({ length: 5 }, () => transaction(9, 30_000)),
        ];
        const answers = await Promise.all(given.map((each) => rpc.broadcast(each)));
        assert.ok(answers.every((answer) => answer === null));
        // Two requests are under way at once: which one is read first is nobody's promise.
        assert.deepEqual(envelopesOf(asked).map(nameOf).sort(), given.map(nameOf).sort());
        assert.ok(asked.every((calls) => JSON.stringify(calls).length < 1_000_000));
        const parcels = asked.flat().map(transactionOf);
        assert.ok(parcels.every((each) => each.length < PARCEL_SIZE_MAX + 1_000 || parseParcel(each).length === 1));
      },
    ));

  for (const [what, body] of [
    ['no JSON', '<html>'],
    ['an answer to another question', '{"jsonrpc":"2.0","id":99,"result":{}}'],
    ['too much', `"${'x'.repeat(5 * 2 ** 20)}"`],
  ] as const)
    test(`${what} is as if nobody were there`, () =>
      withServer(
        () => body,
        async (rpc) => {
          await assert.rejects(rpc.broadcast(transaction(1)), { code: 'ENGINE_AWAY' });
          await assert.rejects(rpc.broadcast(transaction(1)), { code: 'ENGINE_AWAY' });
        },
      ));

  test('nobody there', async () => {
    const rpc = new CometRpc(`unix://${join(tmpdir(), 'oppidum-nobody.sock')}`);
    await assert.rejects(rpc.broadcast(transaction(1)), { code: 'ENGINE_AWAY' });
    rpc.close();
  });
});
