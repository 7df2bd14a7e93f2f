/**
 * A city of as many devices as wished, for browsers: the real gateway's pages and answers, but its devices, their places and what they say
 * are made up here, in the forms of the API. Nothing of it is signed, so it is for measuring how pages draw, and for nothing else.
 */

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { LatestPageJson, ReadingJson, RecordJson, SampleJson } from '@oppidum/gateway/api/readings';
import type { DeviceJson } from '@oppidum/gateway/api-types';

const TYPES = ['street-light', 'signal-head', 'road-loop', 'bridge', 'tank', 'feeder', 'bench', 'tram', 'truck', 'air-quality'];
/** A square of streets about here (WGS 84), and as wide as that. */
const [LATITUDE, LONGITUDE, WIDTH_DEGREES] = [59.43, 24.74, 0.08];
const PAGE_LIMIT_MAX = 1_000;
const SENDS_A_SECOND = 50;
/** Of each device, one a minute. */
const READING_COUNT = 100_000;
const READINGS_BEGIN_MS = Date.UTC(2026, 0, 1);
const READING_INDEXES = Array.from({ length: READING_COUNT }, (_, n) => READING_COUNT - 1 - n);

export type BigCity = {
  readonly http: string;
  /** Readings told to each open stream, from now on. */
  readonly tell: (perSecond: number) => void;
  readonly streamCount: () => number;
  readonly close: () => Promise<void>;
};

