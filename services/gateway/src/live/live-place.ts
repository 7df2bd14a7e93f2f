/**
 * A place in the events of a city, as the id of an event says it: which comes next of the blocks and of each shard. It is made of what is
 * durable, so it means the same after a restart, and at every other gateway of the city.
 *
 *   HEIGHT.NUMBER;SHARD:INDEX,…    event NUMBER of the block at HEIGHT, entry INDEX of shard SHARD; shards ascending
 */

import { formatError } from '@oppidum/formats/errors';
import type { NodeClient } from '@oppidum/node/client';
import type { TelemetryClient } from '@oppidum/telemetry/client';

/** What comes next. */
export type LivePlace = { height: number; event: number; readonly entries: Map<number, number> };

type Sources = { readonly node: Pick<NodeClient, 'head'>; readonly shards: readonly Pick<TelemetryClient, 'status'>[] };

/** Characters of an id: 4,096 for 128 shards. */
const ID_LENGTH_MAX = 4_096;
const FORM = /^(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,8});((?:[0-9]{1,9}:[0-9]{1,15}(?:,|$))*)$/;

/** Behind everything there is. */
export function newestPlace({ node, shards }: Sources): LivePlace {
  const entries = new Map(shards.map((shard) => [shard.status().number, shard.status().size]));
  return { height: node.head().height + 1, event: 0, entries };
}

/** The place as an id. */
export function encodePlace({ height, event, entries }: LivePlace): string {
  const shards = [...entries].sort(([a], [b]) => a - b).map(([shard, entry]) => `${shard}:${entry}`);
  return `${height}.${event};${shards.join(',')}`;
}

/**
 * The place that an id names; shards it does not name (declared since) begin at 0.
 * Throws LIVE_ID_INVALID: another form, a shard that is not here, or a place this history has not come to.
 */
export function parsePlace(id: string, sources: Sources): LivePlace {
  const [, height, event, list] = (id.length <= ID_LENGTH_MAX ? FORM.exec(id) : null) ?? [];
  if (height === undefined || event === undefined || list === undefined) throw formatError('LIVE_ID_INVALID', {});
  const newest = newestPlace(sources);
  const place = {
    height: Number(height),
    event: Number(event),
    entries: new Map([...newest.entries].map(([shard]) => [shard, 0])),
  };
  const isAhead = place.height > newest.height || (place.height === newest.height && place.event > 0);
  if (isAhead) throw formatError('LIVE_ID_INVALID', { height: newest.height - 1 });
  for (const pair of list === '' ? [] : list.split(',')) {
    const [shard = -1, entry = -1] = pair.split(':').map(Number);
    if (entry > (newest.entries.get(shard) ?? -1))
      throw formatError('LIVE_ID_INVALID', { shard, size: newest.entries.get(shard) ?? 0 });
    place.entries.set(shard, entry);
  }
  if (encodePlace(place).length < id.length) throw formatError('LIVE_ID_INVALID', {});
  return place;
}
