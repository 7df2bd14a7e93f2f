import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import { FormatError, formatError } from '@oppidum/formats/errors';
import fc from 'fast-check';
import { Channel, type ChannelOptions, parseCode, parseDetails } from './channel.ts';

const scratch = mkdtempSync(join(tmpdir(), 'oppidum-channel-'));
const path = join(scratch, 'channel.sock');
let server: Server;
let accept: (socket: Socket) => void = () => undefined;

before(async () => {
  server = createServer((socket) => accept(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
});
after(() => {
  server.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Both ends of a new connection. */
async function connected(): Promise<readonly [Socket, Socket]> {
  const accepted = new Promise<Socket>((resolve) => {
    accept = resolve;
  });
  const socket = connect(path);
  return [socket, await accepted];
}

type End = { readonly channel: Channel; readonly notices: CborValue[]; readonly ended: Promise<Error | null> };

function endOf(socket: Socket, answer: ChannelOptions['answer'] = () => null): End {
  const notices: CborValue[] = [];
  const { promise, resolve } = Promise.withResolvers<Error | null>();
  const onNotice = (name: string, body: CborValue): number => notices.push([name, body]);
  return { notices, ended: promise, channel: new Channel({ socket, answer, onNotice, onEnd: resolve, endCode: 'NOT_READY' }) };
}

describe('a channel', () => {
  test('carries calls both ways, answers in any order, refusals with their facts', async () => {
    const [a, b] = await connected();
    const waiting: (() => void)[] = [];
    const near = endOf(a, (_name, body) => [body, 'from near']);
    const far = endOf(b, async (name, body) => {
      if (name === 'refuse') throw formatError('ANCHOR_NOT_NEWER', { size: 3, share: 0.5, why: 'older', isOld: true });
      if (name === 'slow') await new Promise<void>((resolve) => waiting.push(resolve));
      return body;
    });
    const slow = near.channel.call('slow', 1);
    assert.equal(await near.channel.call('quick', 2), 2);
    for (const resolve of waiting) resolve();
    assert.equal(await slow, 1);
    assert.deepEqual(await far.channel.call('ask', 'x'), ['x', 'from near']);
    const refusal = await near.channel.call('refuse', null).catch((error: FormatError) => error);
    assert.ok(refusal instanceof FormatError);
    assert.deepEqual([refusal.code, refusal.details], ['ANCHOR_NOT_NEWER', { size: 3, share: '0.5', why: 'older', isOld: true }]);
    near.channel.close();
    assert.equal(await far.ended, null);
  });

  test('what has no answer when it ends is refused; a fault of the answering end ends it', async () => {
    const [a, b] = await connected();
    const near = endOf(a);
    const far = endOf(b, () => {
      throw new Error('broken inside');
    });
    await assert.rejects(near.channel.call('anything', null), { code: 'NOT_READY' });
    assert.match((await far.ended)?.message ?? '', /broken inside/);
    await near.ended;
    await assert.rejects(near.channel.call('more', null), { code: 'NOT_READY' });
    near.channel.notify('more', null);
    await near.channel.drained();
  });

  test('frames may come in any pieces', async () => {
    const body = fc.oneof(fc.nat(), fc.string({ maxLength: 40 }), fc.uint8Array({ maxLength: 300 }));
    await fc.assert(
      fc.asyncProperty(fc.array(body, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 60 })), async (bodies, cuts) => {
        const [a, b] = await connected();
        const { notices, ended } = endOf(b);
        const bytes = Buffer.concat(
          bodies.flatMap((value) => {
            const frame = encodeCbor([3, 'news', value]);
            const header = Buffer.alloc(4);
            header.writeUInt32BE(frame.length);
            return [header, frame];
          }),
        );
        let at = 0;
        for (const cut of cuts) {
          await new Promise((resolve) => a.write(bytes.subarray(at, at + cut), resolve));
          at += cut;
        }
        a.end(bytes.subarray(Math.min(at, bytes.length)));
        assert.equal(await ended, null);
        assert.deepEqual(
          notices,
          bodies.map((value) => ['news', value]),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('more calls than it answers at a time wait their turn', async () => {
    const [a, b] = await connected();
    let [open, most] = [0, 0];
    const near = endOf(a);
    endOf(b, async (_name, body) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      return body;
    });
    const answers = await Promise.all(Array.from({ length: 2_000 }, (_, i) => near.channel.call('echo', i)));
    assert.deepEqual(answers, [...answers.keys()]);
    assert.ok(most < 2_000, `${most} at a time`);
    near.channel.close();
  });

  test('codes and facts that nobody knows are refused', () => {
    for (const value of ['NO_SUCH_CODE', 'toString', 7, null, undefined])
      assert.throws(() => parseCode(value), { code: 'TEXT_INVALID' });
    for (const value of [null, [], 'facts', new Map([['list', []]])])
      assert.throws(() => parseDetails(value as CborValue), { code: 'WRONG_TYPE' });
  });
});
