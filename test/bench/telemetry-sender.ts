/**
 * The process that sends readings for the telemetry benches: signs them all before the timed part, then keeps a number of them under way.
 * Told what to do by its parent; says when everything is signed, sends on `go`, reports at the end.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodePack } from '@oppidum/device/reading-pack';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { percentile } from './bench.ts';
import { EvidenceSampler } from './evidence-sampler.ts';
import { prepareHttp } from './telemetry-http.ts';
import { prepareMqtt } from './telemetry-mqtt.ts';

export type LoadRequest = {
  readonly door: 'http' | 'mqtt';
  /** Base address of the door. */
  readonly address: string;
  readonly audience: Bytes;
  readonly seeds: readonly Bytes[];
  /** Readings to sign, over all devices in turn; sequence numbers begin above this one. */
  readonly count: number;
  readonly sequence: number;
  /** Records in each reading. */
  readonly recordCount: number;
  readonly connections: number;
  /** HTTP: readings of one request; MQTT: readings under way on one connection. */
  readonly together: number;
  /** MQTT only: readings to begin each second; as many as possible without it. */
  readonly ratePerSecond?: number;
  /** Address of the HTTP door: of some readings, evidence is asked for until it is there. */
  readonly evidenceFrom?: string;
  /** Not counted at first, then counted for so long. */
  readonly warmUpS: number;
  readonly seconds: number;
};

export type LoadReport = {
  /** Readings acknowledged in the counted time, and since the start. */
  readonly perSecond: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From sending to evidence under a cosigned checkpoint, of those that were asked for. */
  readonly evidenceMs: readonly number[];
  /** Of one core, by this process, in the counted time. */
  readonly ownCores: number;
};

/** A signed reading and whose it is. */
export type Signed = { readonly device: Bytes; readonly envelope: Bytes };

/** Sends what was prepared until the time is over. */
export type Sending = (tally: Tally) => Promise<void>;

/** What a door's sender tells: so many were acknowledged (or refused), sent at this moment. */
export type Tally = {
  readonly add: (count: number, sentMs: number) => void;
  refused: number;
  readonly isOver: () => boolean;
  /** Told of every reading that leaves by itself. */
  readonly onSent: (envelope: Bytes) => void;
};

function signAll({ audience, seeds, count, sequence, recordCount }: LoadRequest): Signed[] {
  const devices = seeds.map((seed) => {
    const signer: Signer = ed25519Signer(seed);
    return { signer, device: deviceIdOf(nativeCrypto, signer.publicKey) };
  });
  const nonces = new Uint8Array(16);
  return Array.from({ length: count }, (_, i) => {
    const { signer, device } = devices[i % devices.length] as (typeof devices)[number];
    new DataView(nonces.buffer).setUint32(0, i);
    const timeMs = Date.now();
    const records = Array.from({ length: recordCount }, (__, j) => ({
      sensor: 'power',
      unit: 'W',
      value: 40 + ((i + j) % 100) / 4,
      timeMs: timeMs - 1_000 * (recordCount - j),
    }));
    const header = {
      audience,
      device,
      keyNumber: 0,
      sequence: sequence + Math.floor(i / devices.length) + 1,
      nonce: nonces.slice(),
    };
    return { device, envelope: signReading(signer, header, encodePack(device, records)) };
  });
}

async function send(request: LoadRequest, sendAll: Sending): Promise<LoadReport> {
  const beginMs = performance.now() + 1_000 * request.warmUpS;
  const endMs = beginMs + 1_000 * request.seconds;
  const latencies: number[] = [];
  const sampler = new EvidenceSampler(request.evidenceFrom ?? null, beginMs, endMs);
  let [counted, acknowledged] = [0, 0];
  let busy = process.cpuUsage();
  setTimeout(() => {
    busy = process.cpuUsage();
  }, 1_000 * request.warmUpS);
  let own = process.cpuUsage(busy);
  setTimeout(
    () => {
      own = process.cpuUsage(busy);
    },
    1_000 * (request.warmUpS + request.seconds),
  );
  const tally: Tally = {
    refused: 0,
    add(count, sentMs) {
      const nowMs = performance.now();
      acknowledged += count;
      if (nowMs < beginMs || nowMs >= endMs) return;
      counted += count;
      latencies.push(nowMs - sentMs);
    },
    isOver: () => performance.now() >= endMs,
    onSent: (envelope) => sampler.offer(envelope),
  };
  await sendAll(tally);
  await sampler.settle();
  if (!tally.isOver()) throw new Error('too few readings were signed for the time');
  return {
    perSecond: counted / request.seconds,
    acknowledged,
    refused: tally.refused,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    evidenceMs: sampler.samples,
    ownCores: (own.user + own.system) / 1e6 / request.seconds,
  };
}

/** Everything that is not sending, done before; what it leaves behind is collected by then, too. */
function prepare(request: LoadRequest): { readonly sizeEach: number; readonly sendAll: Sending } {
  const signed = signAll(request);
  const size = signed.reduce((sum, { envelope }) => sum + envelope.length, 0);
  return { sizeEach: size / signed.length, sendAll: (request.door === 'http' ? prepareHttp : prepareMqtt)(request, signed) };
}

process.once('message', (request: LoadRequest) => {
  const { sizeEach, sendAll } = prepare(request);
  globalThis.gc?.();
  process.once('message', () => {
    send(request, sendAll).then(
      (report) => process.send?.(report),
      (error: Error) => {
        process.stderr.write(`${error.stack}\n`);
        process.exit(1);
      },
    );
  });
  process.send?.({ sizeEach });
});
