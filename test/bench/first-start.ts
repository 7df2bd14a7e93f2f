/**
 * From `npm start` in an empty folder to the first reading that the API gives with evidence which verifies: keys, genesis, services, 120
 * devices enrolled, a reading sent over MQTT, logged, anchored, under a cosigned checkpoint.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { firstAnchoredReading } from '../support/started-city.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';
import { type LaunchedCity, withLaunchedCity } from './launched-city.ts';

const RUNS_MIN = 3;

/** `readingMs`: the median of at least three starts, each in a folder of its own. */
export async function benchFirstStart({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const samples: number[] = [];
  const end = performance.now() + 1_000 * seconds;
  while (samples.length < RUNS_MIN || performance.now() < end) {
    const begin = performance.now();
    samples.push(await withLaunchedCity(async (city) => (await verifyFirstReading(city)) - begin));
    say(`start ${samples.length}: ${Math.round(samples.at(-1) as number)} ms`);
  }
  return { readingMs: percentile(samples, 0.5) };
}

/** The moment at which the first reading was verified. Throws when what the API gives does not verify. */
export async function verifyFirstReading({ api, data }: LaunchedCity): Promise<number> {
  const { id } = await firstAnchoredReading(api);
  const policy = parseCityPolicy(nativeCrypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
  let answer = await fetch(`${api}/api/v1/evidence/${id}`);
  for (; answer.status === 409; answer = await fetch(`${api}/api/v1/evidence/${id}`)) await sleep(20);
  const report = verifyEvidence(nativeCrypto, new Uint8Array(await answer.arrayBuffer()), { policy });
  if (report.verdict !== 'OK') throw new Error(`the first reading has the verdict ${report.verdict}`);
  return performance.now();
}
