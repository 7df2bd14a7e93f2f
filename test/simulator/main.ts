/**
 * `npm run simulate -- --seed N --ticks M` or `--signals COUNT`: see docs/simulator.md; `--orders COUNT`: docs/precision.md;
 * `npm run simulate -- lighting`: docs/lighting.md.
 */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ORDER_PLANTS, PLANTS, type Plant, SIGNAL_PLANTS, type SignalPlant } from './plants.ts';
import { replaceWorld } from './replace.ts';

const USAGE = `npm run simulate -- [--seed N] [--ticks M] [--engine embedded|agreement] [--plant ${PLANTS.join('|')}]`;
const LIGHTING_USAGE = 'npm run simulate -- lighting [--help]';
const SIGNALS_USAGE = `npm run simulate -- --signals COUNT [--seed N] [--plant ${SIGNAL_PLANTS.join('|')}]`;
const ORDERS_USAGE = `npm run simulate -- --orders COUNT [--seed N] [--real] [--plant ${ORDER_PLANTS.join('|')}]`;
const [EXIT_BROKEN, EXIT_USAGE] = [1, 2];
const SEED_END = 2 ** 32;

type Asked = {
  readonly seed: number;
  readonly ticks: number;
  /** So many sequences at intersections instead of a city. */
  readonly signals?: number;
  readonly signalPlant?: SignalPlant;
  readonly engine?: 'embedded' | 'agreement';
  readonly plant?: Plant;
};

function readOptions(): Asked | string {
  const text = { type: 'string' } as const;
  const {
    seed,
    ticks = '2000',
    engine,
    plant,
    signals,
    help,
  } = parseArgs({
    options: { seed: text, ticks: text, engine: text, plant: text, signals: text, help: { type: 'boolean' } },
  }).values;
  if (help === true) return '';
  const numbers = { seed: seed === undefined ? randomInt(SEED_END) : Number(seed), ticks: Number(ticks) };
  if (!Number.isInteger(numbers.seed) || numbers.seed < 0 || numbers.seed >= SEED_END)
    return 'a seed is a whole number below 2^32';
  if (!Number.isInteger(numbers.ticks) || numbers.ticks < 1) return 'ticks are a whole number from 1 on';
  if (signals !== undefined) return readSignals(numbers, { signals: Number(signals), plant });
  if (engine !== undefined && engine !== 'embedded' && engine !== 'agreement') return `there is no engine ${engine}`;
  const found = PLANTS.find((each) => each === plant);
  if (plant !== undefined && found === undefined) return `there is no fault ${plant} to plant`;
  return { ...numbers, ...(engine === undefined ? {} : { engine }), ...(found === undefined ? {} : { plant: found }) };
}

function readSignals(
  numbers: { readonly seed: number; readonly ticks: number },
  { signals, plant }: { readonly signals: number; readonly plant: string | undefined },
): Asked | string {
  if (!Number.isInteger(signals) || signals < 1) return 'sequences are a whole number from 1 on';
  const signalPlant = SIGNAL_PLANTS.find((each) => each === plant);
  if (plant !== undefined && signalPlant === undefined) return `there is no fault ${plant} to plant`;
  return { ...numbers, signals, ...(signalPlant === undefined ? {} : { signalPlant }) };
}

/** Prints what was counted; true when every law held. */
async function simulateSignals(seed: number, sequenceCount: number, plant: SignalPlant | undefined): Promise<boolean> {
  const { runSignals } = await import('./signals.ts');
  let saidAt = 0;
  const counts = runSignals({
    seed,
    sequenceCount,
    ...(plant === undefined ? {} : { plant }),
    say({ sequences, breaches }) {
      if (sequences - saidAt < 50_000) return;
      saidAt = sequences;
      console.error(`${sequences} sequences, ${breaches.length} breaches`);
    },
  });
  const { breaches, trips, ...numbers } = counts;
  const trip = Object.entries(trips).map(([reason, count]) => `${reason} ${count}`);
  console.log(`seed ${seed}`);
  for (const [name, count] of Object.entries({ ...numbers, breaches: breaches.length })) console.log(`${name} ${count}`);
  console.log(`trips ${trip.join(', ')}`);
  for (const breach of breaches.slice(0, 10)) console.log(`broken: ${breach}`);
  return breaches.length + counts.missedLatches + counts.falseTrips + counts.greensWhileTripped === 0;
}

async function main(): Promise<void> {
  if (process.argv[2] === 'lighting') {
    const { simulateLighting } = await import('./lighting/main.ts');
    simulateLighting(process.argv.slice(3));
    return;
  }
  if (process.argv.includes('--orders')) {
    const { simulateOrdersCommand } = await import('./orders/command.ts');
    return simulateOrdersCommand(process.argv.slice(2), ORDERS_USAGE);
  }
  let asked: Asked | string;
  try {
    asked = readOptions();
  } catch (error) {
    asked = (error as Error).message;
  }
  if (typeof asked === 'string') {
    const usage = [USAGE, SIGNALS_USAGE, ORDERS_USAGE, LIGHTING_USAGE].join('\n');
    console.error(asked === '' ? usage : `${asked}\n${usage}`);
    process.exitCode = asked === '' ? 0 : EXIT_USAGE;
    return;
  }
  if (asked.signals !== undefined) {
    if (!(await simulateSignals(asked.seed, asked.signals, asked.signalPlant))) process.exitCode = EXIT_BROKEN;
    return;
  }
  replaceWorld();
  // Only now: what they load lives in the simulated world.
  const { loadingWorker } = await import('./replaced/worker-threads.ts');
  loadingWorker('signature-worker.ts');
  await import('@oppidum/node/signature-worker');
  loadingWorker('check-worker.ts');
  await import('@oppidum/telemetry/check-worker');
  const { simulate } = await import('./world.ts');
  const broken = await simulate({ ...asked, write: (line) => console.log(line) });
  if (broken !== null) process.exitCode = EXIT_BROKEN;
}

await main();
