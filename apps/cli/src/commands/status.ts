/** `oppidum status`: how the running city is, on one screen. */

import type { CityJson, HealthJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, COMMAND, formatTime, openCli, shortId } from '../cli.ts';
import { type Counters, readCounters } from '../counters.ts';
import { checkFolder } from '../doctor/folder-checks.ts';
import { formatSize, sizeOf } from '../doctor/operations-checks.ts';

const CODE_COUNT_MAX = 6;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Adds the work to the command. */
export function buildStatus(command: Command): void {
  command.action(showStatus);
  addExamples(command, [
    ['of the city on this machine', 'status'],
    ['of another one, for a program', 'status --api https://city.example --json'],
  ]);
}

async function showStatus(_options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const calls = new CityCalls(cli.api);
  const [city, health, counters] = await Promise.all([
    calls.get<CityJson>('/api/v1/city'),
    readHealth(calls),
    readCounters(calls),
  ]);
  const disk = diskOf(cli.data, city);
  if (cli.json) {
    cli.output.json({ ...city, api: cli.api, ready: health?.ok ?? false, checks: health?.checks ?? [], counters, disk });
    return;
  }
  const { checkpoint, readModel, mqtt, shards } = city;
  const waiting = city.logSize - checkpoint.size;
  cli.output.fields([
    ['city', city.name],
    ['genesis', city.genesis],
    ['version', `${city.version}, engine ${city.engine}`],
    ['ready', health?.ok === true ? 'yes' : 'no'],
    ['API', cli.api],
    ['MQTT', mqtt === null ? 'switched off' : `mqtt://${mqtt.host}:${mqtt.port}`],
    ['MQTT by TLS', mqtt === null || mqtt.tls === null ? 'switched off' : `mqtts://${mqtt.host}:${mqtt.tls.port}`],
    ['block', `${city.height}, ${formatTime(city.timeMs)}`],
    ['block log', `${city.logSize} leaves, ${describeWaiting(waiting, 'cosigned')}`],
    ...shards.map((shard) => {
      const state = `${shard.size} readings, ${describeWaiting(shard.size - shard.anchoredSize, 'anchored')}`;
      return [`shard ${shard.number}`, `${shortId(shard.id)}, ${state}${describeService(shard)}`] as const;
    }),
    ['read model', describeLag(readModel, counters?.perSecond ?? 0)],
    ...describeCounters(counters),
    ...(disk === null ? [] : [['disk', describeDisk(disk)] as const]),
    ...(health?.checks ?? []).filter(({ ok }) => !ok).map(({ name, detail }) => ['trouble', `${name}: ${detail}`] as const),
  ]);
  if (health?.ok !== true) cli.output.note(`Not everything is well: see \`${COMMAND} doctor\`.`);
}

/** Null where the city says nothing about its readiness. */
async function readHealth(calls: CityCalls): Promise<HealthJson | null> {
  try {
    return await calls.get<HealthJson>('/readyz');
  } catch {
    return null;
  }
}

function describeService({ status, accepts }: CityJson['shards'][number]): string {
  if (status !== 'active') return `, ${status}`;
  return accepts ? '' : ', accepts none now';
}

function describeWaiting(count: number, done: string): string {
  return count <= 0 ? `all ${done}` : `${count} not yet ${done}`;
}

function describeLag({ behindBlocks, behindReadings }: CityJson['readModel'], perSecond: number): string {
  return behindBlocks === 0 && behindReadings === 0
    ? 'up to date'
    : `${behindBlocks} blocks and ${behindReadings} readings behind${perSecond > 0 ? `, ${(behindReadings / perSecond).toFixed(1)} s of what comes in` : ''}`;
}

/** Since the process began, and the rate of the last second. */
function describeCounters(counters: Counters | null): (readonly [string, string])[] {
  if (counters === null) return [['counters', 'not shown to this caller']];
  const { perSecond, kept, refused, passing, refusedByCode, connections, memorySize, broker, erased } = counters;
  const codes = refusedByCode.slice(0, CODE_COUNT_MAX).map(([code, count]) => `${code} ${count}`);
  return [
    ['readings', `${perSecond}/s now; since the start ${kept} kept, ${refused} refused for good, ${passing} not taken for now`],
    ...(erased === 0 ? [] : [['erased', `${erased} readings, of all time`] as const]),
    ...(broker === null ? [] : [['broker', broker ? 'connected' : 'not connected: the city tries again by itself'] as const]),
    ['refusals', codes.length === 0 ? 'none' : codes.join(', ')],
    ['process', `${connections} MQTT connections, ${formatSize(memorySize)} of memory`],
  ];
}

/** `sizePerDay` is null where the city is too young for a rate. */
type Disk = { readonly size: number; readonly sizePerDay: number | null };

function describeDisk({ size, sizePerDay }: Disk): string {
  return `${formatSize(size)}${sizePerDay === null ? '' : `, ${formatSize(sizePerDay)} a day`}`;
}

/** Where the data folder of this very city is on this machine: its bytes on disk, and per day since it was founded. */
function diskOf(data: string, { genesis }: CityJson): Disk | null {
  const folder = checkFolder(data);
  if (folder.genesis !== genesis || folder.foundedMs === null) return null;
  const size = sizeOf(data);
  return { size, sizePerDay: ratePerDay(size, Date.now() - folder.foundedMs) };
}

/** Bytes a day at the pace since the beginning; null below an hour, in which most of a folder is what every city begins with. */
export function ratePerDay(size: number, ageMs: number): number | null {
  return ageMs < HOUR_MS ? null : Math.round((size / ageMs) * DAY_MS);
}
