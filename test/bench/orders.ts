/**
 * Orders from the moment they are handed in until lamps have obeyed: one lamp with the agent of the SDK on either engine, and all of
 * 10,000 simulated lamps by one order.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AgentLamp, startLamp } from '../support/agent-lamp.ts';
import { CityProcess, until } from '../support/city-process.ts';
import { findProgram } from '../support/programs.ts';
import { makeCluster, startCluster } from '../support/started-city.ts';
import { makeStreet, order, orderAt, type Street, type StreetLamp } from '../support/street.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';
import type { LampsReport, LampsRequest } from './order-lamps.ts';

const LAMPS = fileURLToPath(new URL('./order-lamps.ts', import.meta.url));
const LAMP_COUNT = 10_000;
const ORDER_COUNT = 40;
const LIFETIME_MS = 60_000;
/** Between two questions how many have answered: each takes the gateway a millisecond while it hands orders over. */
const LOOK_MS = 50;

/**
 * `…AppliedP95Ms`: from handing an order in until its lamp did it; `…AnsweredP95Ms`: until the gateway shows the lamp's signed answer.
 * `manyApplied99Ms`: until 99 % of 10,000 lamps did one order; `manyBytes`: of what each of them was given. Cluster figures where CometBFT is.
 */
export async function benchOrders({ say }: BenchOptions): Promise<BenchFigures> {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-orders-'));
  try {
    const embedded = await measureEmbedded(root, say);
    const cluster = findProgram('cometbft') === null ? {} : await measureCluster(root, say);
    return { ...embedded, ...cluster, ...(await measureMany(root, say)) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type Say = BenchOptions['say'];
type Place = { readonly data: string; readonly http: string; readonly mqtt: string };

async function measureEmbedded(root: string, say: Say): Promise<BenchFigures> {
  const data = join(root, 'embedded');
  const city = await CityProcess.start(data);
  try {
    return await measureOne({ data, http: city.http, mqtt: city.mqtt }, 'embedded', say);
  } finally {
    await city.end('SIGTERM');
  }
}

async function measureCluster(root: string, say: Say): Promise<BenchFigures> {
  const place = join(root, 'cluster');
  await makeCluster(place);
  const city = await startCluster(place, ['--no-demo']);
  try {
    return await measureOne({ data: join(place, 'validator-1'), http: city.api, mqtt: city.mqtt }, 'cluster', say);
  } finally {
    await city.stop();
  }
}

async function measureOne(place: Place, name: string, say: Say): Promise<BenchFigures> {
  const street = await makeStreet(place.data, place.http, 1);
  const own = street.lamps[0] as StreetLamp;
  const folder = join(place.data, '..', `${name}-lamp`);
  const lamp = await startLamp({ folder, policy: join(place.data, 'city.policy'), mqtt: place.mqtt, street, lamp: own });
  const [applied, answered]: [number[], number[]] = [[], []];
  for (let i = 0; i < ORDER_COUNT; i++) {
    const times = await orderOnce(place.http, street, own, lamp);
    applied.push(times.appliedMs);
    answered.push(times.answeredMs);
  }
  await lamp.stop();
  street.api.close();
  say(`${name}: ${ORDER_COUNT} orders, applied p95 ${percentile(applied, 0.95).toFixed(0)} ms`);
  return {
    [`${name}AppliedP50Ms`]: percentile(applied, 0.5),
    [`${name}AppliedP95Ms`]: percentile(applied, 0.95),
    [`${name}AnsweredP95Ms`]: percentile(answered, 0.95),
  };
}

async function orderOnce(
  http: string,
  street: Street,
  { hex }: StreetLamp,
  lamp: AgentLamp,
): Promise<{ readonly appliedMs: number; readonly answeredMs: number }> {
  await until('the lamp is heard of', async () => {
    const zone = (await (await fetch(`${http}/api/v1/zones/${street.hex}`)).json()) as { readonly challengedCount?: number };
    return zone.challengedCount === 1;
  });
  const count = lamp.done.length;
  const begunMs = performance.now();
  let appliedMs = Number.NaN;
  const watching = setInterval(() => {
    if (Number.isNaN(appliedMs) && lamp.done.length > count) appliedMs = performance.now() - begunMs;
  }, 1);
  const id = await order(http, street, { device: hex, command: 'light/full' });
  await until('the answer is there', async () => (await orderAt(http, id))?.state === 'applied');
  clearInterval(watching);
  return { appliedMs, answeredMs: performance.now() - begunMs };
}

async function measureMany(root: string, say: Say): Promise<BenchFigures> {
  const data = join(root, 'many');
  const city = await CityProcess.start(data);
  const lamps = fork(LAMPS, [], { serialization: 'advanced', execArgv: [] });
  try {
    const street = await makeStreet(data, city.http, LAMP_COUNT);
    say(`${LAMP_COUNT} lamps are enrolled`);
    const { keySet, envelope } = street;
    const policy = new Uint8Array(readFileSync(join(data, 'city.policy')));
    lamps.send({ mqtt: city.mqtt, seeds: street.lamps.map(({ seed }) => seed), keySet, envelope, policy } satisfies LampsRequest);
    await next(lamps);
    say('all of them are connected');
    const begunMs = Date.now();
    const id = await order(city.http, street, { command: 'light/full', lifetimeMs: LIFETIME_MS });
    const issuedMs = Date.now() - begunMs;
    let answeredMs = Number.NaN;
    let report: LampsReport = { appliedMs: [], orderSize: 0, refused: 0 };
    while (Date.now() < begunMs + LIFETIME_MS && Number.isNaN(answeredMs)) {
      await sleep(LOOK_MS);
      if (((await orderAt(city.http, id))?.appliedCount ?? 0) >= LAMP_COUNT * 0.99) answeredMs = Date.now() - begunMs;
    }
    lamps.send('report');
    report = (await next(lamps)) as LampsReport;
    const times = report.appliedMs.map((ms) => ms - begunMs);
    say(`${times.length} lamps obeyed`);
    const all = { manyIssuedMs: issuedMs, manyCount: times.length, manyApplied50Ms: percentile(times, 0.5) };
    return { ...all, manyApplied99Ms: percentile(times, 0.99), manyAnswered99Ms: answeredMs, manyBytes: report.orderSize };
  } finally {
    lamps.kill();
    await city.end('SIGTERM');
  }
}

async function next(child: ReturnType<typeof fork>): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the lamps ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return message;
}
