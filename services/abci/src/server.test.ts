import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AbciClient, frameOf } from '../../../test/support/abci-client.ts';
import { kindOf, withAbciServer } from '../../../test/support/abci-served.ts';
import { abciStore } from '../../../test/support/abci-store.ts';
import type { AbciApplication } from './connection.ts';
import { encodeVarint } from './frames.ts';
import { parseAddress } from './server.ts';
import { WireError, type WireErrorCode } from './wire-error.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe('server', () => {
  for (const kind of ['tcp', 'unix'] as const)
    test(`${kind}: a life of a chain, each answer of the type that was asked for`, () =>
      withAbciServer(
        async ({ client }) => {
          const time = { seconds: 1n, nanos: 0 };
          const transactions = [bytesOf('a=1'), bytesOf('nonsense'), bytesOf('b=2')];
          assert.equal((await client.call({ echo: { message: 'hello' } }))?.echo?.message, 'hello');
          const before = await client.call({
            info: { version: '0.38', blockVersion: 11n, p2pVersion: 8n, abciVersion: '2.0.0' },
          });
          assert.equal(before?.info?.lastBlockHeight, 0n);
          const started = await client.call({
            initChain: { time, chainId: 'c', validators: [], appStateBytes: bytesOf('{}'), initialHeight: 1n },
          });
          assert.deepEqual(started?.initChain?.validators, []);
          const checked = await Promise.all([client.call({ checkTx: { tx: transactions[1]!, type: 0 } })]);
          assert.equal(checked[0]?.checkTx?.code, 2);
          const finalized = await client.call({
            finalizeBlock: {
              txs: transactions,
              height: 1n,
              time,
              misbehavior: [],
              hash: bytesOf('h'),
              decidedLastCommit: { round: 0, votes: [] },
              nextValidatorsHash: bytesOf('n'),
              proposerAddress: bytesOf('p'),
            },
          });
          assert.deepEqual(
            finalized?.finalizeBlock?.txResults.map(({ code }) => code),
            [0, 2, 0],
          );
          assert.equal(kindOf(await client.call({ commit: {} })), 'commit');
          const found = await client.call({ query: { data: bytesOf('b'), path: '', height: 0n, prove: false } });
          assert.equal(Buffer.from(found?.query?.value ?? []).toString(), '2');
          assert.equal((await client.call({ listSnapshots: {} }))?.listSnapshots?.snapshots.length, 0);
        },
        {},
        kind,
      ));

  test('answers keep the order of the questions, however long each takes, and a flush waits for all before it', () => {
    const release: (() => void)[] = [];
    const application: AbciApplication = {
      ...abciStore(),
      checkTx: async (request) => {
        await new Promise<void>((resolve) => release.push(resolve));
        return { ...(await abciStore().checkTx(request)), gasWanted: BigInt(request.tx[0] ?? 0) };
      },
    };
    return withAbciServer(
      async ({ client }) => {
        const checks = Array.from({ length: 100 }, (_, i) => ({ checkTx: { tx: Uint8Array.of(i), type: 0 } }));
        client.send(...checks, { flush: {} }, { echo: { message: 'after' } });
        while (release.length < checks.length) await new Promise(setImmediate);
        for (const resolve of release.reverse()) resolve();
        for (const [i] of checks.entries()) assert.equal((await client.next())?.checkTx?.gasWanted, BigInt(i));
        assert.equal(kindOf(await client.next()), 'flush');
        assert.equal((await client.next())?.echo?.message, 'after');
      },
      { application },
    );
  });

  test('who does not read his answers is not read any more, and gets all of them when he reads again', () =>
    withAbciServer(async ({ client }) => {
      const message = 'x'.repeat(100_000);
      client.pause();
      for (let i = 0; i < 300; i++) client.send({ echo: { message: `${i} ${message}` } });
      await new Promise((resolve) => setTimeout(resolve, 50));
      client.resume();
      for (let i = 0; i < 300; i++) assert.equal((await client.next())?.echo?.message.startsWith(`${i} x`), true);
    }));

  test('an engine is gone when its connection of consensus closes; of others nobody is told', async () => {
    let goneCount = 0;
    await withAbciServer(
      async ({ client, address }) => {
        const other = await AbciClient.open(address);
        await other.call({ info: { version: '', blockVersion: 0n, p2pVersion: 0n, abciVersion: '' } });
        await other.call({ checkTx: { tx: bytesOf('a=1'), type: 0 } });
        other.close();
        await client.call({ commit: {} });
        assert.equal(goneCount, 0);
        client.close();
        while (goneCount === 0) await new Promise(setImmediate);
        assert.equal(goneCount, 1);
      },
      { onEngineGone: () => goneCount++ },
    );
  });

  test('four connections do not wait for each other', () => {
    let release = (): void => undefined;
    const application: AbciApplication = {
      ...abciStore(),
      commit: () => new Promise((resolve) => (release = () => resolve({ retainHeight: 0n }))),
    };
    return withAbciServer(
      async ({ client, address }) => {
        const others = await Promise.all(Array.from({ length: 3 }, () => AbciClient.open(address)));
        const committed = client.call({ commit: {} });
        for (const other of others)
          assert.equal(kindOf(await other.call({ checkTx: { tx: bytesOf('a=1'), type: 0 } })), 'checkTx');
        release();
        assert.equal(kindOf(await committed), 'commit');
        for (const other of others) other.close();
      },
      { application },
    );
  });

  test('however a stream is cut, the conversation is the same', () =>
    withAbciServer(async ({ address }) => {
      const stream = Buffer.concat(Array.from({ length: 50 }, (_, i) => frameOf({ echo: { message: 'x'.repeat(i * 7) } })));
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 30 }), async (cuts) => {
          const client = await AbciClient.open(address);
          const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
          for (const [i, start] of places.slice(0, -1).entries()) {
            client.write(stream.subarray(start, places[i + 1]));
            if (i % 3 === 0) await new Promise(setImmediate);
          }
          for (let i = 0; i < 50; i++) assert.equal((await client.next())?.echo?.message.length, i * 7);
          client.close();
        }),
        { numRuns: 20 },
      );
    }));

  test('what the application throws goes out as an exception after the answers before it, and is the last thing said', () => {
    const application: AbciApplication = {
      ...abciStore(),
      commit: () => {
        throw new Error('the disk is full');
      },
    };
    return withAbciServer(
      async ({ client, faults }) => {
        client.send({ echo: { message: 'before' } }, { commit: {} }, { echo: { message: 'never' } });
        assert.equal((await client.next())?.echo?.message, 'before');
        assert.equal((await client.next())?.exception?.error, 'commit: the disk is full');
        assert.equal(await client.next(), null);
        assert.deepEqual(
          faults.map(({ message }) => message),
          ['the disk is full'],
        );
      },
      { application },
    );
  });
});

