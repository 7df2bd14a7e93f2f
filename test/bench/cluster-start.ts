/**
 * From `oppidum cluster init` in an empty folder to a city of four validators: its console answers and shows a checkpoint that their
 * quorum cosigned; the first reading of the simulated city has evidence that verifies under their policy.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { evaluatePolicy, refusalOf } from '@oppidum/formats/policy';
import { freePorts } from '../support/ports.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';
import { verifyFirstReading } from './first-start.ts';
import { type LaunchedCity, withLaunchedCity } from './launched-city.ts';

const LAUNCHER = fileURLToPath(new URL('../../tools/run.cjs', import.meta.url));
const RUNS_MIN = 3;

/** `initMs`: making the folders; `consoleMs`: until the console has its cosigned checkpoint; `readingMs`: until the evidence verified; medians, from the beginning. */
export async function benchClusterStart({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const samples: { readonly initMs: number; readonly consoleMs: number; readonly readingMs: number }[] = [];
  const end = performance.now() + 1_000 * seconds;
  while (samples.length < RUNS_MIN || performance.now() < end) {
    const begin = performance.now();
    let initMs = 0;
    const before = async (data: string): Promise<void> => {
      await init(data);
      initMs = performance.now() - begin;
    };
    const use = async (city: LaunchedCity): Promise<void> => {
      const reading = verifyFirstReading(city);
      const consoleMs = (await cosignedMoment(city)) - begin;
      samples.push({ initMs, consoleMs, readingMs: (await reading) - begin });
    };
    await withLaunchedCity(use, { words: ['cli', 'cluster', 'start'], before });
    const { consoleMs, readingMs } = samples.at(-1) as (typeof samples)[number];
    say(`start ${samples.length}: console ${Math.round(consoleMs)} ms, reading ${Math.round(readingMs)} ms`);
  }
  const median = (name: 'initMs' | 'consoleMs' | 'readingMs'): number =>
    percentile(
      samples.map((each) => each[name]),
      0.5,
    );
  return { initMs: median('initMs'), consoleMs: median('consoleMs'), readingMs: median('readingMs') };
}

async function init(data: string): Promise<void> {
  const words = [LAUNCHER, 'cli', 'cluster', 'init', '--data', data, '--p2p-port', String(await freePorts(4))];
  const code = await new Promise((resolve) => spawn(process.execPath, words, { stdio: 'ignore' }).on('exit', resolve));
  if (code !== 0) throw new Error('the cluster was not made');
}

/** When the console answered and the checkpoint that it shows had its quorum. Throws where the policy refuses it. */
async function cosignedMoment({ api, data }: LaunchedCity): Promise<number> {
  const policy = parseCityPolicy(crypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
  let answer = await fetch(`${api}/log/checkpoint`);
  for (; answer.status !== 200; answer = await fetch(`${api}/log/checkpoint`)) await sleep(20);
  const report = evaluatePolicy(crypto, policy, new Uint8Array(await answer.arrayBuffer()));
  const refusal = refusalOf(report);
  if (refusal !== null) throw new Error(`the checkpoint is refused: ${refusal.code}`);
  const page = await fetch(`${api}/`);
  if (page.status !== 200) throw new Error(`the console answers ${page.status}`);
  return performance.now();
}
