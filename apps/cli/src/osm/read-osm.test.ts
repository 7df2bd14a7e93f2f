/** The same place as XML and as PBF gives the same items; what is neither is refused in one sentence, wherever it ends. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { inFolder } from '../../../../test/support/folder.ts';
import { CliFailure } from '../failure.ts';
import { type OsmItem, readOsm } from './read-osm.ts';

const XML = `<?xml version='1.0'?><osm version="0.6">
<node id="1" lat="58.3776" lon="26.729"><tag k="highway" v="street_lamp"/></node>
<node id="2" lat="58.378" lon="26.73"/>
<node id="9000000001" lat="-58.4" lon="-26.7"><tag k="highway" v="crossing"/><tag k="name" v="Jõe"/></node>
<way id="7"><nd ref="1"/><nd ref="2"/><nd ref="9000000001"/><tag k="highway" v="residential"/></way>
</osm>`;

/** As protocol buffers have numbers: seven bits a byte, the lowest first. */
function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** Signed numbers, small ones in few bytes, each as the distance from the one before. */
function deltas(values: readonly number[]): number[] {
  return values.flatMap((value, i) => {
    const distance = BigInt(value - (values[i - 1] ?? 0));
    return varint(distance < 0n ? -2n * distance - 1n : 2n * distance);
  });
}

const field = (number: number, bytes: Iterable<number>): number[] => {
  const content = [...bytes];
  return [...varint(number * 8 + 2), ...varint(content.length), ...content];
};
const whole = (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)];
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

/** A file of one block with these items, in the form of fileformat.proto and osmformat.proto. */
function pbfOf(block: readonly number[]): Buffer {
  const part = (type: string, content: readonly number[]): Buffer => {
    const blob = [...whole(2, content.length), ...field(3, deflateSync(Uint8Array.from(content)))];
    const header = [...field(1, utf8(type)), ...whole(3, blob.length)];
    const length = Buffer.alloc(4);
    length.writeUInt32BE(header.length);
    return Buffer.concat([length, Uint8Array.from(header), Uint8Array.from(blob)]);
  };
  return Buffer.concat([part('OSMHeader', field(4, utf8('OsmSchema-V0.6'))), part('OSMData', block)]);
}

const STRINGS = ['', 'highway', 'street_lamp', 'crossing', 'name', 'Jõe', 'residential'];
/** The items of XML: nodes as dense ones, with their tags in one list that a zero parts. */
const PBF = pbfOf([
  ...field(
    1,
    STRINGS.flatMap((text) => field(1, utf8(text))),
  ),
  ...field(
    2,
    field(2, [
      ...field(1, deltas([1, 2, 9_000_000_001])),
      ...field(8, deltas([583_776_000, 583_780_000, -584_000_000])),
      ...field(9, deltas([267_290_000, 267_300_000, -267_000_000])),
      ...field(10, [1, 2, 0, 0, 1, 3, 4, 5, 0]),
    ]),
  ),
  ...field(2, field(3, [...whole(1, 7), ...field(2, [1]), ...field(3, [6]), ...field(8, deltas([1, 2, 9_000_000_001]))])),
]);

async function itemsOf(content: Uint8Array): Promise<readonly OsmItem[]> {
  const items: OsmItem[] = [];
  await inFolder({}, async (folder) => {
    const file = join(folder, 'place');
    writeFileSync(file, content);
    for await (const item of readOsm(file)) items.push(item);
  });
  return items;
}

describe('files of OpenStreetMap', () => {
  test('hold the same as XML, gzipped, and as PBF', async () => {
    const items = await itemsOf(utf8(XML));
    assert.deepEqual(
      items.map(({ type, tags }) => [type, Object.fromEntries(tags)]),
      [
        ['node', { highway: 'street_lamp' }],
        ['node', {}],
        ['node', { highway: 'crossing', name: 'Jõe' }],
        ['way', { highway: 'residential' }],
      ],
    );
    assert.deepEqual(await itemsOf(gzipSync(XML)), items);
    assert.deepEqual(await itemsOf(PBF), items);
  });

  test('that end early, or hold what is none of it, are refused in one sentence', async () => {
    const cut = [4, 5, 20, 30, PBF.length - 40, PBF.length - 1].map((size) => PBF.subarray(0, size));
    const damaged = Buffer.from(PBF);
    damaged.fill(0xff, PBF.length - 60, PBF.length - 20);
    const huge = Buffer.from(PBF);
    huge.writeUInt32BE(0xffff_ffff);
    for (const content of [...cut, damaged, huge, pbfOf([0xff, 0xff, 0xff]), pbfOf(field(2, [9, 9])), Buffer.alloc(64, 7)])
      await assert.rejects(itemsOf(content), (error) => {
        assert.ok(error instanceof CliFailure, String(error));
        assert.match(error.message, /is no OpenStreetMap file: ./);
        return true;
      });
  });
});