describe('bad input', () => {
  const table: readonly (readonly [string, Uint8Array, WireErrorCode])[] = [
    ['a giant frame', encodeVarint(2 ** 31), 'FRAME_TOO_LARGE'],
    ['a long second spelling of a length', Uint8Array.of(0x80, 0x00), 'FRAME_MALFORMED'],
    ['an unknown method', Uint8Array.of(3, 0xfa, 0x01, 0x00), 'METHOD_UNKNOWN'],
    ['a method of old', Uint8Array.of(2, 0x22, 0x00), 'METHOD_UNKNOWN'],
    ['an empty request', Uint8Array.of(0), 'MESSAGE_MALFORMED'],
    ['HTTP', bytesOf('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html,application/xhtml+xml\r\n\r\n'), 'METHOD_UNKNOWN'],
  ];
  for (const [what, bytes, code] of table)
    test(`${what} ends its connection with ${code}, and only that one`, () =>
      withAbciServer(
        async ({ client, address, faults }) => {
          const hostile = await AbciClient.open(address);
          hostile.send({ echo: { message: 'first' } });
          hostile.write(bytes);
          assert.equal((await hostile.next())?.echo?.message, 'first');
          assert.match((await hostile.next())?.exception?.error ?? '', new RegExp(`^${code}: `));
          assert.equal(await hostile.next(), null);
          assert.equal((faults[0] as WireError).code, code);
          assert.equal(faults.length, 1);
          assert.equal((await client.call({ echo: { message: 'still here' } }))?.echo?.message, 'still here');
        },
        { frameSizeMax: 1_000 },
      ));

  test('random bytes never bring it down', () =>
    withAbciServer(
      async ({ client, address }) => {
        await fc.assert(
          fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
            const hostile = await AbciClient.open(address);
            hostile.write(bytes);
            await new Promise(setImmediate);
            hostile.close();
            assert.equal((await client.call({ echo: { message: 'on' } }))?.echo?.message, 'on');
          }),
          { numRuns: 60 },
        );
      },
      { frameSizeMax: 1_000 },
    ));

  test('who opens more connections than the limit is closed at once', () =>
    withAbciServer(
      async ({ client, address }) => {
        const second = await AbciClient.open(address);
        const third = await AbciClient.open(address);
        assert.equal(await third.next(), null);
        second.close();
        assert.equal(kindOf(await client.call({ echo: { message: '' } })), 'echo');
      },
      { connectionCountMax: 2 },
    ));

  test('addresses that are none', () => {
    for (const address of [
      '',
      '/tmp/a.sock',
      'unix://',
      'tcp://127.0.0.1',
      'tcp://127.0.0.1:99999',
      'http://127.0.0.1:1',
      'tcp://a b:1x',
    ])
      assert.throws(() => parseAddress(address), { code: 'ADDRESS_INVALID' }, address);
    assert.deepEqual(parseAddress('tcp://[::1]:5'), { host: '::1', port: 5 });
    assert.ok(new WireError('ADDRESS_INVALID', '') instanceof Error);
  });
});
