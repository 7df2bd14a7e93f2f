/**
 * The process of the clients for the bench `connections`: one socket each, with a token and readings made before the first connects. Told
 * by its parent where and as whom; says when all are connected, sends a reading of each every interval, and reports when it is stopped.
 */

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodePack } from '@oppidum/device/reading-pack';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { signToken } from '../support/tokens.ts';
import { MQTT, mqttPacket, mqttText, readPackets, uint16 } from './mqtt-packets.ts';

export type ClientsRequest = {
  readonly address: string;
  readonly audience: Bytes;
  readonly seeds: readonly Bytes[];
  readonly intervalMs: number;
  /** Readings of each client that are signed before. */
  readonly roundCount: number;
};

export type ClientsReport = { readonly sent: number; readonly receipted: number; readonly lost: number };

/** Clients that are let in at once; as many as come back together without a back-off would be more. */
const TOGETHER = 64;
/** Longer than the interval: a message is sign of life enough (MQTT 3.1.1 §3.1.2.10). */
const KEEP_ALIVE_S = 90;
/** For what is under way when the end comes. */
const DRAIN_MS = 3_000;

type Client = {
  readonly device: string;
  readonly token: Bytes;
  readonly topic: string;
  readonly packets: readonly Buffer[];
  socket: Socket | null;
};

const tally = { sent: 0, receipted: 0, lost: 0 };
let isStopping = false;

function makeClient({ audience, roundCount }: ClientsRequest, seed: Bytes): Client {
  const signer = ed25519Signer(seed);
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  const device = toHex(id);
  const topic = `v1/${toHex(audience)}/${device}`;
  const packets = Array.from({ length: roundCount }, (_, round) => {
    const pack = encodePack(id, [{ sensor: 'power', unit: 'W', value: 40.5 + round, timeMs: Date.now() }]);
    const nonce = globalThis.crypto.getRandomValues(new Uint8Array(16));
    const envelope = signReading(signer, { audience, device: id, keyNumber: 0, sequence: round + 1, nonce }, pack);
    return mqttPacket(MQTT.publishQos1, mqttText(`${topic}/up`), uint16(round + 1), Buffer.from(envelope));
  });
  return { device, token: signToken(signer, { audience, device: id }), topic, packets, socket: null };
}

/** Resolves when the client listens to its receipts. */
function open(address: URL, client: Client): Promise<void> {
  const { device, token, topic } = client;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(address.port), address.hostname);
    client.socket = socket;
    socket.on('error', reject);
    socket.on('close', () => {
      if (!isStopping) tally.lost++;
      reject(new Error('the city ended a connection'));
    });
    const credentials = [mqttText(device), uint16(token.length), Buffer.from(token)];
    socket.write(
      mqttPacket(MQTT.connect, mqttText('MQTT'), Buffer.of(4, 0xc2), uint16(KEEP_ALIVE_S), mqttText(device), ...credentials),
    );
    readPackets(socket, (type) => {
      if (type === MQTT.connack) socket.write(mqttPacket(MQTT.subscribe, uint16(1), mqttText(`${topic}/down`), Buffer.of(0)));
      else if (type === MQTT.suback) resolve();
      else if (type === MQTT.publish) tally.receipted++;
    });
  });
}

/** Every client sends once in each interval, evenly spread over it. */
async function sendAll(clients: readonly Client[], { intervalMs, roundCount }: ClientsRequest): Promise<void> {
  const begunMs = performance.now();
  for (let i = 0; i < clients.length * roundCount && !isStopping; i++) {
    const { packets, socket } = clients[i % clients.length] as Client;
    const waitMs = begunMs + (i * intervalMs) / clients.length - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    if (isStopping) return;
    socket?.write(packets[Math.floor(i / clients.length)] as Buffer);
    tally.sent++;
  }
}

async function run(request: ClientsRequest): Promise<void> {
  const clients = request.seeds.map((seed) => makeClient(request, seed));
  const address = new URL(request.address);
  const begunMs = performance.now();
  let next = 0;
  const connectNext = async (): Promise<void> => {
    while (next < clients.length) await open(address, clients[next++] as Client);
  };
  await Promise.all(Array.from({ length: TOGETHER }, connectNext));
  process.send?.({ connectMs: performance.now() - begunMs });
  await sendAll(clients, request);
}

process.on('message', (message: ClientsRequest | 'stop') => {
  if (message !== 'stop') {
    void run(message);
    return;
  }
  isStopping = true;
  setTimeout(() => process.send?.({ ...tally } satisfies ClientsReport), DRAIN_MS);
});
