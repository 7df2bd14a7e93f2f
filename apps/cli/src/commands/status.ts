/** `oppidum status`: how the running city is, on one screen. */

import type { CityJson, HealthJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, COMMAND, formatTime, openCli, shortId } from '../cli.ts';

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
  const [city, health] = await Promise.all([calls.get<CityJson>('/api/v1/city'), readHealth(calls)]);
  if (cli.json) {
    cli.output.json({ ...city, api: cli.api, ready: health?.ok ?? false, checks: health?.checks ?? [] });
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
    ['read model', describeLag(readModel)],
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

function describeLag({ behindBlocks, behindReadings }: CityJson['readModel']): string {
  return behindBlocks === 0 && behindReadings === 0
    ? 'up to date'
    : `${behindBlocks} blocks and ${behindReadings} readings behind`;
}
