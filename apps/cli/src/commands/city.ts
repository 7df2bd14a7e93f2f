/** `oppidum city import FILE`: streets, lamps, signals and crossings of a real place, for maps and for the simulated city. */

import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { addExamples, COMMAND, openCli } from '../cli.ts';
import { makeCityMap } from '../osm/city-map.ts';
import { readOsm } from '../osm/read-osm.ts';

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
