import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import { PhaseWatch } from './phase-watch.ts';

const PHASES = [{ number: 2 }, { number: 4 }];
const lit = (...lamps: readonly number[]): Uint8Array => Uint8Array.from(lamps);

test('each phase is told with what it shows and for how long', () => {
  const watch = new PhaseWatch();
  assert.equal(watch.text, '');
  watch.watch(PHASES, lit(LAMP_GREEN, LAMP_RED), false, 0);
  watch.watch(PHASES, lit(LAMP_GREEN, LAMP_RED), false, 12_900);
  assert.equal(watch.text, '2 green 12, 4 red 12');
  watch.watch(PHASES, lit(LAMP_YELLOW, LAMP_RED), false, 13_000);
  watch.watch(PHASES, lit(0, LAMP_RED), false, 17_000);
  assert.equal(watch.text, '2 dark 0, 4 red 17');
  watch.watch(PHASES, lit(0, LAMP_RED), true, 18_000);
  watch.watch(PHASES, lit(LAMP_RED, 0), true, 20_000);
  assert.equal(watch.text, '2 flash 2, 4 flash 2');
});

test('a phase that came with another matrix begins anew', () => {
  const watch = new PhaseWatch();
  watch.watch(PHASES, lit(LAMP_RED, LAMP_RED), false, 0);
  watch.watch([{ number: 4 }, { number: 6 }], lit(LAMP_RED, LAMP_RED), false, 5_000);
  assert.equal(watch.text, '4 red 5, 6 red 0');
});
