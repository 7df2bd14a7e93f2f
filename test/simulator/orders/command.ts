/** `npm run simulate -- --orders COUNT`: random sequences of orders against an adversary with too few keys; see docs/precision.md. */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ORDER_PLANTS, type OrderPlant } from '../plants.ts';
import { idealHands, realHands } from './hands.ts';
import { simulateOrders } from './run.ts';

const [EXIT_BROKEN, EXIT_USAGE] = [1, 2];
const SEED_END = 2 ** 32;

type Asked = {
  readonly seed: number;
  readonly count: number;
  readonly isReal: boolean;
  readonly plant: OrderPlant | null;
};

function readOptions(args: readonly string[]): Asked | string {
  const text = { type: 'string' } as const;
  const {
    seed,
    orders,
    real = false,
    plant,
  } = parseArgs({ args: [...args], options: { seed: text, orders: text, plant: text, real: { type: 'boolean' } } }).values;
  const numbers = { seed: seed === undefined ? randomInt(SEED_END) : Number(seed), count: Number(orders) };
  if (!Number.isInteger(numbers.seed) || numbers.seed < 0 || numbers.seed >= SEED_END)
    return 'a seed is a whole number below 2^32';
  if (!Number.isInteger(numbers.count) || numbers.count < 1) return 'sequences are a whole number from 1 on';
  const found = ORDER_PLANTS.find((each) => each === plant);
  if (plant !== undefined && found === undefined) return `there is no fault ${plant} to plant`;
  return { ...numbers, isReal: real, plant: found ?? null };
}

/** Runs what is asked and sets the exit code: 1 when something moved that nobody had authorised. */
export async function simulateOrdersCommand(args: readonly string[], usage: string): Promise<void> {
  let asked: Asked | string;
  try {
    asked = readOptions(args);
  } catch (error) {
    asked = (error as Error).message;
  }
  if (typeof asked === 'string') {
    console.error(`${asked}\n${usage}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  const { seed, count, isReal, plant } = asked;
  console.log(`seed ${seed}, ${count} sequences, ${isReal ? 'real' : 'ideal'} signatures`);
  const run = await simulateOrders({
    hands: isReal ? realHands : idealHands,
    seed,
    count,
    plant,
    onProgress: (done, { delivered, obeyed }) => console.log(`${done} sequences, ${delivered} messages, ${obeyed} obeyed`),
  });
  const { sequences, delivered, obeyed, brokenGlass, powerCuts, interrupted, breach } = run;
  const what = `${sequences} sequences: ${delivered} messages, ${obeyed} obeyed, of which ${brokenGlass} by break-glass; ${powerCuts} power cuts, ${interrupted} in the middle of an order`;
  if (breach === null) {
    console.log(`${what}; 0 unauthorised actions`);
    return;
  }
  console.log(`${what}\nBROKEN ${breach.what}; again with --orders 1 --seed ${breach.seed}`);
  process.exitCode = EXIT_BROKEN;
}
