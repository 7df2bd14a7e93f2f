/** Packets of MQTT 3.1.1 as benches write and read them: made before, and no more looked at than their first byte. A client library would cost more than the broker. */

import type { Socket } from 'node:net';

/** Types of control packets in the first byte (§2.2.1), with the flags that they have here. */
export const MQTT = {
  connect: 0x10,
  connack: 0x20,
  publish: 0x30,
  publishQos1: 0x32,
  puback: 0x40,
  subscribe: 0x82,
  suback: 0x90,
} as const;

/** Calls with the type of every packet that came whole, and what stands behind its length. */
export function readPackets(socket: Socket, onPacket: (type: number, body: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      let [size, shift, head] = [0, 1, at + 1];
      while (head < bytes.length && (bytes[head] as number) >= 128) {
        size += ((bytes[head++] as number) & 127) * shift;
        shift *= 128;
      }
      if (head >= bytes.length) break;
      size += (bytes[head++] as number) * shift;
      if (head + size > bytes.length) break;
      onPacket((bytes[at] as number) & 0xf0, bytes.subarray(head, head + size));
      at = head + size;
    }
    rest = bytes.subarray(at);
  });
}

/** A control packet: its first byte, and its parts behind the length. */
export function mqttPacket(first: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  for (let left = body.length; ; left = Math.floor(left / 128)) {
    length.push(left >= 128 ? (left % 128) | 128 : left);
    if (left < 128) return Buffer.concat([Buffer.of(first, ...length), body]);
  }
}

/** A text behind its size (§1.5.3). */
export function mqttText(value: string): Buffer {
  return Buffer.concat([uint16(Buffer.byteLength(value)), Buffer.from(value)]);
}

export function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255);
}
