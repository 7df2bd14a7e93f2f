/** One connection under strain: slow and failing applications, clients that do not read, streams that end or turn into garbage. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Request } from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';
import { AbciClient, frameOf } from '../../../test/support/abci-client.ts';
import { REQUESTS } from '../../../test/support/abci-messages.ts';
import { kindOf, withAbciServer } from '../../../test/support/abci-served.ts';
import { abciStore } from '../../../test/support/abci-store.ts';
import type { AbciApplication } from './connection.ts';
import { METHODS, type Method } from './methods.ts';
import { WireError } from './wire-error.ts';

const SIDE_BY_SIDE: readonly Method[] = ['checkTx', 'query'];
const transaction = (index: number): Partial<Request> => ({ checkTx: { tx: Uint8Array.of(index % 256), type: 0 } });
const echo = (message: string): Partial<Request> => ({ echo: { message } });

/** The test application, each call of which takes some turns; tells of when each begins and ends. */
function slowApplication(turns: () => number, tell: (what: 'begin' | 'end', method: string) => void): AbciApplication {
  const store = abciStore();
  const slow = (method: Exclude<Method, 'echo' | 'flush'>) => async (request: never) => {
    tell('begin', method);
    for (let left = turns(); left > 0; left--) await nextTurn();
    const answer = await store[method](request);
    tell('end', method);
    return answer;
  };
  const names = METHODS.filter((method): method is Exclude<Method, 'echo' | 'flush'> => method !== 'echo' && method !== 'flush');
  return Object.fromEntries(names.map((method) => [method, slow(method)])) as unknown as AbciApplication;
}

describe('order', () => {
  for (const kind of ['tcp', 'unix'] as const)
    test(`${kind}: whatever is asked and however long it takes, answers come in the order of questions, and only CheckTx and Query overlap`, () => {
      let turns: () => number = () => 0;
      let open: string[] = [];
      const overlaps: string[] = [];
      const application = slowApplication(
        () => turns(),
        (what, method) => {
          if (what === 'end') return void open.splice(open.indexOf(method), 1);
          if (open.length > 0 && ![...open, method].every((each) => SIDE_BY_SIDE.includes(each as Method)))
            overlaps.push(`${method} beside ${open.join(' ')}`);
          open.push(method);
        },
      );
      return withAbciServer(
        async ({ address, faults }) => {
          const conversation = fc.array(fc.constantFrom(...METHODS, ...SIDE_BY_SIDE, ...SIDE_BY_SIDE), { maxLength: 40 });
          await fc.assert(
            fc.asyncProperty(conversation, fc.nat(), async (methods, seed) => {
              let state = seed;
              turns = () => {
                state = (state * 48_271 + 11) % 2_147_483_647;
                return state % 4;
              };
              open = [];
              const client = await AbciClient.open(address);
              const requests = methods.map((method) => ({ [method]: fc.sample(REQUESTS[method], { seed, numRuns: 1 })[0] }));
              client.send(...(requests as Partial<Request>[]));
              for (const method of methods) assert.equal(kindOf(await client.next()), method);
              client.close();
            }),
            { numRuns: 40 },
          );
          assert.deepEqual(overlaps, []);
          assert.deepEqual(faults, []);
        },
        { application },
        kind,
      );
    });
});

describe('flush', () => {
  test('is answered at once, whatever another connection waits for', () => {
    const release = Promise.withResolvers<void>();
    const application: AbciApplication = {
      ...abciStore(),
      checkTx: async (request) => {
        await release.promise;
        return abciStore().checkTx(request);
      },
    };
    return withAbciServer(
      async ({ client, address }) => {
        client.send(transaction(1), { flush: {} });
        const other = await AbciClient.open(address);
        assert.equal(kindOf(await other.call({ flush: {} })), 'flush');
        other.close();
        const first = client.next();
        const isEarly = await Promise.race([first.then(() => true), sleep(20, false)]);
        assert.equal(isEarly, false, 'nothing is answered before what it was asked after');
        release.resolve();
        assert.equal(kindOf(await first), 'checkTx');
        assert.equal(kindOf(await client.next()), 'flush');
      },
      { application },
    );
  });

  test('answers that nobody flushes come all the same', () =>
    withAbciServer(async ({ client }) => {
      client.send(echo('one'));
      assert.equal((await client.next())?.echo?.message, 'one');
    }));
});

