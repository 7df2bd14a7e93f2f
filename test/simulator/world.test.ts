/**
 * The simulated city from outside, as `npm run simulate` prints it. One seed is always the same, one is new each time and printed: with
 * its ticks it replays. CI lets both run for about two minutes together.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';

const MAIN = resolve(import.meta.dirname, 'main.ts');
const TICKS = Number(process.env['OPPIDUM_SIMULATOR_TICKS'] ?? (process.env['CI'] === undefined ? 300 : 4_000));
const FIXED_SEED = 2026;
/** Of a life in which all of it happens early. */
const SEATED_SEED = 33;

type Ran = { readonly exitCode: number | null; readonly output: string };

async function run(...words: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output };
}

const lastLine = ({ output }: Ran): string => output.trimEnd().split('\n').at(-1) ?? '';
const cityOf = (seed: number, ticks: number): string[] => ['--seed', String(seed), '--ticks', String(ticks)];

describe('a simulated city', { concurrency: 2 }, () => {
  for (const [name, seed] of [
    ['the same', FIXED_SEED],
    ['a new', randomInt(2 ** 32)],
  ] as const)
    test(`every law holds with ${name} seed`, async (t) => {
      const words = cityOf(seed, TICKS);
      t.diagnostic(`npm run simulate -- ${words.join(' ')}`);
      const ran = await run(...words);
      assert.equal(ran.exitCode, 0, ran.output);
      assert.match(lastLine(ran), /^holds: [1-9]\d* executed/);
      assert.match(lastLine(ran), /, [1-9]\d* readings anchored, /);
      // The calls of each life passed the grammar, and among them were heights of several proposals.
      if (seed === FIXED_SEED) assert.match(lastLine(ran), /, [1-9]\d* heights of several proposals, /);
    });

  test('who votes changes, double votes are proven, and nodes with an empty disk begin with the state of others', async () => {
    const ran = await run(...cityOf(SEATED_SEED, 400), '--engine', 'agreement');
    assert.equal(ran.exitCode, 0, ran.output);
    assert.match(lastLine(ran), /, [1-9]\d* changes of validators, [1-9]\d* double votes, [1-9]\d* states restored, /);
  });

  for (const engine of ['embedded', 'agreement'] as const)
    test(`a seed is one life: two runs print the same, byte for byte (${engine})`, async () => {
      const words = [...cityOf(7, 100), '--engine', engine];
      const [first, second] = await Promise.all([run(...words), run(...words)]);
      assert.equal(first.exitCode, 0, first.output);
      assert.equal(first.output, second.output);
      const other = await run(...cityOf(8, 100), '--engine', engine);
      assert.notEqual(other.output.split('\n').at(-3), first.output.split('\n').at(-3));
    });

  const planted: readonly (readonly [plant: string, engine: string, seed: number, finding: RegExp])[] = [
    ['swapped', 'agreement', 1, /app hash of block \d+ at validator 1/],
    ['early-answer', 'agreement', 1, /lost the acknowledged transaction [0-9a-f]{64}/],
    ['early-answer', 'embedded', 1, /lost the acknowledged transaction [0-9a-f]{64}/],
    ['early-receipt', 'embedded', 1, /lost the acknowledged reading [0-9a-f]{64} at \d+/],
    ['lying-disk', 'agreement', 1, /node \d failed: (LAST_SIGNED_LOST|LAST_SIGNED_CONFLICT|LOG_DAMAGED)/],
    ['lying-disk', 'embedded', 1, /node 0 failed: (LAST_SIGNED_LOST|LAST_SIGNED_CONFLICT|LOG_DAMAGED)/],
  ];
  for (const [plant, engine, seed, finding] of planted)
    test(`a fault that was planted is found, and its seed finds it again: ${plant}, ${engine}`, async () => {
      const words = [...cityOf(seed, 250), '--engine', engine, '--plant', plant];
      const [first, second] = [await run(...words), await run(...words)];
      assert.equal(first.exitCode, 1, first.output);
      assert.match(lastLine(first), /^BROKEN at tick \d+: /);
      assert.match(lastLine(first), finding);
      assert.equal(first.output, second.output);
    });

  test('what cannot be simulated is said, with how to ask', async () => {
    for (const words of [
      ['--seed', '-1'],
      ['--seed', '4294967296'],
      ['--ticks', '0'],
      ['--engine', 'raft'],
      ['--plant', 'rose'],
      ['--speed', '2'],
    ]) {
      const { exitCode, output } = await run(...words);
      assert.equal(exitCode, 2, words.join(' '));
      assert.match(output, /npm run simulate -- /);
    }
  });
});
