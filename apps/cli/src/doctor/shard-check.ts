/** Check of the telemetry shards: each one that is in service takes readings. */

import type { CityJson } from '@oppidum/gateway/api-types';
import { COMMAND } from '../cli.ts';
import { type CheckResult, passed, skipped, warned } from './check.ts';

/** Devices of a shard that is away keep what they have; nobody else notices. */
export function checkShards(city: CityJson | null): CheckResult {
  const name = 'shards';
  if (city === null) return skipped(name, 'the city does not run');
  const inService = city.shards.filter(({ status }) => status === 'active');
  const away = inService.filter(({ accepts }) => !accepts).map(({ number }) => number);
  const frozen = city.shards.filter(({ status }) => status === 'frozen').map(({ number }) => number);
  if (inService.length === 0)
    return warned(name, 'none is in service: no readings are taken', `Declare one: \`${COMMAND} shard declare\``);
  if (away.length > 0)
    return warned(
      name,
      `shard ${away.join(', ')} takes no readings now`,
      `See the city's log for why; where it is a service of its own, run \`${COMMAND} shard start ${away[0]}\``,
    );
  if (frozen.length > 0)
    return warned(
      name,
      `shard ${frozen.join(', ')} signed two histories and is frozen`,
      'Declare another with new keys, and give the devices that were at home there new keys',
    );
  return passed(name, inService.length === 1 ? 'one takes readings' : `${inService.length} take readings`);
}
