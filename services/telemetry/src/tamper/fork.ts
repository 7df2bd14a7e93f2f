/** Two heads of one log that cannot both be true, and what shows it: the same that `telemetry/report-fork` wants to see. */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { PublishedCheckpoint } from '@oppidum/node/publisher';
import type { TileLog } from '@oppidum/node/tile-log';

/** Notes as signed; `consistency` leads from (size of `earlier`, `root`) to `later`, and `root` is not that of `earlier`. */
export type Fork = {
  readonly earlier: Bytes;
  readonly later: Bytes;
  readonly root: Bytes;
  readonly consistency: readonly Bytes[];
};

type Side = { readonly published: PublishedCheckpoint; readonly log: TileLog };

/** The fork between what was published first and what is published now, or null where one continues the other. */
export function findFork(before: Side, after: Side): Fork | null {
  const [earlier, later] = after.published.size >= before.published.size ? [before, after] : [after, before];
  const { size } = earlier.published;
  const isSame = size === later.published.size;
  // Of one size, the later note says itself which root it has; its log may have been made up, too.
  const root = isSame ? later.published.root : later.log.root(size);
  if (equalBytes(root, earlier.published.root)) return null;
  const consistency = isSame ? [] : later.log.proveConsistency(size, later.published.size);
  return { earlier: earlier.published.note, later: later.published.note, root, consistency };
}
