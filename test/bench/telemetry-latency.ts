/**
 * At 2,000 readings a second: how long from publishing a reading over MQTT until its evidence can be had, with a cosigned checkpoint. On
 * the way lie the shard's log and checkpoint, the anchor, its block, and the city's checkpoint.
 */

import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';
import { runLoad, withBenchCity } from './telemetry-city.ts';

const DEVICE_COUNT = 50;
const RATE_PER_SECOND = 2_000;
const WARM_UP_S = 3;

/** `p50Ms`, `p99Ms`: of evidence, followed for a reading every 50 ms; `acknowledgedP50Ms`, `acknowledgedP99Ms`: of PUBACK. */
export function benchTelemetryLatency({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  return withBenchCity(DEVICE_COUNT, async ({ city, audience, seeds }) => {
    const report = await runLoad(
      {
        ...{ door: 'mqtt', address: city.mqtt, evidenceFrom: city.http, audience, seeds, sequence: 0, recordCount: 1 },
        ...{ count: Math.ceil(1.1 * RATE_PER_SECOND * (seconds + WARM_UP_S)), ratePerSecond: RATE_PER_SECOND },
        ...{ connections: DEVICE_COUNT, together: 100, warmUpS: WARM_UP_S, seconds },
      },
      say,
    );
    say(`${Math.round(report.perSecond)} a second, ${report.evidenceMs.length} readings followed`);
    return {
      p50Ms: percentile(report.evidenceMs, 0.5),
      p99Ms: percentile(report.evidenceMs, 0.99),
      acknowledgedP50Ms: report.p50Ms,
      acknowledgedP99Ms: report.p99Ms,
      perSecond: report.perSecond,
    };
  });
}
