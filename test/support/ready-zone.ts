/** The zones of a town at work, from outside. */

import assert from 'node:assert/strict';
import type { ZoneJson } from '@oppidum/gateway/api/orders';
import { until } from './city-process.ts';

export type ReadyZone = ZoneJson & { readonly challengedCount: number };

async function get<T>(api: string, path: string): Promise<T> {
  return (await (await fetch(`${api}/api/v1/${path}`)).json()) as T;
}

/** A zone once all its machines can be ordered. */
export async function readyZone({ api }: { readonly api: string }, name: string): Promise<ReadyZone> {
  let found: ReadyZone | null = null;
  await until(`the zone ${name} can be ordered`, async () => {
    const { items } = await get<{ readonly items: readonly ZoneJson[] }>(api, 'zones');
    const id = items.find((zone) => zone.name === name)?.id;
    if (id === undefined) return false;
    found = await get<ReadyZone>(api, `zones/${id}`);
    return found.deviceCount > 0 && found.challengedCount === found.deviceCount;
  });
  return found ?? assert.fail();
}