/** Serves `deviceCount` devices in front of the gateway at `upstream`. */
export async function serveBigCity(upstream: string, deviceCount: number): Promise<BigCity> {
  const devices = Array.from({ length: deviceCount }, (_, number) => deviceOf(number));
  const numbers = new Map(devices.map(({ id }, number) => [id, number]));
  const streams = new Set<ServerResponse>();
  let [perSecond, sequence, owed] = [0, 0, 0];
  const timer = setInterval(() => {
    owed += perSecond / SENDS_A_SECOND;
    let events = '';
    for (; owed >= 1; owed--) events += readingEvent(sequence++, deviceCount);
    if (events !== '') for (const stream of streams) stream.write(events);
  }, 1_000 / SENDS_A_SECOND);
  const server = createServer((asked, answer) => {
    const url = new URL(asked.url ?? '/', upstream);
    if (url.pathname === '/api/v1/live') return openStream(streams, answer);
    if (url.pathname === '/api/v1/devices') return sendJson(answer, pageOf(devices, url));
    const number = numbers.get(url.pathname.replace('/api/v1/devices/', ''));
    if (number !== undefined)
      return sendJson(answer, { ...deviceOf(number), keys: [], suspensions: [], readingCount: READING_COUNT });
    if (url.pathname === '/api/v1/readings') return sendJson(answer, readingsOf(url));
    if (url.pathname === '/api/v1/readings/latest') return sendJson(answer, latestOf(url, deviceCount));
    passOn(asked, answer, url);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    http: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tell(rate) {
      perSecond = rate;
    },
    streamCount: () => streams.size,
    close() {
      clearInterval(timer);
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

function idOf(kind: number, number: number): string {
  return (kind.toString(16) + number.toString(16).padStart(8, '0')).padEnd(64, 'c');
}

function typeOf(number: number): string {
  return TYPES[number % TYPES.length] ?? '';
}

function deviceOf(number: number): DeviceJson {
  const deviceType = typeOf(number);
  return {
    ...{
      id: idOf(1, number),
      label: `${deviceType} ${number}`,
      model: idOf(2, number % TYPES.length),
      modelName: `${deviceType} S`,
    },
    ...{ deviceType, manufacturer: idOf(3, 0), manufacturerName: 'Synthetic works', simulated: true, personal: false },
    ...{ status: number % 97 === 0 ? 'suspended' : 'active', grade: 'device', keyNumber: 0, registration: idOf(4, number) },
    ...{ from: 5, to: null, reason: null, lastReadingMs: Date.now() - number, readingCount: 100 + number, zone: null },
  };
}

/** Scattered, and the same at each run. */
function placeOf(number: number): { readonly lat: number; readonly lon: number } {
  const part = (factor: number): number => ((number * factor) % 10_007) / 10_007;
  return { lat: LATITUDE + WIDTH_DEGREES * part(3_571), lon: LONGITUDE + 2 * WIDTH_DEGREES * part(7_919) };
}

function pageOf<T>(items: readonly T[], { searchParams }: URL): { readonly items: readonly T[]; readonly next: string | null } {
  const limit = Math.min(PAGE_LIMIT_MAX, Number(searchParams.get('limit') ?? 100));
  const from = Number(searchParams.get('cursor') ?? 0);
  return { items: items.slice(from, from + limit), next: from + limit < items.length ? String(from + limit) : null };
}

function latestOf(url: URL, deviceCount: number): LatestPageJson {
  const unit = url.searchParams.get('unit');
  const count = unit === 'lat' || unit === 'lon' ? deviceCount : 0;
  const numbers = pageOf(
    Array.from({ length: count }, (_, number) => number),
    url,
  );
  const items = numbers.items.map((number): SampleJson => {
    const { lat, lon } = placeOf(number);
    return {
      ...{
        device: idOf(1, number),
        label: null,
        name: unit ?? '',
        unit,
        value: unit === 'lat' ? lat : lon,
        data: null,
        sum: null,
      },
      ...{ timeMs: Date.now(), shardNumber: 0, index: number },
    };
  });
  return { items, next: numbers.next, personalDevices: 0, behindReadings: 0 };
}

/** The newest first, at the same moments at each asking. */
function readingsOf(url: URL): { readonly items: readonly ReadingJson[]; readonly next: string | null } {
  const device = url.searchParams.get('device') ?? '';
  const { items, next } = pageOf(READING_INDEXES, url);
  const readings = items.map((index): ReadingJson => {
    const timeMs = READINGS_BEGIN_MS + 60_000 * index;
    const record = {
      name: 'level',
      unit: 'm',
      value: Math.round(1_000 * Math.sin(index / 50)) / 100,
      data: null,
      sum: null,
      timeMs,
    };
    return {
      ...{
        id: idOf(9, index),
        device,
        label: null,
        shard: idOf(8, 0),
        index,
        sequence: index,
        keyNumber: 0,
        receivedMs: timeMs,
        timeMs,
      },
      ...{ clockErrorMs: 5, grade: 'device', anchored: true, personal: false, records: [record], recordCount: 1 },
    };
  });
  return { items: readings, next };
}

function readingEvent(sequence: number, deviceCount: number): string {
  // Steps that share no factor with the count come by every device.
  const number = (sequence * 7_919) % deviceCount;
  const [device, deviceType, timeMs] = [idOf(1, number), typeOf(number), Date.now()];
  const value = Math.round(1_000 * Math.sin(sequence)) / 100;
  const record: RecordJson = { name: 'level', unit: 'm', timeMs, value, data: null, sum: null };
  const data = {
    ...{ id: idOf(9, sequence), device, label: `${deviceType} ${number}`, deviceType, shard: idOf(8, 0), index: sequence },
    ...{ sequence, receivedMs: timeMs, timeMs, clockErrorMs: 5, personal: false, recordCount: 1, records: [record] },
  };
  return `event: readings\nid: ${sequence}\ndata: ${JSON.stringify(data)}\n\n`;
}

function openStream(streams: Set<ServerResponse>, answer: ServerResponse): void {
  answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  answer.write('event: open\nid: 0\ndata: {}\n\n');
  streams.add(answer);
  answer.once('close', () => streams.delete(answer));
}

/** Compressed, as the gateway does. */
function sendJson(answer: ServerResponse, value: unknown): void {
  answer.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-encoding': 'gzip' });
  answer.end(gzipSync(JSON.stringify(value), { level: 1 }));
}

/** As it is, compressed or not. */
function passOn(asked: IncomingMessage, answer: ServerResponse, url: URL): void {
  const onward = request(url, { method: asked.method, headers: asked.headers }, (given) => {
    answer.writeHead(given.statusCode ?? 502, given.headers);
    given.pipe(answer);
  });
  onward.once('error', () => answer.destroy());
  asked.pipe(onward);
}
