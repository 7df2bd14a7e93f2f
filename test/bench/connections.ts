/**
 * Ten thousand devices connected over MQTT, each with a message a minute: what so many cost the city's process that mostly wait. The
 * clients are one process of their own, with tokens and readings made before.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BenchFigures, BenchOptions } from './bench.ts';
import type { ClientsReport, ClientsRequest } from './connections-clients.ts';
import { unbackedMb } from './idle.ts';
import { cityCpuS, withBenchCity } from './telemetry-city.ts';

const CLIENTS = fileURLToPath(new URL('./connections-clients.ts', import.meta.url));
const CLIENT_COUNT = 10_000;
const INTERVAL_S = 60;
/** After the last of them has connected, until what that left behind is collected. */
const SETTLE_S = 5;
const SAMPLE_MS = 1_000;
/** Files of a process that are no connections. */
const OTHER_FILE_COUNT = 200;

/**
 * `pssMb`: of the city's process, what no file backs, the largest of one sample a second; `cpuCores`: of all its threads, on average;
 * `connectedPerSecond`: how fast they were let in, each with a token.
 */
export async function benchConnections({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  requireFiles(CLIENT_COUNT + OTHER_FILE_COUNT);
  return withBenchCity(CLIENT_COUNT, async ({ city, audience, seeds }) => {
    say(`${CLIENT_COUNT} devices are enrolled`);
    const clients = fork(CLIENTS, [], { serialization: 'advanced', execArgv: [] });
    try {
      const ended = once(clients, 'exit').then(([code]) => {
        throw new Error(`the clients ended with ${code}`);
      });
      ended.catch(() => undefined);
      const next = async <R>(): Promise<R> => (await Promise.race([once(clients, 'message'), ended]))[0] as R;
      const roundCount = Math.ceil((seconds + SETTLE_S) / INTERVAL_S) + 1;
      const request: ClientsRequest = { address: city.mqtt, audience, seeds, intervalMs: 1_000 * INTERVAL_S, roundCount };
      clients.send(request);
      const { connectMs } = await next<{ readonly connectMs: number }>();
      say(`connected in ${(connectMs / 1_000).toFixed(1)} s`);
      await sleep(1_000 * SETTLE_S);
      const cpuBeforeS = await cityCpuS(city);
      const begunMs = performance.now();
      let pssMb = 0;
      while (performance.now() < begunMs + 1_000 * seconds) {
        await sleep(SAMPLE_MS);
        pssMb = Math.max(pssMb, unbackedMb(city.pid));
      }
      const cpuCores = ((await cityCpuS(city)) - cpuBeforeS) / ((performance.now() - begunMs) / 1_000);
      clients.send('stop');
      const { sent, receipted, lost } = await next<ClientsReport>();
      say(`${sent} sent, ${receipted} receipted, ${lost} connections lost`);
      if (lost > 0 || receipted < sent)
        throw new Error(`${lost} connections lost, ${sent - receipted} readings without a receipt`);
      return { pssMb, cpuCores, connectedPerSecond: (1_000 * CLIENT_COUNT) / connectMs, readings: receipted };
    } finally {
      clients.kill();
    }
  });
}

/** Node raises its own limit to what the system allows (`ulimit -Hn`); beyond that nobody but the system can. */
function requireFiles(count: number): void {
  if (process.platform !== 'linux') throw new Error('this bench reads /proc, which only Linux has');
  const limit = /^Max open files +[0-9a-z]+ +([0-9]+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (limit !== 'unlimited' && Number(limit) < count)
    throw new Error(`this bench needs ${count} open files, and \`ulimit -Hn\` allows ${limit}: raise it and run again`);
}
