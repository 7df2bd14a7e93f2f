/**
 * Readings with one Ed25519 signature each, over both doors: verified, durable (an fsync before every acknowledgement), each with its
 * signed receipt. The city is one process as people run it, the sender another; everything is signed before.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchFigures, BenchOptions } from './bench.ts';
import { cityCpuS, runLoad, shardSize, withBenchCity } from './telemetry-city.ts';
import type { LoadReport, LoadRequest } from './telemetry-sender.ts';

const DEVICE_COUNT = 400;
const MQTT_CONNECTIONS = 50;
const WARM_UP_S = 2;
/** Signed for each second: more than any machine takes. */
const SIGNED_PER_SECOND = 36_000;

/**
 * `…PerSecond`: acknowledged; `…P50Ms`, `…P99Ms`: from sending to the answer, over HTTP of a request of 100; `…CityCpuUs`,
 * `…SenderCpuUs`: processor time for each, of all threads: what holds still while other programs use the machine.
 */
export function benchTelemetrySigned({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  return withBenchCity(DEVICE_COUNT, async ({ city, audience, seeds }) => {
    const count = Math.ceil(SIGNED_PER_SECOND * (seconds + WARM_UP_S));
    const shared = { audience, count, recordCount: 1, warmUpS: WARM_UP_S, seconds };
    const load = async (
      request: LoadRequest,
    ): Promise<LoadReport & { readonly cityCpuUs: number; readonly senderCpuUs: number }> => {
      const before = await cityCpuS(city);
      const report = await runLoad(request, say);
      const cityCpuUs = (1e6 * ((await cityCpuS(city)) - before)) / report.acknowledged;
      const senderCpuUs = (1e6 * report.ownCores) / report.perSecond;
      const { size, behindReadings } = await shardSize(city);
      acknowledged += report.acknowledged;
      if (size !== acknowledged) throw new Error(`${acknowledged} acknowledged, ${size} in the log`);
      say(
        `${request.door}: ${Math.round(report.perSecond)} a second, ${Math.round(cityCpuUs)} µs of the city each, ` +
          `${Math.round(senderCpuUs)} µs of the sender, read model ${behindReadings} behind`,
      );
      return { ...report, cityCpuUs, senderCpuUs };
    };
    let acknowledged = 0;
    // Each door begins with a city at rest.
    const rest = async (): Promise<void> => {
      while ((await shardSize(city)).behindReadings > 0) await sleep(50);
    };
    const http = await load({
      ...{ ...shared, door: 'http', address: city.http, seeds, sequence: 0 },
      ...{ connections: 8, together: 100 },
    });
    await rest();
    const mqtt = await load({
      ...{ ...shared, door: 'mqtt', address: city.mqtt, seeds: seeds.slice(0, MQTT_CONNECTIONS), sequence: 1_000_000 },
      ...{ connections: MQTT_CONNECTIONS, together: 20 },
    });
    return {
      httpPerSecond: http.perSecond,
      httpP50Ms: http.p50Ms,
      httpP99Ms: http.p99Ms,
      httpCityCpuUs: http.cityCpuUs,
      httpSenderCpuUs: http.senderCpuUs,
      mqttPerSecond: mqtt.perSecond,
      mqttP50Ms: mqtt.p50Ms,
      mqttP99Ms: mqtt.p99Ms,
      mqttCityCpuUs: mqtt.cityCpuUs,
      mqttSenderCpuUs: mqtt.senderCpuUs,
    };
  });
}
