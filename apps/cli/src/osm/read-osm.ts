/** Nodes and ways of an OpenStreetMap file, one after the other: OSM XML (also gzipped) or PBF. Nothing is kept here. */

import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { createOSMStream } from 'osm-pbf-parser-node';
import { SaxesParser } from 'saxes';
import { CliFailure, EXIT } from '../failure.ts';

export type Tags = ReadonlyMap<string, string>;
export type OsmItem =
  | { readonly type: 'node'; readonly id: string; readonly lat: number; readonly lon: number; readonly tags: Tags }
  | { readonly type: 'way'; readonly nodes: readonly string[]; readonly tags: Tags };

const GZIP_START = 0x1f8b;
const NO_TAGS: Tags = new Map();

/** Reads a file by what it holds, whatever it is called. Throws exit code 1 where it is none of these. */
export async function* readOsm(file: string): AsyncGenerator<OsmItem> {
  const start = readStart(file);
  const unreadable = (reason: string): CliFailure =>
    new CliFailure(`${file} is no OpenStreetMap file: ${reason}`, {
      exitCode: EXIT.failed,
      action: 'OSM XML (.osm, .osm.gz) and PBF (.osm.pbf) are read',
    });
  try {
    if (start.length < 4) throw new Error('it is empty');
    if (start.readUInt16BE(0) === GZIP_START) yield* readXml(createReadStream(file).pipe(createGunzip()));
    else if (/^\s*</.test(start.toString('utf8').replace(/^\ufeff/, ''))) yield* readXml(createReadStream(file));
    else yield* readPbf(file);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw unreadable((error as Error).message.split('\n')[0] ?? '');
  }
}

function readStart(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const start = Buffer.alloc(64);
    return start.subarray(0, readSync(descriptor, start));
  } finally {
    closeSync(descriptor);
  }
}

/** What is open while XML is read: a node or way with what was said in it so far. */
type Open = {
  readonly type: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly nodes: string[];
  readonly tags: Map<string, string>;
};

async function* readXml(stream: Readable): AsyncGenerator<OsmItem> {
  const items: OsmItem[] = [];
  let open: Open | null = null;
  let isOsm = false;
  const parser = new SaxesParser();
  // Entities of its own could grow without end; OpenStreetMap has none.
  parser.on('doctype', () => {
    throw new Error('it declares a document type');
  });
  parser.on('opentag', ({ name, attributes }) => {
    // Without namespaces every attribute is its text.
    const plain = attributes as Readonly<Record<string, string>>;
    if (name === 'osm') isOsm = true;
    else if (name === 'node' || name === 'way') open = { type: name, attributes: plain, nodes: [], tags: new Map() };
    else if (name === 'tag') open?.tags.set(plain['k'] ?? '', plain['v'] ?? '');
    else if (name === 'nd') open?.nodes.push(plain['ref'] ?? '');
  });
  parser.on('closetag', ({ name }) => {
    if (open === null || name !== open.type) return;
    items.push(itemOf(open));
    open = null;
  });
  parser.on('error', (error) => {
    throw error;
  });
  stream.setEncoding('utf8');
  for await (const text of stream as AsyncIterable<string>) {
    parser.write(text);
    yield* items.splice(0);
  }
  parser.close();
  yield* items.splice(0);
  if (!isOsm) throw new Error('it has no element `osm`');
}

function itemOf({ type, attributes, nodes, tags }: Open): OsmItem {
  if (type === 'way') return { type, nodes, tags };
  return { type: 'node', id: attributes['id'] ?? '', lat: Number(attributes['lat']), lon: Number(attributes['lon']), tags };
}

type PbfItem = {
  readonly type?: string;
  readonly id?: number;
  readonly lat?: number;
  readonly lon?: number;
  readonly refs?: readonly number[];
  readonly tags?: Readonly<Record<string, string>>;
};

async function* readPbf(file: string): AsyncGenerator<OsmItem> {
  for await (const item of createOSMStream(file, { withTags: true }) as AsyncIterable<PbfItem>) {
    const tags = item.tags === undefined ? NO_TAGS : new Map(Object.entries(item.tags));
    if (item.type === 'node')
      yield { type: 'node', id: String(item.id), lat: item.lat ?? Number.NaN, lon: item.lon ?? Number.NaN, tags };
    else if (item.type === 'way') yield { type: 'way', nodes: (item.refs ?? []).map(String), tags };
  }
}
