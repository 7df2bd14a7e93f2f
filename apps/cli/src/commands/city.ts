/**
 * `oppidum city import FILE`: streets, lamps, signals and crossings of a real place, for maps and for the simulated city.
 * `oppidum city speed N`: how fast the clock of the simulated city runs, from now on.
 */

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { addExamples, COMMAND, openCli, wholeNumber } from '../cli.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { makeCityMap } from '../osm/city-map.ts';
import { readOsm } from '../osm/read-osm.ts';

const SPEED_MAX = 1_000;
/** A simulated city looks every second whether another speed is wished. */
const TAKEN_MS_MAX = 5_000;
const LOOK_MS = 100;

/** Adds subcommands and their work to the command. */
export function buildCity(command: Command): void {
  const imported = command
    .command('import')
    .description('read streets, lamps, signals and crossings from OpenStreetMap into a map file')
    .argument('<file>', 'OSM XML (.osm, .osm.gz) or PBF (.osm.pbf)')
    .option('--out <file>', 'the map, as GeoJSON', 'map.geojson')
    .action(importCity);
  addExamples(imported, [
    ['an extract of your city', 'city import berlin.osm.gz --out berlin.geojson'],
    ['and a simulated town in its streets', 'start --map berlin.geojson --data berlin'],
  ]);
  const speed = command
    .command('speed')
    .description('how fast the clock of the simulated city runs, from now on')
    .argument('<n>', '1 to 1000', wholeNumber('speed', 1, SPEED_MAX))
    .action(setSpeed);
  addExamples(speed, [
    ['its day in 24 minutes', 'city speed 60'],
    ['and slowly again, while something happens', 'city speed 1'],
  ]);
}

async function importCity(file: string, { out }: { readonly out: string }, self: Command): Promise<void> {
  const { output, json } = openCli(self);
  let itemCount = 0;
  const { map, counts } = await makeCityMap(readOsm(file), () => itemCount++);
  writeFileSync(out, JSON.stringify(map));
  if (json) {
    output.json({ file: out, items: itemCount, ...counts, attribution: map.attribution });
    return;
  }
  output.fields(Object.entries(counts).map(([name, count]) => [name.replace('-', ' '), count]));
  output.note(`Wrote ${out} (${map.attribution}). Show it with ${COMMAND} start --map ${out}.`);
}

/** Leaves the wish in the folder of the simulated city, and waits until it is taken. */
async function setSpeed(speed: number, _options: object, self: Command): Promise<void> {
  const { output, json, data } = openCli(self);
  const wish = join(data, 'demo', 'speed.wish');
  const away = new CliFailure(`No simulated city runs in ${data}`, {
    exitCode: EXIT.unavailable,
    action: `Start it with ${COMMAND} start --speed ${speed}, or name its folder with --data`,
  });
  if (!existsSync(join(data, 'demo', 'town.json'))) throw away;
  writeFileSync(wish, `${speed}\n`, { mode: 0o600 });
  const deadline = performance.now() + TAKEN_MS_MAX;
  while (existsSync(wish)) {
    if (performance.now() > deadline) {
      rmSync(wish, { force: true });
      throw away;
    }
    await sleep(LOOK_MS);
  }
  if (json) output.json({ speed });
  else output.note(speed === 1 ? 'Its clock runs as everyone’s.' : `Its clock runs ${speed} times as fast.`);
}
