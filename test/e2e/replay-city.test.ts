/**
 * A year of a town's water network and a week of 207 road detectors, from their files into one city: every value kept, evidence of a
 * thousand readings chosen at random verified without the city, and the folder sound to its last byte.
 */

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { Dice } from '../simulator/dice.ts';
import { CityProcess, type ListedReading, listReadings, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { sharedPath, skipReason } from '../support/shared.ts';

/** Of each: what the file needs to be understood; values in a signed reading are a day of water and two hours of roads. */
const REPLAYS = [
  { file: 'data/water/batadal/dataset03.csv', flags: ['--time-format', 'DD/MM/YY HH', '--skip', 'ATT_FLAG', '--pack', '24'] },
  {
    file: 'data/traffic/metr-la-week/los_speed.csv',
    flags: ['--start', '2012-03-01T00:00:00', '--step', '5m', '--missing', '0', '--pack', '24'],
  },
] as const;
const VERIFIED_COUNT = 1_000;
/** Evidence asked for at a time. */
const ASKED_COUNT = 16;

type Line = {
  readonly survey?: { readonly values: number; readonly series: number };
  readonly devices?: readonly { readonly keptCount: number }[];
};

test('a year of water and a week of roads', { skip: skipReason() }, (t) =>
  inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    t.after(() => city.end('SIGKILL'));
    let valueCount = 0;
    for (const { file, flags } of REPLAYS) {
      const { code, stdout, stderr } = await runCommand([
        ...['replay', sharedPath(file), ...flags, '--json', '--api', city.http, '--data', data],
      ]);
      assert.equal(code, 0, stderr);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      const survey = lines.find((line) => line.survey !== undefined)?.survey;
      const kept = lines.at(-1)?.devices?.reduce((count, { keptCount }) => count + keptCount, 0);
      assert.equal(kept, survey?.values);
      valueCount += survey?.values ?? 0;
    }
    assert.ok(valueCount > 700_000, `${valueCount} values in the files`);

    let readings: ListedReading[] = [];
    await until('every value is listed and anchored', async () => {
      const facts = (await (await fetch(`${city.http}/api/v1/city`)).json()) as {
        readonly readModel: { behindReadings: number };
      };
      if (facts.readModel.behindReadings > 0) return false;
      readings = await listReadings(city.http);
      return readings.every(({ anchored }) => anchored);
    });
    assert.equal(
      readings.reduce((count, { recordCount }) => count + recordCount, 0),
      valueCount,
    );

    const seed = randomInt(2 ** 32);
    const chosen = choose(readings, VERIFIED_COUNT, new Dice(seed));
    const evidence: Uint8Array[] = [];
    while (chosen.length > 0)
      evidence.push(...(await Promise.all(chosen.splice(0, ASKED_COUNT).map(({ id }) => ask(city.http, id)))));
    await city.end('SIGTERM');

    const policy = parseCityPolicy(crypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
    const verdicts = evidence.map((file) => verifyEvidence(crypto, file, { policy }).verdict);
    assert.deepEqual(
      verdicts.filter((verdict) => verdict !== 'OK'),
      [],
      `seed ${seed}`,
    );
    assert.deepEqual((await checkFolder(data)).damages, []);
    t.diagnostic(`${valueCount} values in ${readings.length} readings, ${verdicts.length} verified (seed ${seed}), fsck clean`);
  }),
);

/** So many different ones. */
function choose(readings: readonly ListedReading[], count: number, dice: Dice): ListedReading[] {
  const left = [...readings];
  return Array.from({ length: count }, () => left.splice(dice.below(left.length), 1)[0] as ListedReading);
}

async function ask(http: string, id: string): Promise<Uint8Array> {
  const answer = await fetch(`${http}/api/v1/evidence/${id}`);
  assert.equal(answer.status, 200, id);
  return new Uint8Array(await answer.arrayBuffer());
}
