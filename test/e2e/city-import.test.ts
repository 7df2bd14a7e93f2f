/** `oppidum city import`: as many lamps, signals and crossings as the file has tags, streets that the simulated city moves into. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { runCommand } from '../support/command-line.ts';
import { inFolder } from '../support/folder.ts';
import { sharedPath, skipReason } from '../support/shared.ts';

type Outcome = Readonly<Record<'streets' | 'street-lamps' | 'traffic-signals' | 'crossings' | 'skipped', number>>;
type MapFile = { readonly attribution: string; readonly features: readonly { readonly properties: { readonly kind: string } }[] };

const countOf = (text: string, value: string): number => text.split(`<tag k="highway" v="${value}"`).length - 1;

describe('a place of OpenStreetMap', () => {
  for (const name of ['berlin-siegessaeule', 'monaco']) {
    test(`${name}: counts are those of the file’s own tags`, { skip: skipReason() }, () =>
      inFolder({}, async (folder) => {
        const file = sharedPath(`data/roads/osm/${name}.osm.gz`);
        const out = join(folder, 'map.geojson');
        const { code, stdout, stderr } = await runCommand(['city', 'import', file, '--out', out, '--json']);
        assert.equal(code, 0, stderr);
        const outcome = JSON.parse(stdout) as Outcome;
        const text = gunzipSync(readFileSync(file)).toString('utf8');
        assert.deepEqual(
          [outcome['street-lamps'], outcome['traffic-signals'], outcome.crossings],
          [countOf(text, 'street_lamp'), countOf(text, 'traffic_signals'), countOf(text, 'crossing')],
        );
        const { attribution, features } = JSON.parse(readFileSync(out, 'utf8')) as MapFile;
        assert.match(attribution, /OpenStreetMap/);
        const kinds = Map.groupBy(features, ({ properties }) => properties.kind);
        const streetCount = (kinds.get('street') ?? []).length + (kinds.get('bridge') ?? []).length;
        assert.ok(outcome.streets > 100 && streetCount === outcome.streets);
      }),
    );
  }

  for (const [what, text] of [
    ['nothing', ''],
    ['no map', 'hello'],
    ['XML that ends early', '<osm><node id="1"'],
    ['XML of something else', '<html></html>'],
    ['entities of its own', '<!DOCTYPE osm [<!ENTITY a "aaaa">]><osm>&a;</osm>'],
  ] as const)
    test(`${what} is refused in one sentence`, () =>
      inFolder({}, async (folder) => {
        const file = join(folder, 'x.osm');
        writeFileSync(file, text);
        const { code, stderr } = await runCommand(['city', 'import', file, '--out', join(folder, 'map.geojson')]);
        assert.deepEqual([code, /is no OpenStreetMap file/.test(stderr)], [1, true], stderr);
      }));
});
