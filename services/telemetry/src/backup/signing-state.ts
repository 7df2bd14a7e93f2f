/**
 * The signing state of a city: keys of its validator and shards with the records of what each signed last. It is in no backup. Where the
 * disk of a broken city still has it, it moves to the restored one, and the old folder can never sign again; it must continue what is
 * restored: a backup older than what was signed would be a second history.
 */

import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSecretFile } from '@oppidum/crypto/secret-file';
import { equalBytes, parseUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpoint } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { shardOrigin } from '@oppidum/formats/ids';
import { fsyncFolder, writeFileDurably } from '@oppidum/node/durable-file';
import { lockWholeFolder } from '@oppidum/node/folder-lock';
import { makeSecretFolder } from '@oppidum/node/key-files';
import { TileLog } from '@oppidum/node/tile-log';

/** The restored folder that the state is to serve. */
export type SigningState = {
  readonly folder: string;
  readonly origin: string;
  readonly shards: readonly { readonly number: number }[];
  readonly crypto: Crypto;
};

/** Moved away in the old folder first: from then on no city starts there. */
const MARKER = 'oppidum.json';
const SECRET_MODE = 0o600;

/** Throws LAST_SIGNED_LOST (a record is missing), LAST_SIGNED_CONFLICT (more, or something else, was signed than is restored). */
export async function assertContinues({ folder, origin, shards, crypto }: SigningState, old: string): Promise<void> {
  const logs = [{ path: 'log', origin }, ...shards.map(({ number }) => shardLog(origin, number))];
  for (const { path, origin: want } of logs) {
    const file = join(old, path, 'last-signed');
    if (!existsSync(file)) throw formatError('LAST_SIGNED_LOST', { file, why: 'missing' });
    const last = parseCheckpoint(parseUtf8(new Uint8Array(readFileSync(file))));
    const log = TileLog.open({ folder: join(folder, path), crypto });
    const continues = last.origin === want && last.size <= log.size && equalBytes(log.root(last.size), last.root);
    const { size } = log;
    log.close();
    if (!continues) throw formatError('LAST_SIGNED_CONFLICT', { origin: want, signedSize: last.size, size });
  }
}

/** Moves it. Throws DATA_FOLDER_LOCKED while the old city, or one of its shards, runs, and as `assertContinues`. */
export async function adoptSigningState(state: SigningState, old: string): Promise<void> {
  const { folder, shards } = state;
  const lock = lockWholeFolder(old);
  try {
    // Again: until the lock was ours the old city may have run and signed more.
    await assertContinues(state, old);
    if (existsSync(join(old, MARKER))) renameSync(join(old, MARKER), join(old, `${MARKER}.moved`));
    await fsyncFolder(old);
    const files = [
      join('log', 'last-signed'),
      ...readdirSync(join(old, 'keys'))
        .filter(isSigningKey)
        .map((name) => join('keys', name)),
      ...shards.flatMap(({ number }) => shardFiles(number)),
    ];
    for (const file of files) await copySecret(join(old, file), join(folder, file));
    // COMMIT POINT: both have them and neither starts; now only one has.
    for (const file of files) rmSync(join(old, file));
    for (const changed of new Set(files.map((file) => dirname(join(old, file))))) await fsyncFolder(changed);
  } finally {
    lock.release();
  }
}

function isSigningKey(name: string): boolean {
  return /^(log|cosigner)(-.*)?\.seed$/.test(name);
}

function shardLog(origin: string, number: number): { readonly path: string; readonly origin: string } {
  return { path: join('shards', String(number), 'log'), origin: shardOrigin(origin, number) };
}

function shardFiles(number: number): string[] {
  const folder = join('shards', String(number));
  return [join(folder, 'log', 'last-signed'), join(folder, 'keys', 'log.seed'), join(folder, 'keys', 'receipt.seed')];
}

async function copySecret(from: string, to: string): Promise<void> {
  const isKey = to.endsWith('.seed');
  const bytes = isKey ? readSecretFile(from) : new Uint8Array(readFileSync(from));
  if (isKey) await makeSecretFolder(dirname(to));
  await writeFileDurably(to, bytes, isKey ? SECRET_MODE : undefined);
}
