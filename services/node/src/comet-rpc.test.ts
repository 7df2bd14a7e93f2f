import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CometRpc } from './comet-rpc.ts';

type Call = { readonly id: number; readonly method: string; readonly params: { readonly tx: string } };

/** Stands where CometBFT does; `answer` makes the body of each answer. */
async function withServer(
  answer: (calls: readonly Call[]) => string,
  use: (rpc: CometRpc, asked: Call[][]) => Promise<void>,
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
  const rpc = new CometRpc(`unix://${path}`);
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

describe('transactions for CometBFT', () => {
  test('what is given at once goes in one request, and each has its answer', () =>
    withServer(
      (calls) => {
        const answers = calls.map((call) =>
          call.params.tx === Buffer.from(transaction(2)).toString('base64')
            ? {
                jsonrpc: '2.0',
                id: call.id,
                error: { code: -32603, message: 'Internal error', data: 'tx already exists in cache' },
              }
            : taken(call),
        );
        return unbracketed(answers.reverse());
      },
      async (rpc, asked) => {
        const answers = await Promise.all([1, 2, 3].map((number) => rpc.broadcast(transaction(number))));
        assert.deepEqual(answers, [null, { error: 'Internal error tx already exists in cache' }, null]);
        assert.deepEqual(
          asked.map((calls) => calls.map(({ method }) => method)),
          [['broadcast_tx_async', 'broadcast_tx_async', 'broadcast_tx_async']],
        );
        // One alone is answered without brackets.
        assert.equal(await rpc.broadcast(transaction(4)), null);
      },
    ));

  test('many, and large ones, take several requests, each of which CometBFT accepts', () =>
    withServer(
      (calls) => unbracketed(calls.map(taken)),
      async (rpc, asked) => {
        const given = [
          ...Array.from({ length: 1_300 }, () => transaction(7)),
          ...Array.from({ length: 5 }, () => transaction(8, 262_144)),
        ];
        const answers = await Promise.all(given.map((each) => rpc.broadcast(each)));
        assert.ok(answers.every((answer) => answer === null));
        assert.equal(asked.flat().length, given.length);
        assert.ok(asked.every((calls) => JSON.stringify(calls).length < 1_000_000));
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
