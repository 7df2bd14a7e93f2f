/**
 * The process of the lamps for the bench `orders`: one MQTT connection each, no agent. A lamp checks that its own challenge stands in the tree
 * at its place; what all of them have in common (keys, envelope, issuance) is verified once for all, since these lamps share one processor
 * and real ones do not. Each signs that it obeyed.
 */

import { connect, type Socket } from 'node:net';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodePack } from '@oppidum/device/reading-pack';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type CompactOrder, parseCompactOrder } from '@oppidum/formats/compact-order';
import { draftChallenge } from '@oppidum/formats/device-challenge';
import type { Envelope } from '@oppidum/formats/envelope';
import { deviceIdOf } from '@oppidum/formats/ids';
import { orderId } from '@oppidum/formats/order-statement';
import { parsePolicy } from '@oppidum/formats/policy';
import { signReading } from '@oppidum/formats/reading';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { checkChallenged } from '@oppidum/proofs/challenge-tree';
import { verifyOrder } from '@oppidum/proofs/verify-order';
import { signToken } from '../support/tokens.ts';
import { MQTT, mqttPacket, mqttText, readPackets, uint16 } from './mqtt-packets.ts';

export type LampsRequest = {
  readonly mqtt: string;
  readonly seeds: readonly Bytes[];
  readonly keySet: KeySet;
  readonly envelope: Envelope;
  readonly policy: Bytes;
};

/** Milliseconds since 1970 at which each share of the lamps had obeyed, and bytes of what one was given. */
export type LampsReport = { readonly appliedMs: readonly number[]; readonly orderSize: number; readonly refused: number };

type Lamp = {
  readonly id: Bytes;
  readonly hex: string;
  readonly signer: ReturnType<typeof ed25519Signer>;
  readonly challenge: Bytes;
  socket: Socket | null;
  isDone: boolean;
};

const TOGETHER = 64;
const KEEP_ALIVE_S = 600;
const CHALLENGE_ID = 2;
const ANSWER_ID = 3;

const applied: number[] = [];
let refused = 0;
let orderSize = 0;
/** The statement that was found good, and its id. */
let good: { readonly statement: Bytes; readonly id: string } | null = null;

function makeLamp(seed: Bytes): Lamp {
  const signer = ed25519Signer(seed);
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  return {
    id,
    hex: toHex(id),
    signer,
    challenge: globalThis.crypto.getRandomValues(new Uint8Array(32)),
    socket: null,
    isDone: false,
  };
}

/** Resolves when the city has the challenge of the lamp, and the lamp hears orders. */
function open(request: LampsRequest, lamp: Lamp): Promise<void> {
  const { city: audience } = request.keySet;
  const address = new URL(request.mqtt);
  const topic = `v1/${toHex(audience)}/${lamp.hex}`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(address.port), address.hostname);
    lamp.socket = socket;
    socket.on('error', reject);
    const token = signToken(lamp.signer, { audience, device: lamp.id });
    const credentials = [mqttText(lamp.hex), uint16(token.length), Buffer.from(token)];
    socket.write(
      mqttPacket(MQTT.connect, mqttText('MQTT'), Buffer.of(4, 0xc2), uint16(KEEP_ALIVE_S), mqttText(lamp.hex), ...credentials),
    );
    readPackets(socket, (type, body) => {
      if (type === MQTT.connack) socket.write(mqttPacket(MQTT.subscribe, uint16(1), mqttText(`${topic}/order`), Buffer.of(0)));
      else if (type === MQTT.suback) socket.write(challengePacket(request, lamp, topic));
      else if (type === MQTT.puback && body.readUInt16BE(0) === CHALLENGE_ID) resolve();
      else if (type === MQTT.publish) obey(request, lamp, topic, new Uint8Array(body.subarray(2 + body.readUInt16BE(0))));
    });
  });
}

function challengePacket({ keySet: { city } }: LampsRequest, { id, signer, challenge }: Lamp, topic: string): Buffer {
  const { toBeSigned, seal } = draftChallenge(nativeCrypto, { city, device: id, challenge, keyNumber: 0, number: 1 });
  return mqttPacket(MQTT.publishQos1, mqttText(`${topic}/ack`), uint16(CHALLENGE_ID), Buffer.from(seal(signer.sign(toBeSigned))));
}

function obey(request: LampsRequest, lamp: Lamp, topic: string, message: Bytes): void {
  // Again: the answer is on its way.
  if (lamp.isDone) return;
  const compact = parseCompactOrder(message);
  const order = judge(request, lamp, compact);
  if (order === null) {
    refused++;
    return;
  }
  lamp.isDone = true;
  orderSize = Math.max(orderSize, message.length);
  const pack = encodePack(lamp.id, [{ sensor: 'order/applied', value: order, timeMs: Date.now() }]);
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(16));
  const header = { audience: request.keySet.city, device: lamp.id, keyNumber: 0, sequence: 1, nonce };
  applied.push(Date.now());
  lamp.socket?.write(
    mqttPacket(MQTT.publishQos1, mqttText(`${topic}/up`), uint16(ANSWER_ID), Buffer.from(signReading(lamp.signer, header, pack))),
  );
}

/** The id of an order for this lamp, or null. */
function judge({ keySet, envelope, policy }: LampsRequest, { id, challenge }: Lamp, compact: CompactOrder): string | null {
  const { place, order } = compact;
  if (place === null || !('root' in order.target) || !equalBytes(place.challenge, challenge)) return null;
  if (good !== null && equalBytes(good.statement, compact.statement))
    return checkChallenged(nativeCrypto, order.target, { device: id, challenge }, place) === null ? good.id : null;
  const known = parsePolicy(nativeCrypto, policy);
  if (verifyOrder(nativeCrypto, compact, { device: id, keySet, envelope, policyOf: () => known }) !== null) return null;
  good = { statement: compact.statement, id: toHex(orderId(nativeCrypto, compact.statement)) };
  return good.id;
}

async function run(request: LampsRequest): Promise<void> {
  const lamps = request.seeds.map(makeLamp);
  let next = 0;
  const connectNext = async (): Promise<void> => {
    while (next < lamps.length) await open(request, lamps[next++] as Lamp);
  };
  await Promise.all(Array.from({ length: TOGETHER }, connectNext));
  process.send?.('ready');
}

process.on('message', (message: LampsRequest | 'report') => {
  if (message === 'report') process.send?.({ appliedMs: applied, orderSize, refused } satisfies LampsReport);
  else void run(message);
});
