/** What to try next, with ids that exist: the first reading that evidence can be had of, or none where nothing is measured. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadingJson } from '@oppidum/gateway/api-types';
import { API_DEFAULT, COMMAND, DATA_DEFAULT } from '../cli.ts';

/** How long the first reading is waited for before the steps are shown without one. */
const WAIT_MS = 15_000;
const RETRY_MS = 100;

/** The newest reading that is anchored, or null when none comes in time or `isOver` says that nobody waits any more. */
export async function firstReading(api: string, isOver: () => boolean): Promise<string | null> {
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline && !isOver()) {
    const answer = await fetch(`${api}/api/v1/readings?limit=50`).catch(() => null);
    const page = answer?.ok === true ? ((await answer.json()) as { readonly items: readonly ReadingJson[] }) : null;
    const anchored = page?.items.find((reading) => reading.anchored);
    if (anchored !== undefined) return anchored.id;
    await sleep(RETRY_MS);
  }
  return null;
}

/** The next three commands as lines; with addresses where they are not the defaults. */
export function nextSteps(place: {
  readonly api: string;
  readonly data: string;
  readonly reading: string | null;
  readonly isDemo: boolean;
}): readonly string[] {
  const { api, data, reading, isDemo } = place;
  const at = `${api === API_DEFAULT ? '' : ` --api ${api}`}${data === DATA_DEFAULT ? '' : ` --data ${quote(data)}`}`;
  const policy = quote(`${data.replace(/\/+$/, '')}/city.policy`);
  const steps =
    reading !== null
      ? [
          `reading list --limit 5${at}`,
          `evidence ${reading} --out reading.evidence${at}`,
          `verify reading.evidence --policy ${policy}`,
        ]
      : isDemo
        ? [`reading list --limit 5${at}`, `device list${at}`, `status${at}`]
        : [`status${at}`, `evidence state city --out city.evidence${at}`, `verify city.evidence --policy ${policy}`];
  return steps.map((step) => `${COMMAND} ${step}`);
}

/** A path as a shell reads it. */
function quote(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
