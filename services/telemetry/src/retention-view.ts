/** What retention has done and would do in a vault, read beside the shard that writes it. */

import { type Bytes, readUint64 } from '@oppidum/formats/bytes';
import { open, type RootDatabase } from 'lmdb';
import { StoredGroup } from './stored-group.ts';

/** Entries of a vault: all, those whose envelopes are gone, those due; and when the oldest envelope was received. */
export type RetentionView = {
  readonly entries: number;
  readonly retired: number;
  readonly due: number;
  readonly oldestMs: number | null;
};

/** Counts what was received before a time. */
export async function countDue(folder: string, cutoffMs: number): Promise<RetentionView> {
  const root = open({ path: folder, readOnly: true, overlappingSync: false, maxDbs: 32, noSubdir: false });
  try {
    return view(root, cutoffMs);
  } finally {
    await root.close();
  }
}

function view(root: RootDatabase, cutoffMs: number): RetentionView {
  const head = root.openDB<Bytes, string>({ name: 'head', encoding: 'binary' });
  const groups = root.openDB<Bytes, number>({ name: 'groups', encoding: 'binary' });
  const firstIndexes = root.openDB<number, number>({ name: 'firstIndexes', encoding: 'ordered-binary' });
  const row = head.get('retired');
  const retired = row === undefined ? 0 : readUint64(new Uint8Array(row), 0);
  const groupAt = (number: number): StoredGroup => new StoredGroup(number, new Uint8Array(groups.get(number) as Bytes));
  const numbers = (range: object): number[] => [...firstIndexes.getRange(range)].map(({ value }) => value);
  const [last] = numbers({ reverse: true, limit: 1 });
  if (last === undefined) return { entries: 0, retired, due: 0, oldestMs: null };
  const newest = groupAt(last);
  const entries = newest.firstIndex + newest.entryCount;
  // Groups lie in the order of their times: the first that is not due is found by halves.
  const [begin] = numbers({ start: retired, reverse: true, limit: 1 });
  let [low, high] = [begin ?? 0, last + 1];
  const oldestMs = retired === entries ? null : groupAt(low).receivedMs;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (groupAt(middle).receivedMs < cutoffMs) low = middle + 1;
    else high = middle;
  }
  const end = low > last ? entries : groupAt(low).firstIndex;
  return { entries, retired, due: Math.max(0, end - retired), oldestMs };
}
