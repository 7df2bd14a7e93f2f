/** `npm run simulate -- --seed N --ticks M`: see docs/simulator.md. */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { PLANTS, type Plant } from './plants.ts';
import { replaceWorld } from './replace.ts';

const USAGE = `npm run simulate -- [--seed N] [--ticks M] [--engine embedded|agreement] [--plant ${PLANTS.join('|')}]`;
const [EXIT_BROKEN, EXIT_USAGE] = [1, 2];
const SEED_END = 2 ** 32;

type Asked = {
  readonly seed: number;
  readonly ticks: number;
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
    help,
  } = parseArgs({
    options: { seed: text, ticks: text, engine: text, plant: text, help: { type: 'boolean' } },
  }).values;
  if (help === true) return '';
  const numbers = { seed: seed === undefined ? randomInt(SEED_END) : Number(seed), ticks: Number(ticks) };
  if (!Number.isInteger(numbers.seed) || numbers.seed < 0 || numbers.seed >= SEED_END)
    return 'a seed is a whole number below 2^32';
  if (!Number.isInteger(numbers.ticks) || numbers.ticks < 1) return 'ticks are a whole number from 1 on';
  if (engine !== undefined && engine !== 'embedded' && engine !== 'agreement') return `there is no engine ${engine}`;
  const found = PLANTS.find((each) => each === plant);
  if (plant !== undefined && found === undefined) return `there is no fault ${plant} to plant`;
  return { ...numbers, ...(engine === undefined ? {} : { engine }), ...(found === undefined ? {} : { plant: found }) };
}

async function main(): Promise<void> {
  let asked: Asked | string;
  try {
    asked = readOptions();
  } catch (error) {
    asked = (error as Error).message;
  }
  if (typeof asked === 'string') {
    console.error(asked === '' ? USAGE : `${asked}\n${USAGE}`);
    process.exitCode = asked === '' ? 0 : EXIT_USAGE;
    return;
  }
  replaceWorld();
  // Only now: what they load lives in the simulated world.
  await import('@oppidum/node/signature-worker');
  const { simulate } = await import('./world.ts');
  const broken = await simulate({ ...asked, write: (line) => console.log(line) });
  if (broken !== null) process.exitCode = EXIT_BROKEN;
}

await main();
