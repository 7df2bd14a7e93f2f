/**
 * A city that is killed under load, again and again, at seeded moments, in one folder: nothing that it acknowledged is ever missing.
 * OPPIDUM_FAULT_RUNS kills more often, OPPIDUM_FAULT_SEED at other moments.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../simulator/dice.ts';
import { CityProcess, until } from '../support/city-process.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { countLost, type Kept, Load } from './loaded-city.ts';

const KILL_COUNT = Number(process.env['OPPIDUM_FAULT_RUNS'] ?? 20);
const SEED = Number(process.env['OPPIDUM_FAULT_SEED'] ?? 2026);
const DEVICE_COUNT = 8;
const SIGNED_EACH = 250;
/** A kill comes after fewer receipts than this, of five times as many readings that wait, and fewer milliseconds than that. */
const KILL_AFTER_RECEIPTS = 400;
const KILL_AFTER_MS = 40;
const LAST_MS = 1_000;
const SAMPLE_COUNT = 500;

test('a city killed under load 20 times: every acknowledged reading is there, and its evidence verifies', (t) =>
  inTemporaryFolder(async (data) => {
    t.diagnostic(`kills: seed ${SEED}`);
    const dice = new Dice(SEED);
    let city = await CityProcess.start(data);
    const load = await Load.enrol(city, data, DEVICE_COUNT);
    const justBefore = new Map<string, Kept>();
    let underWay = 0;
    for (let kill = 0; kill < KILL_COUNT; kill++) {
      load.sign(SIGNED_EACH);
      let isKilled = false;
      const keepRunning = async (): Promise<void> => {
        // A device that was sent away comes again.
        for (; !isKilled && load.senders.some(({ waiting }) => waiting.length > 0); await sleep(20)) await load.run(city);
      };
      const running = keepRunning();
      const enough = load.kept.size + dice.below(KILL_AFTER_RECEIPTS);
      await until('there are receipts', () => load.kept.size >= enough);
      await sleep(dice.below(KILL_AFTER_MS));
      isKilled = true;
      await city.end('SIGKILL');
      const killedMs = performance.now();
      await running;
      if (load.senders.some(({ waiting }) => waiting.length > 0)) underWay++;
      const latest = [...load.kept].filter(([, { atMs }]) => atMs >= killedMs - LAST_MS);
      for (const [digest, kept] of latest) justBefore.set(digest, kept);
      city = await city.again(data);
      await load.sendAgain(
        city,
        latest.slice(-SAMPLE_COUNT).map(([, kept]) => kept),
      );
    }
    assert.deepEqual(load.changed, []);
    const all = [...load.kept.values()];
    assert.ok(all.length > KILL_COUNT * DEVICE_COUNT, `${all.length} acknowledged`);
    const sample = Array.from({ length: SAMPLE_COUNT }, () => all[dice.below(all.length)]!);
    const wanted = [...new Set([...justBefore.values(), ...sample])];
    // All by the receipts, and those by their evidence.
    await load.sendAgain(city, all);
    const lost = await countLost(city, data, wanted);
    await city.end('SIGTERM');
    const { damages, checked } = await checkFolder(data);
    t.diagnostic(
      `kills ${KILL_COUNT} (${underWay} with readings under way), acknowledged ${all.length}, proven ${wanted.length}, lost ${lost}`,
    );
    assert.ok(underWay > KILL_COUNT / 2, `${underWay} kills met the city at work`);
    assert.deepEqual(damages, []);
    assert.equal(lost, 0);
    assert.ok(
      Object.values(checked).some((count) => count >= all.length),
      JSON.stringify(checked),
    );
  }));
