/** What to try next, with ids that exist: the first reading that evidence can be had of, or none where nothing is measured. */

import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import { COMMAND, placeOptions, quoteWord } from '../cli.ts';

/** How long the first reading is waited for before the steps are shown without one. */
const WAIT_MS = 15_000;
const RETRY_MS = 100;

/** The newest reading that is anchored, or null when none comes in time or `isOver` says that nobody waits any more. */
export async function firstReading(api: string, isOver: () => boolean): Promise<string | null> {
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline && !isOver()) {
    const anchored = (await newestReadings(api)).find((reading) => reading.anchored);
    if (anchored !== undefined) return anchored.id;
    await sleep(RETRY_MS);
  }
  return null;
}

/** A page of readings; empty where none can be had now. By `node:http`: `fetch` would cost this process 15 MB for as long as it runs. */
async function newestReadings(api: string): Promise<readonly ReadingJson[]> {
  try {
    const text = await new Promise<string>((resolve, reject) => {
      get(`${api}/api/v1/readings?limit=50`, { agent: false, timeout: WAIT_MS }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          body += part;
        });
        response.on('end', () => resolve(body)).on('error', reject);
      }).on('error', reject);
    });
    return (JSON.parse(text) as { readonly items?: readonly ReadingJson[] }).items ?? [];
  } catch {
    return [];
  }
}

/** The next three commands as lines; with addresses where they are not the defaults. */
export function nextSteps(place: {
  readonly api: string;
  readonly data: string;
  readonly reading: string | null;
  readonly isDemo: boolean;
}): readonly string[] {
  const { data, reading, isDemo } = place;
  const at = placeOptions(place);
  const policy = quoteWord(`${data.replace(/\/+$/, '')}/city.policy`);
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
