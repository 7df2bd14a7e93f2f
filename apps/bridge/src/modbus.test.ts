import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { readModbus } from './modbus.ts';

const REGISTER = { table: 'holding', address: 1, type: 'u16', sensor: 'level' } as const;

/** Asks a device for one register that answers with what `answer` makes of the two bytes of the transaction. */
async function ask(answer: (transaction: readonly number[]) => Uint8Array): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', ([high = 0, low = 0]) => socket.write(answer([high, low])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await readModbus({ name: 'pump', host: '127.0.0.1', port, registers: [REGISTER] }, 300);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const bytes = (...all: readonly number[]): Uint8Array => Uint8Array.from(all);

/** Each is the header (transaction, protocol, length, unit) and the body. */
const HOSTILE: readonly (readonly [string, string, (transaction: readonly number[]) => Uint8Array])[] = [
  ['an exception of a code that nobody knows', 'MODBUS_UNREACHABLE', (id) => bytes(...id, 0, 0, 0, 3, 1, 0x83, 200)],
  ['an exception without a code', 'MODBUS_UNREACHABLE', (id) => bytes(...id, 0, 0, 0, 2, 1, 0x83)],
  ['a length of nothing', 'MODBUS_UNREACHABLE', (id) => bytes(...id, 0, 0, 0, 0)],
  ['more bytes counted than sent', 'MODBUS_UNREACHABLE', (id) => bytes(...id, 0, 0, 0, 5, 1, 3, 255, 0, 1)],
  ['another function', 'MODBUS_UNREACHABLE', (id) => bytes(...id, 0, 0, 0, 4, 1, 99, 14, 1)],
  ['another protocol', 'MODBUS_REFUSED', (id) => bytes(...id, 0, 7, 0, 5, 1, 3, 2, 0, 1)],
  ['megabytes', 'MODBUS_UNREACHABLE', () => new Uint8Array(4_000_000)],
];

for (const [what, code, answer] of HOSTILE)
  test(`a device that answers with ${what} ends its own turn and nothing else: ${code}`, () =>
    assert.rejects(ask(answer), (error: { readonly code?: string }) => error.code === code));

test('what it measures is taken', async () => {
  assert.deepEqual(await ask((id) => bytes(...id, 0, 0, 0, 5, 1, 3, 2, 0, 7)), [{ sensor: 'level', value: 7 }]);
});
