import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, isIPv4, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { limitNetworks } from '@oppidum/node/network-limit';
import { withDoors } from '../../../../test/support/running-gateway.ts';

/** A connection that comes from there. */
function socketFrom(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
}

test('256 connections of one network; others, this machine, and who comes when one is gone find a place', async () => {
  const server = createServer();
  limitNetworks(server, 256);
  const arrive = (address: string): Socket => {
    const socket = socketFrom(address);
    server.emit('connection', socket);
    return socket;
  };
  const held = Array.from({ length: 256 }, (_, i) => arrive(`2001:db8:0:1::${(i + 1).toString(16)}`));
  assert.ok(held.every(({ destroyed }) => !destroyed));
  assert.ok(arrive('2001:db8:0:1:ffff::1').destroyed, 'of the same /64');
  for (const other of ['2001:db8:0:2::1', '192.0.2.1', '::ffff:192.0.2.2']) assert.ok(!arrive(other).destroyed, other);
  const [first] = held;
  first?.destroy();
  await once(first as Socket, 'close');
  assert.ok(!arrive('2001:db8:0:1::1').destroyed);
  assert.ok(arrive('2001:db8:0:1::1').destroyed);
  for (let i = 0; i < 255; i++) arrive('192.0.2.1');
  assert.ok(arrive('::ffff:192.0.2.1').destroyed, 'the same address, written as IPv6');
  for (let i = 0; i < 300; i++) assert.ok(!arrive(i % 2 === 0 ? '127.0.0.1' : '::1').destroyed);
});

const elsewhere = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ address, internal }) => !internal && isIPv4(address))?.address;
const skip = elsewhere === undefined && 'this machine has no other address than its own';

test('the HTTP door counts so', { skip }, () =>
  withDoors(
    async ({ gateway }) => {
      const { hostname, port } = new URL(gateway.http);
      const open = async (): Promise<Socket> => {
        const socket = connect(Number(port), hostname).on('error', () => undefined);
        await once(socket, 'connect');
        return socket;
      };
      const held: Socket[] = [];
      for (let i = 0; i < 256; i++) held.push(await open());
      const ask = (socket: Socket): Promise<string> =>
        new Promise((resolve) => {
          let answer = '';
          socket.on('data', (part) => {
            answer += part.toString();
          });
          socket.once('close', () => resolve(answer));
          socket.write(`GET /livez HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
        });
      assert.equal(await ask(await open()), '', 'hung up on');
      assert.match(await ask(held[0] as Socket), /^HTTP\/1\.1 /);
      for (const socket of held) socket.destroy();
    },
    { host: elsewhere as string },
  ),
);
