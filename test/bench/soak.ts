/**
 * A city under steady load for half an hour (`--minutes`): signed readings over HTTP at half of what `telemetry-signed` reaches, signed
 * by the sender as it goes. Does its memory grow, do its answers grow slower, is everything sound afterwards?
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../support/command-line.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';
import { unbackedMb } from './idle.ts';
import type { SoakReport, SoakRequest } from './soak-sender.ts';
import { shardSize, withBenchCity } from './telemetry-city.ts';

const SENDER = fileURLToPath(new URL('./soak-sender.ts', import.meta.url));
const DEVICE_COUNT = 400;
const RATE_PER_SECOND = 10_000;
const READINGS_TOGETHER = 100;
const CONNECTIONS = 8;
/** Of the time: caches fill, code is compiled. Memory is judged after it. */
const WARM_UP_PART = 0.2;
const SAY_EVERY_S = 10;
const MS_PER_HOUR = 3_600_000;

type Sample = { readonly atMs: number; readonly pssMb: number };
type Course = {
  readonly memory: readonly Sample[];
  readonly latencies: readonly { atMs: number; ms: number }[];
  readonly acknowledged: number;
  readonly late: number;
};

/**
 * `memoryMbPerHour`: slope of the memory of the city's process that no file backs, by least squares after the first fifth;
 * `firstP50Ms` … `lastP95Ms`: of requests of 100 readings in the first and the last quarter; `lateRequests`: not sent, for too many were
 * under way. Throws unless every acknowledged reading is in the log and fsck finds nothing.
 */
export function benchSoak({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  if (process.platform !== 'linux') throw new Error('this bench reads /proc, which only Linux has');
  return withBenchCity(DEVICE_COUNT, async ({ city, data, audience, seeds }) => {
    const request = { address: city.http, audience, seeds, ratePerSecond: RATE_PER_SECOND };
    const course = await keepBusy(
      { ...request, together: READINGS_TOGETHER, connections: CONNECTIONS },
      { pid: city.pid, seconds, say },
    );
    const { size } = await shardSize(city);
    if (course.acknowledged === 0) throw new Error('the city acknowledged nothing');
    if (size !== course.acknowledged) throw new Error(`${course.acknowledged} acknowledged, ${size} in the log`);
    await city.end('SIGTERM');
    say('fsck');
    const { code, stdout, stderr } = await runCommand(['--data', data, '--plain', 'fsck']);
    if (code !== 0) throw new Error(`fsck ended with ${code}: ${stdout}${stderr}`);
    return describe(course, seconds);
  });
}

async function keepBusy(
  request: SoakRequest,
  { pid, seconds, say }: { readonly pid: number; readonly seconds: number; readonly say: (text: string) => void },
): Promise<Course> {
  // Not what this process was started with: a module preloaded by the launcher lets go of the channel, and the sender would end at once.
  const sender = fork(SENDER, [], { serialization: 'advanced', execArgv: [] });
  const memory: Sample[] = [];
  const latencies: { atMs: number; ms: number }[] = [];
  let [acknowledged, late] = [0, 0];
  const startMs = performance.now();
  sender.on('message', (report: SoakReport) => {
    const atMs = performance.now() - startMs;
    acknowledged += report.acknowledged;
    late += report.late;
    for (const ms of report.latenciesMs) latencies.push({ atMs, ms });
    memory.push({ atMs, pssMb: unbackedMb(pid) });
    if (memory.length % SAY_EVERY_S === 0)
      say(`${Math.round(atMs / 1_000)} s: ${acknowledged} readings, ${memory.at(-1)?.pssMb.toFixed(0)} MB, ${late} late`);
  });
  const ended = once(sender, 'exit');
  try {
    sender.send(request);
    const timer = setTimeout(() => sender.send('stop'), 1_000 * seconds);
    const [code] = await ended;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the sender ended with ${code}`);
  } finally {
    sender.kill();
  }
  return { memory, latencies, acknowledged, late };
}

function describe({ memory, latencies, acknowledged, late }: Course, seconds: number): BenchFigures {
  const msOf = (from: number, to: number): number[] =>
    latencies.filter(({ atMs }) => atMs >= 1_000 * seconds * from && atMs < 1_000 * seconds * to).map(({ ms }) => ms);
  const [first, last] = [msOf(0, 0.25), msOf(0.75, 1)];
  const settled = memory.filter(({ atMs }) => atMs >= 1_000 * seconds * WARM_UP_PART);
  return {
    readings: acknowledged,
    perSecond: acknowledged / seconds,
    memoryMbPerHour: slopePerMs(settled) * MS_PER_HOUR,
    firstMb: settled[0]?.pssMb ?? Number.NaN,
    lastMb: settled.at(-1)?.pssMb ?? Number.NaN,
    firstP50Ms: percentile(first, 0.5),
    firstP95Ms: percentile(first, 0.95),
    lastP50Ms: percentile(last, 0.5),
    lastP95Ms: percentile(last, 0.95),
    lateRequests: late,
  };
}

/** Least squares. */
function slopePerMs(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanMs, meanMb] = [mean(samples.map(({ atMs }) => atMs)), mean(samples.map(({ pssMb }) => pssMb))];
  const together = samples.reduce((sum, { atMs, pssMb }) => sum + (atMs - meanMs) * (pssMb - meanMb), 0);
  return together / samples.reduce((sum, { atMs }) => sum + (atMs - meanMs) ** 2, 0);
}
