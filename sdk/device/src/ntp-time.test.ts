import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ntpTime, readNtpAnswer } from './ntp-time.ts';

const ORIGIN = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const UNIX_EPOCH_S = 2_208_988_800;

type Answer = {
  first?: number;
  stratum?: number;
  rootDelayMs?: number;
  dispersionMs?: number;
  receiveMs?: number;
  transmitMs?: number;
};

/** An answer as a server writes it. */
function answer(origin: Uint8Array, nowMs: number, edit: Answer = {}): Buffer {
  const { first = 0x24, stratum = 2, rootDelayMs = 31.25, dispersionMs = 15.625, receiveMs = nowMs, transmitMs = nowMs } = edit;
  const packet = Buffer.alloc(48);
  packet[0] = first;
  packet[1] = stratum;
  packet.writeUInt32BE(Math.round(rootDelayMs * 65.536), 4);
  packet.writeUInt32BE(Math.round(dispersionMs * 65.536), 8);
  packet.write('RATE', 12);
  packet.set(origin, 24);
  for (const [at, timeMs] of [
    [32, receiveMs],
    [40, transmitMs],
  ] as const) {
    packet.writeUInt32BE((Math.floor(timeMs / 1_000) + UNIX_EPOCH_S) % 2 ** 32, at);
    packet.writeUInt32BE(Math.floor(((timeMs % 1_000) / 1_000) * 2 ** 32), at + 4);
  }
  return packet;
}

const T = 1_800_000_000_000;

test('an answer is worth half of its way and what the server says of itself', () => {
  const read = readNtpAnswer(answer(ORIGIN, T), ORIGIN, 40);
  assert.deepEqual(read, { timeMs: T + 20, errorMs: 53 });
  // The server held the question for 30 of the 40 ms.
  assert.deepEqual(readNtpAnswer(answer(ORIGIN, T, { receiveMs: T - 30 }), ORIGIN, 40), { timeMs: T + 5, errorMs: 38 });
  const after2036 = 2_100_000_000_000;
  assert.deepEqual(readNtpAnswer(answer(ORIGIN, after2036), ORIGIN, 0), { timeMs: after2036, errorMs: 33 });
});

for (const [why, edit, want] of [
  ['a client', { first: 0x23 }, 'mode or version'],
  ['version 2', { first: 0x14 }, 'mode or version'],
  ['a kiss of death', { stratum: 0 }, 'kiss of death RATE'],
  ['a clock that was never set', { first: 0xe4 }, 'not synchronised'],
  ['stratum 16', { stratum: 16 }, 'not synchronised'],
  ['a source two seconds away', { dispersionMs: 2_000 }, 'too far from its own source'],
  ['sent before it came', { receiveMs: T + 5 }, 'timestamps out of order'],
  ['held longer than the way took', { receiveMs: T - 500 }, 'timestamps out of order'],
  ['no time at all', { receiveMs: -UNIX_EPOCH_S * 1_000 }, 'no timestamp'],
] as const) {
  test(`refused: ${why}`, () => assert.equal(readNtpAnswer(answer(ORIGIN, T, edit), ORIGIN, 40), want));
}

test('what is no answer to this question is not looked at', () => {
  assert.equal(readNtpAnswer(answer(Uint8Array.of(9, 2, 3, 4, 5, 6, 7, 8), T), ORIGIN, 40), 'other');
  assert.equal(readNtpAnswer(answer(ORIGIN, T).subarray(0, 47), ORIGIN, 40), 'other');
});

async function withServer(
  reply: (socket: Socket, question: Buffer, to: AddressInfo) => void,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const server = createSocket('udp4');
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  server.on('message', (question, { address, port, family }) => reply(server, question, { address, port, family }));
  try {
    await work(server.address().port);
  } finally {
    server.close();
  }
}

test('a server tells the time; answers to other questions before it are passed over', () =>
  withServer(
    (server, question, { port, address }) => {
      assert.deepEqual([question.length, question[0]], [48, 0x23]);
      server.send(answer(ORIGIN, 0), port, address);
      server.send(answer(question.subarray(40), Date.now()), port, address);
    },
    async (port) => {
      const fromMs = Date.now();
      const { timeMs, errorMs } = await ntpTime({ host: '127.0.0.1', port }).ask();
      const toMs = Date.now();
      assert.ok(fromMs <= timeMs + errorMs && timeMs - errorMs <= toMs, `${timeMs} ± ${errorMs} of ${fromMs} to ${toMs}`);
    },
  ));

test('TIME_SOURCE_INVALID for nonsense, TIME_SOURCE_UNREACHABLE for silence and for a name that nobody has', async () => {
  await withServer(
    (server, question, { port, address }) => server.send(answer(question.subarray(40), T, { stratum: 0 }), port, address),
    (port) => assert.rejects(ntpTime({ host: '127.0.0.1', port }).ask(), { code: 'TIME_SOURCE_INVALID' }),
  );
  await withServer(
    () => undefined,
    (port) => assert.rejects(ntpTime({ host: '127.0.0.1', port, timeoutMs: 50 }).ask(), { code: 'TIME_SOURCE_UNREACHABLE' }),
  );
  await assert.rejects(ntpTime({ host: 'time.invalid', timeoutMs: 2_000 }).ask(), { code: 'TIME_SOURCE_UNREACHABLE' });
});
