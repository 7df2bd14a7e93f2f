import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { MqttGate } from './mqtt-gate.ts';

test('who is disconnected and reads nothing is waited for only so long', { timeout: 60_000 }, async (t) => {
  const server = createServer();
  const arrived = once(server, 'connection') as Promise<[Socket]>;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => undefined);
  t.after(() => {
    client.destroy();
    server.close();
  });
  const [socket] = await arrived;
  const nothing = (): void => undefined;
  const sizes = { packetSizeMax: 1_024, connectSizeMax: 1_024 };
  const gate = new MqttGate(socket, {
    ...{ ...sizes, peerKey: null, address: '127.0.0.1', farewellMs: 50, onOpen: nothing, onRefused: nothing },
  });
  gate.open();
  // More than the kernel takes for somebody who does not read.
  gate.write(Buffer.alloc(64 * 1_024 * 1_024));
  await new Promise((resolve) => setImmediate(resolve));
  const closed = once(socket, 'close');
  gate.destroy();
  await closed;
  assert.ok(socket.destroyed && socket.bytesWritten > 0);
});
