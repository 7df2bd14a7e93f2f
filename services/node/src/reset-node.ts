/**
 * Emptying a node that is to begin again from what others have: its blocks, state, log files and CometBFT's databases go. What a key needs
 * never to sign twice stays, always: our record of the head signed last, and CometBFT's of the vote cast last.
 */

import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { withSync } from './comet-home.ts';
import type { DataFolder, DataPaths } from './data-folder.ts';
import { fsyncFolder, writeFileDurably } from './durable-file.ts';
import { cometPlaces } from './found-cluster.ts';
import { askCity } from './join-city.ts';

export type ResetOptions = {
  /** Held, so that no process runs on it. */
  readonly folder: DataFolder;
  readonly crypto: Crypto;
  /** Light doors of other nodes; none: it begins with the first block. */
  readonly doors: readonly string[];
};

/** Below `log/` and CometBFT's `data/`. */
const [LAST_SIGNED, LAST_VOTE] = ['last-signed', 'priv_validator_state.json'];
const SECRET_MODE = 0o600;

/** Empties it. Throws LAST_SIGNED_LOST where one of the two records is not there, as `askCity`, and GENESIS_DIFFERS. */
export async function resetNode({ folder, crypto, doors }: ResetOptions): Promise<{ readonly isSynced: boolean }> {
  const { paths } = folder;
  const { home } = cometPlaces(paths.folder);
  for (const file of [join(paths.log, LAST_SIGNED), join(home, 'data', LAST_VOTE)])
    if (!existsSync(file)) throw formatError('LAST_SIGNED_LOST', { file, why: 'missing' });
  const policy = new Uint8Array(await readFile(paths.policy));
  const sync = doors.length === 0 ? null : (await askCity({ crypto, doors, policy })).sync;
  await emptyNode(paths);
  await emptyFolder(join(home, 'data'), [LAST_VOTE]);
  const config = join(home, 'config', 'config.toml');
  const settings = withSync(parseUtf8(new Uint8Array(await readFile(config))), sync);
  await writeFileDurably(config, encodeUtf8(settings), SECRET_MODE);
  return { isSynced: sync !== null };
}

/** Blocks, state, log and what was made of them, durably gone. The log first: it follows from the store, and an empty store has none. */
export async function emptyNode(paths: Pick<DataPaths, 'node' | 'log' | 'snapshots' | 'restoredLog' | 'gateway'>): Promise<void> {
  await emptyFolder(paths.log, [LAST_SIGNED]);
  await emptyFolder(paths.node, []);
  for (const folder of [paths.snapshots, paths.restoredLog, paths.gateway]) await emptyFolder(folder, []);
}

async function emptyFolder(folder: string, kept: readonly string[]): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (!kept.includes(name)) await rm(join(folder, name), { recursive: true });
  await fsyncFolder(folder);
}
