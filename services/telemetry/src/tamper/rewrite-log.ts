/** The files of a log written again from other entries, as if there had never been any. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { LogHead } from '@oppidum/node/tile-log';
import { writeLog } from '@oppidum/node/write-log';

/** Replaces tiles and frontier; answers the head of the checkpoint's size. */
export async function rewriteLog(
  crypto: Crypto,
  folder: string,
  entries: readonly Bytes[],
  checkpointSize: number,
): Promise<LogHead> {
  for (const name of ['tile', 'frontier']) rmSync(join(folder, name), { recursive: true, force: true });
  const written = await writeLog({ folder, crypto, entries: (from) => entries.slice(from), checkpointSize });
  const { rootAtCheckpoint, head } = written;
  return rootAtCheckpoint === null ? head : { size: checkpointSize, root: rootAtCheckpoint };
}
