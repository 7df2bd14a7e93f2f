/**
 * The order that makes an acknowledgement true: what it promises was written to its file, then that file was synced, then a commit was
 * written through to the disk, and only then did the answer leave.
 *
 * LMDB as lmdb 3.5 runs it here: pages of a transaction by pwrite64 or writev, fdatasync, then the meta page that makes them count by a
 * pwrite64 to a descriptor opened O_DSYNC; the file is mapped for reading only.
 */

import type { EventOf, TraceEvent } from '../support/strace.ts';
import type { Promised } from './order-run.ts';

type Write = EventOf<'write'>;
/** What happened to one file. */
type History = { readonly writes: Write[]; readonly syncs: EventOf<'sync'>[]; readonly commits: Write[] };

/** Whatever answer left too early, in words; none when all is in order. */
export function checkOrder(events: readonly TraceEvent[], promises: readonly Promised[]): string[] {
  const files = historiesOf(events);
  const wrong: string[] = [];
  for (const { by, id, file, stored, answers } of promises) {
    const where = `${by} ${Buffer.from(id).toString('hex')}`;
    const history = files.get(file);
    const written = history?.writes.find(({ data }) => data.includes(stored));
    if (history === undefined || written === undefined) {
      wrong.push(`${where}: never written`);
      continue;
    }
    const synced = history.syncs.find(({ start }) => start > written.end);
    const committed = synced && history.commits.find(({ start }) => start > synced.end);
    for (const answer of answers)
      if (committed === undefined || committed.end >= answer.start) wrong.push(`${where}: it left before it was durable`);
  }
  return wrong;
}

function historiesOf(events: readonly TraceEvent[]): Map<string, History> {
  const files = new Map<string, History>();
  const throughs = new Set<number>();
  const of = (path: string): History => {
    const history = files.get(path) ?? { writes: [], syncs: [], commits: [] };
    files.set(path, history);
    return history;
  };
  for (const event of events) {
    if (event.call === 'open' && event.flags.includes('O_DSYNC')) throughs.add(event.fd);
    else if (event.call === 'open' || event.call === 'close') throughs.delete(event.fd);
    else if (event.call === 'write') of(event.path)[throughs.has(event.fd) ? 'commits' : 'writes'].push(event);
    else if (event.call === 'sync') of(event.path).syncs.push(event);
  }
  return files;
}
