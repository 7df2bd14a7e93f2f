/**
 * Packs of 50 readings under one signature each, over HTTP: verified, durable, receipted; and the read model that follows them, from the
 * first request until it has every record.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchFigures, BenchOptions } from './bench.ts';
import { cityCpuS, runLoad, shardSize, withBenchCity } from './telemetry-city.ts';

const DEVICE_COUNT = 400;
const READINGS_OF_A_PACK = 50;
const WARM_UP_S = 2;
/** Signed for each second: more than any machine takes. */
const SIGNED_PER_SECOND = 16_000;

/** `readingsPerSecond`: acknowledged; `readModelPerSecond`: until caught up; `readModelLagS`: how long that took after the last answer; `packCityCpuUs`, `packSenderCpuUs`: processor time for each pack. */
export function benchTelemetryPacked({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  return withBenchCity(DEVICE_COUNT, async ({ city, audience, seeds }) => {
    const before = await cityCpuS(city);
    const report = await runLoad(
      {
        ...{ door: 'http', address: city.http, audience, seeds, sequence: 0, recordCount: READINGS_OF_A_PACK },
        ...{ count: Math.ceil(SIGNED_PER_SECOND * (seconds + WARM_UP_S)), connections: 8, together: 100 },
        ...{ warmUpS: WARM_UP_S, seconds },
      },
      say,
    );
    const endedMs = performance.now();
    const eachUs = (1e6 * ((await cityCpuS(city)) - before)) / report.acknowledged;
    const { size, behindReadings } = await shardSize(city);
    if (size !== report.acknowledged) throw new Error(`${report.acknowledged} acknowledged, ${size} in the log`);
    say(
      `${Math.round(report.perSecond)} packs a second, ${Math.round(eachUs)} µs of the city each, read model ${behindReadings} behind`,
    );
    while ((await shardSize(city)).behindReadings > 0) await sleep(50);
    const lagS = (performance.now() - endedMs) / 1_000;
    return {
      readingsPerSecond: report.perSecond * READINGS_OF_A_PACK,
      readModelPerSecond: (report.acknowledged * READINGS_OF_A_PACK) / (WARM_UP_S + seconds + lagS),
      readModelLagS: lagS,
      packCityCpuUs: eachUs,
      packSenderCpuUs: (1e6 * report.ownCores) / report.perSecond,
      p50Ms: report.p50Ms,
      p99Ms: report.p99Ms,
    };
  });
}
