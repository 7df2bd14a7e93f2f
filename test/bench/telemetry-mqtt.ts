/**
 * Sends signed readings over MQTT 3.1.1 (QoS 1), a connection for each device, a number of messages under way on each. The packets are
 * made before and written as they are: a client library would cost more than the broker.
 */

import { connect, type Socket } from 'node:net';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signToken } from '../support/tokens.ts';
import { MQTT, mqttPacket, mqttText, readPackets, uint16 } from './mqtt-packets.ts';
import type { LoadRequest, Sending, Signed, Tally } from './telemetry-sender.ts';

const PACKET_ID_MAX = 0xffff;

type Line = { readonly device: string; readonly topic: string; readonly packets: Buffer[]; readonly envelopeSizes: number[] };

/** Whether one more may leave now: as many as there is time for, or at an even rate. */
type Gate = () => boolean;

export function prepareMqtt(load: LoadRequest, signed: readonly Signed[]): Sending {
  const lines = new Map<string, Line>();
  for (const { device, envelope } of signed) {
    const id = toHex(device);
    const topic = `v1/${toHex(load.audience)}/${id}`;
    const line: Line = lines.get(id) ?? { device: id, topic, packets: [], envelopeSizes: [] };
    lines.set(id, line);
    line.envelopeSizes.push(envelope.length);
    const packetId = (line.packets.length % PACKET_ID_MAX) + 1;
    line.packets.push(mqttPacket(MQTT.publishQos1, mqttText(`${line.topic}/up`), uint16(packetId), Buffer.from(envelope)));
  }
  const { hostname, port } = new URL(load.address);
  return async (tally) => {
    const gate = openGate(load.ratePerSecond);
    const send = (line: Line, seed: Bytes): Promise<void> => {
      const signer = ed25519Signer(seed);
      const device = deviceIdOf(nativeCrypto, signer.publicKey);
      const token = Buffer.from(signToken(signer, { audience: load.audience, device }));
      return sendLine(connect(Number(port), hostname), { line, token, gate, together: load.together, tally });
    };
    // Lines stand in the order of the seeds.
    await Promise.all([...lines.values()].map((line, i) => send(line, load.seeds[i] as Bytes)));
  };
}

function openGate(ratePerSecond: number | undefined): Gate {
  if (ratePerSecond === undefined) return () => true;
  let begunMs: number | null = null;
  let sent = 0;
  return () => {
    begunMs ??= performance.now();
    if (sent >= ((performance.now() - begunMs) * ratePerSecond) / 1_000) return false;
    sent++;
    return true;
  };
}

type LineOptions = {
  readonly line: Line;
  readonly token: Buffer;
  readonly gate: Gate;
  readonly together: number;
  readonly tally: Tally;
};

const PACE_MS = 4;

function sendLine(socket: Socket, { line, token, gate, together, tally }: LineOptions): Promise<void> {
  const { device, topic, packets, envelopeSizes } = line;
  return new Promise((resolve, reject) => {
    // Where the gate keeps something back, nothing else would wake this line.
    const pace = setInterval(() => {
      if (isOpen) sendMore();
    }, PACE_MS);
    let isOpen = false;
    const sentMs: number[] = [];
    let acknowledged = 0;
    const sendMore = (): void => {
      const first = sentMs.length;
      while (sentMs.length < packets.length && sentMs.length - acknowledged < together && !tally.isOver() && gate()) {
        tally.onSent((packets[sentMs.length] as Buffer).subarray(-(envelopeSizes[sentMs.length] as number)));
        sentMs.push(performance.now());
      }
      if (sentMs.length > first) socket.write(Buffer.concat(packets.slice(first, sentMs.length)));
      if (acknowledged < sentMs.length || (!tally.isOver() && sentMs.length < packets.length)) return;
      clearInterval(pace);
      resolve();
      socket.destroy();
    };
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the city ended a connection')));
    // §3.1: MQTT, level 4; user name, password and a clean session; keep-alive of 60 s.
    const credentials = [mqttText(device), uint16(token.length), token];
    socket.write(mqttPacket(MQTT.connect, mqttText('MQTT'), Buffer.of(4, 0xc2), uint16(60), mqttText(device), ...credentials));
    readPackets(socket, (type) => {
      if (type === MQTT.connack) socket.write(mqttPacket(MQTT.subscribe, uint16(1), mqttText(`${topic}/down`), Buffer.of(0)));
      else if (type === MQTT.suback) {
        isOpen = true;
        sendMore();
      } else if (type === MQTT.puback) {
        tally.add(1, sentMs[acknowledged++] as number);
        // Half a window at a time: fewer, larger writes.
        if (sentMs.length - acknowledged <= together / 2) sendMore();
      }
    });
  });
}
