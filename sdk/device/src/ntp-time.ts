/**
 * Time from an NTP server, as a simple client of RFC 5905 (§14) asks for it: one question, one answer, every field checked. The answer is
 * not signed: ask several servers and let `agreeOnTime` decide.
 */

import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { formatError } from '@oppidum/formats/errors';
import type { Instant, TimeSource } from './clock.ts';

/** RFC 5905 §7.3: a packet without extension fields. */
const PACKET_SIZE = 48;
/** Leap 0, version 4, mode 3 (client). */
const CLIENT = 0x23;
const MODE_SERVER = 4;
const LEAP_UNKNOWN = 3;
const STRATUM_MAX = 15;
/** §7.3 figure 8: offsets of the fields. */
const AT = { rootDelay: 4, rootDispersion: 8, origin: 24, receive: 32, transmit: 40 } as const;
/** Seconds from 1900 to 1970 (§6, figure 4). */
const UNIX_EPOCH_S = 2_208_988_800;
const ERA_S = 2 ** 32;
/** §A.1.1 MAXDISP is 16 s; a server that is this far from its source is of no use. */
const ROOT_DISTANCE_MAX_MS = 1_500;
const TIMEOUT_MS = 5_000;
const PORT = 123;

type NtpOptions = {
  readonly host: string;
  readonly port?: number;
  readonly timeoutMs?: number;
  /** Milliseconds of a counter that does not step. */
  readonly counterMs?: () => number;
};

/** A server as a source of time. `ask` rejects with TIME_SOURCE_UNREACHABLE or TIME_SOURCE_INVALID. */
export function ntpTime(options: NtpOptions): TimeSource {
  return { name: `ntp://${options.host}`, ask: () => askNtp(options) };
}

function askNtp(options: NtpOptions): Promise<Instant> {
  const { host, port = PORT, timeoutMs = TIMEOUT_MS, counterMs = () => performance.now() } = options;
  return new Promise((resolve, reject) => {
    // Our transmit timestamp says nothing about our clock: it is the number by which we know the answer.
    const origin = randomBytes(8);
    const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4' });
    const finish = (work: () => void): void => {
      clearTimeout(timer);
      socket.close();
      work();
    };
    const unreachable = (reason: string): void =>
      finish(() => reject(formatError('TIME_SOURCE_UNREACHABLE', { source: host, reason })));
    const timer = setTimeout(() => unreachable('no answer'), timeoutMs);
    socket.on('error', (error) => unreachable((error as NodeJS.ErrnoException).code ?? error.message));
    let sentMs = 0;
    socket.on('message', (packet) => {
      const answer = readNtpAnswer(packet, origin, counterMs() - sentMs);
      // Not an answer to this question: whoever sent it cannot know our number, so we go on listening.
      if (answer === 'other') return;
      if (typeof answer === 'string') finish(() => reject(formatError('TIME_SOURCE_INVALID', { source: host, reason: answer })));
      else finish(() => resolve(answer));
    });
    socket.on('connect', () => {
      const question = Buffer.alloc(PACKET_SIZE);
      question[0] = CLIENT;
      origin.copy(question, AT.transmit);
      sentMs = counterMs();
      socket.send(question);
    });
    socket.connect(port, host);
  });
}

/**
 * The time at which this answer arrived, `roundTripMs` after the question; `other` for an answer to another question, else why it is
 * of no use. The server's time may be wrong by half of the way it took, and by what the server says of itself (§11.2, root distance).
 */
export function readNtpAnswer(packet: Uint8Array, origin: Uint8Array, roundTripMs: number): Instant | string {
  if (packet.length < PACKET_SIZE) return 'other';
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  for (let i = 0; i < 8; i++) if (view.getUint8(AT.origin + i) !== origin[i]) return 'other';
  const [first, stratum] = [view.getUint8(0), view.getUint8(1)];
  const version = (first >> 3) & 7;
  if ((first & 7) !== MODE_SERVER || version < 3 || version > 4) return 'mode or version';
  if (stratum === 0) return `kiss of death ${kissOf(packet)}`;
  if (first >> 6 === LEAP_UNKNOWN || stratum > STRATUM_MAX) return 'not synchronised';
  const distanceMs = shortMs(view, AT.rootDelay) / 2 + shortMs(view, AT.rootDispersion);
  if (distanceMs > ROOT_DISTANCE_MAX_MS) return 'too far from its own source';
  const [receiveMs, transmitMs] = [timestampMs(view, AT.receive), timestampMs(view, AT.transmit)];
  if (receiveMs === null || transmitMs === null) return 'no timestamp';
  const heldMs = transmitMs - receiveMs;
  if (heldMs < 0 || heldMs > roundTripMs + 1) return 'timestamps out of order';
  const wayMs = Math.max(0, roundTripMs - heldMs) / 2;
  return { timeMs: transmitMs + wayMs, errorMs: Math.ceil(wayMs + distanceMs + 1) };
}

/** §7.4: four ASCII letters say why. */
function kissOf(packet: Uint8Array): string {
  return String.fromCharCode(...packet.slice(12, 16)).replaceAll(/[^A-Z]/g, '?');
}

/** NTP short format (§6): 16.16 seconds. */
function shortMs(view: DataView, at: number): number {
  return view.getUint32(at) / 65.536;
}

/** NTP timestamp format (§6): 32.32 seconds since 1900; the upper half of the range is era 0, the lower one era 1 (after 2036). */
function timestampMs(view: DataView, at: number): number | null {
  const seconds = view.getUint32(at);
  const fraction = view.getUint32(at + 4);
  if (seconds === 0 && fraction === 0) return null;
  const era = seconds < 2 ** 31 ? ERA_S : 0;
  return (seconds + era - UNIX_EPOCH_S) * 1_000 + (fraction / 2 ** 32) * 1_000;
}
