/** Power cuts in a traced run: where they are, what the disk holds then, and what a city that starts there must still know. */

import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { openDataFolder } from '@oppidum/node/data-folder';
import { DURABLE_POINTS, PASSING_FILES } from '@oppidum/node/durable-points';
import { transactionEvidence } from '@oppidum/node/evidence';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { Dice } from '../simulator/dice.ts';
import { SimulatedDisk } from '../support/disk-image.ts';
import { runCity } from '../support/running-city.ts';
import { anchoredUpTo, startShard } from '../support/running-shard.ts';
import type { EventOf, TraceEvent } from '../support/strace.ts';
import type { Promised, TracedRun } from './order-run.ts';

/** Calls that change what is on the disk. */
const CHANGING: readonly TraceEvent['call'][] = ['write', 'rename', 'unlink', 'mkdir', 'link', 'truncate'];

/** The files of each durable point that the run wrote or put in place, and, under no name, all that are of none. */
export function writtenPoints({
  data,
  events,
}: TracedRun): Map<string | null, { readonly files: Set<string>; readonly places: number[] }> {
  const found = new Map<string | null, { readonly files: Set<string>; readonly places: number[] }>();
  for (const event of events) {
    const path = event.call === 'write' ? event.path : event.call === 'rename' || event.call === 'link' ? event.to : '';
    if (!path.startsWith(`${data}/`)) continue;
    const file = relative(data, path).replace(/\.new$/, '');
    if (PASSING_FILES.test(file)) continue;
    const name = DURABLE_POINTS.find((point) => point.path.test(file))?.name ?? null;
    const point = found.get(name) ?? { files: new Set(), places: [] };
    found.set(name, point);
    point.files.add(file);
    point.places.push(event.end);
  }
  return found;
}

/** Places in the trace: at each durable point one, of the others half of them just when an answer leaves, the others before a sync has ended or after some change. */
export function chooseCuts(run: TracedRun, count: number, dice: Dice): number[] {
  const { data, events, promises } = run;
  const answers = promises.flatMap(({ answers: sends }) => sends.map(({ start }) => start));
  // And once when all has been answered.
  const points = [...[...writtenPoints(run).values()].map(({ places }) => places), [Math.max(...answers)]];
  const isHere = (event: TraceEvent) =>
    [...('path' in event ? [event.path] : []), ...('to' in event ? [event.to] : [])].some((path) => path.startsWith(data));
  const here = events.filter(isHere);
  const syncs = here.filter(({ call }) => call === 'sync').map(({ end }) => end - 1);
  const changes = here.filter(({ call }) => CHANGING.includes(call)).map(({ end }) => end);
  const groups = [answers, syncs, answers, changes];
  return Array.from({ length: count }, (_, i) => {
    const group = points[i] ?? groups[i % groups.length] ?? [];
    return group[dice.below(group.length)] as number;
  });
}

/** Writes the image of each cut, in the order of the trace, and calls with it and with what was acknowledged before. */
export async function atEachCut(
  { data, events, promises, erasure }: TracedRun,
  cuts: readonly number[],
  seed: number,
  use: (cut: {
    readonly at: number;
    readonly writeImage: (folder: string) => void;
    readonly acknowledged: readonly Promised[];
    readonly erased: Bytes | null;
  }) => Promise<void>,
): Promise<void> {
  const disk = new SimulatedDisk(data);
  const writes = events.filter((event): event is EventOf<'write'> => event.call === 'write' && event.path.startsWith(`${data}/`));
  let applied = 0;
  for (const [i, at] of [...cuts].sort((a, b) => a - b).entries()) {
    for (; applied < events.length; applied++) {
      const event = events[applied] as TraceEvent;
      if ((event.call === 'close' ? event.start : event.end) > at) break;
      disk.apply(event);
    }
    const begun = writes.filter(({ start, end }) => start <= at && end > at);
    const acknowledged = promises.filter(({ answers }) => answers.some(({ start }) => start <= at));
    const erased = acknowledged.some(({ id }) => equalBytes(id, erasure.next)) ? erasure.erased : null;
    await use({ at, acknowledged, erased, writeImage: (folder) => disk.writeImage(folder, new Dice(seed + i), begun) });
  }
}

/** Opens the city of an image; answers which promises it does not keep, in words. */
export async function findLost(folder: string, acknowledged: readonly Promised[], erased: Bytes | null): Promise<string[]> {
  const city = await runCity(await openDataFolder({ folder, crypto }));
  try {
    const shard = await startShard(city);
    try {
      const { client } = shard;
      const { size } = client.status();
      if (size > 0) await anchoredUpTo(shard, size - 1);
      // After a change of policy that is all published, which no earlier one covers.
      const published = await city.client.checkpointOf(city.client.head().logSize);
      const policy = parsePolicy(crypto, city.client.policyFileOf(published.size));
      const lost: string[] = [];
      for (const { by, id, envelope, receipt } of acknowledged) {
        const name = `${by} ${toHex(id)}`;
        if (receipt === null ? city.client.transaction(id) === null : client.reading(id) === null) {
          lost.push(`${name}: it is gone`);
          continue;
        }
        if (receipt !== null && !equalBytes(client.receipt(id) ?? new Uint8Array(), receipt))
          lost.push(`${name}: another receipt`);
        const evidence = receipt === null ? await transactionEvidence(city.client, crypto, id) : await client.evidence(id);
        const { verdict } = verifyEvidence(crypto, encodeEvidence(evidence), { policy });
        if (verdict !== 'OK') lost.push(`${name}: ${verdict}`);
        if (receipt !== null) assert.deepEqual(client.reading(id)?.envelope, envelope);
      }
      if (erased !== null) {
        const { verdict } = verifyEvidence(crypto, encodeEvidence(await client.evidence(erased)), { policy });
        if (client.reading(erased)?.envelope !== null || verdict !== 'ERASED') lost.push(`erased and back: ${verdict}`);
      }
      return lost;
    } finally {
      await shard.close();
    }
  } finally {
    await city.stop();
  }
}