describe('exceptions', () => {
  const failures: readonly (readonly [string, AbciApplication['checkTx'], RegExp])[] = [
    [
      'thrown',
      () => {
        throw new Error('no disk');
      },
      /^checkTx: no disk$/,
    ],
    ['rejected', () => Promise.reject(new Error('no disk')), /^checkTx: no disk$/],
    ['rejected with no error', () => Promise.reject('a text'), /^checkTx: a text$/],
    ['an answer that is none', () => null as never, /^checkTx: /],
  ];
  for (const [what, checkTx, said] of failures)
    test(`${what}: what was asked before is answered, what comes after is not, and it is told once`, () =>
      withAbciServer(
        async ({ client, address, faults }) => {
          client.send(echo('before'), transaction(1), transaction(2), echo('after'));
          assert.equal((await client.next())?.echo?.message, 'before');
          assert.match((await client.next())?.exception?.error ?? '', said);
          assert.equal(await client.next(), null);
          assert.equal(faults.length, 1);
          const other = await AbciClient.open(address);
          assert.equal(
            kindOf(await other.call({ info: { version: '', blockVersion: 0n, p2pVersion: 0n, abciVersion: '' } })),
            'info',
          );
          other.close();
        },
        { application: { ...abciStore(), checkTx } },
      ));

  test('of one among many that run side by side: those before it are answered in order first', () => {
    const application: AbciApplication = {
      ...abciStore(),
      checkTx: async ({ tx: bytes }) => {
        // The later, the sooner done.
        for (let left = 20 - (bytes[0] ?? 0); left > 0; left--) await nextTurn();
        if (bytes[0] === 7) throw new Error('the seventh');
        return { ...(await abciStore().checkTx({ tx: bytes, type: 0 })), gasWanted: BigInt(bytes[0] ?? 0) };
      },
    };
    return withAbciServer(
      async ({ client, faults }) => {
        client.send(...Array.from({ length: 20 }, (_, i) => transaction(i)));
        for (let i = 0; i < 7; i++) assert.equal((await client.next())?.checkTx?.gasWanted, BigInt(i));
        assert.equal((await client.next())?.exception?.error, 'checkTx: the seventh');
        assert.equal(await client.next(), null);
        assert.equal(faults.length, 1);
      },
      { application },
    );
  });
});

describe('who does not read', () => {
  test('is not served beyond what the sockets hold, and holds up nobody else', () => {
    let served = 0;
    const application: AbciApplication = {
      ...abciStore(),
      query: async (request) => {
        served++;
        return { ...(await abciStore().query(request)), value: new Uint8Array(64 * 1_024) };
      },
    };
    return withAbciServer(
      async ({ client, address, faults }) => {
        const deaf = await AbciClient.open(address);
        deaf.pause();
        const count = 4_000;
        const asked = { query: { data: new Uint8Array(100), path: '', height: 0n, prove: false } };
        deaf.send(...Array.from({ length: count }, () => asked));
        // Until nothing moves any more.
        let before = -1;
        for (let calm = 0; calm < 20; calm = served === before ? calm + 1 : 0) {
          before = served;
          await sleep(10);
        }
        assert.ok(served < count / 2, `${served} of ${count} answers of 64 KiB were made for somebody who reads none`);
        assert.equal((await client.call(echo('others')))?.echo?.message, 'others');
        deaf.close();
        assert.equal((await client.call(echo('afterwards')))?.echo?.message, 'afterwards');
        assert.deepEqual(faults, []);
      },
      { application },
    );
  });

  test('and asks without end is not read any more either', () => {
    const never = new Promise<never>(() => undefined);
    return withAbciServer(
      async ({ client, address }) => {
        const flood = await AbciClient.open(address);
        flood.send({ commit: {} });
        // Nothing of it can be answered before the commit: what the server takes in is bounded.
        const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => frameOf(echo('x'.repeat(1_000)))));
        let isBlocked = false;
        for (let i = 0; i < 64 && !isBlocked; i++) isBlocked = !(await flood.writeAndWait(chunk, 1_000));
        assert.ok(isBlocked, 'the server takes in 64 MB of requests that it cannot answer');
        assert.equal((await client.call(echo('others')))?.echo?.message, 'others');
        flood.close();
      },
      { application: { ...abciStore(), commit: () => never } },
    );
  });
});

describe('streams that end or turn into garbage', () => {
  test('who ends in the middle of a frame is gone, and that is no fault', () =>
    withAbciServer(async ({ client, address, faults }) => {
      const frame = frameOf(echo('x'.repeat(300)));
      for (const size of [1, 2, 3, 100, frame.length - 1]) {
        const cut = await AbciClient.open(address);
        cut.send(echo('whole'));
        cut.write(frame.subarray(0, size));
        assert.equal((await cut.next())?.echo?.message, 'whole');
        cut.close();
      }
      assert.equal((await client.call(echo('on')))?.echo?.message, 'on');
      assert.deepEqual(faults, []);
    }));

  for (const kind of ['tcp', 'unix'] as const)
    test(`${kind}: whole requests are answered whatever follows them; what is no ABCI ends with an exception of a known code`, () =>
      withAbciServer(
        async ({ address, faults }) => {
          const requests = fc.array(fc.constantFrom(...METHODS), { maxLength: 10 });
          const garbage = fc.uint8Array({ minLength: 1, maxLength: 40 });
          await fc.assert(
            fc.asyncProperty(requests, garbage, fc.nat(), async (methods, rubbish, seed) => {
              const client = await AbciClient.open(address);
              const frames = methods.map((method) => frameOf({ [method]: fc.sample(REQUESTS[method], { seed, numRuns: 1 })[0] }));
              const stream = Buffer.concat([...frames, rubbish]);
              const cut = seed % stream.length;
              client.write(stream.subarray(0, cut));
              await nextTurn();
              client.write(stream.subarray(cut));
              for (const method of methods) assert.equal(kindOf(await client.next()), method);
              // Rubbish may be the beginning of a frame, whole frames, or neither: then its connection ends.
              client.end();
              for (let response = await client.next(); response !== null; response = await client.next()) {
                const { exception } = response;
                if (exception !== undefined)
                  assert.match(exception.error, /^(FRAME_MALFORMED|FRAME_TOO_LARGE|METHOD_UNKNOWN|MESSAGE_MALFORMED): /);
              }
            }),
            { numRuns: 60 },
          );
          for (const fault of faults) assert.ok(fault instanceof WireError, String(fault));
        },
        { frameSizeMax: 100_000 },
        kind,
      ));
});
