/**
 * What a replay keeps, so that it can be interrupted at any point and resumed: whose devices they are, their keys, the outbox.
 *
 *   replay.json   city, file, mapping, manufacturer and model; written once      keys/   a seed for each series, 0600
 *   outbox.sqlite, shard-keys/   as in any device
 */

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { type Bytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { ID_SIZE } from '@oppidum/formats/ids';
import { CliFailure, EXIT } from '../failure.ts';

/** What makes one replay the same as another. */
export type ReplayIdentity = { readonly city: Bytes; readonly fileDigest: string; readonly mapping: string };

/** Ids on the ledger that this replay uses. */
export type ReplayIds = { readonly manufacturer: Bytes; readonly model: Bytes };

/** SHA-256 of a file, in hex. */
export async function digestFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}

/**
 * Opens the folder of a replay, or makes it with fresh random ids where none are given. Throws exit code 1 when it holds a replay of
 * another file, mapping or city: its line numbers would mean something else.
 */
export async function openReplayFolder(
  folder: string,
  identity: ReplayIdentity,
  given: { readonly manufacturer: Bytes; readonly model: Bytes | null },
): Promise<ReplayIds> {
  const path = join(folder, 'replay.json');
  const own = { city: toHex(identity.city), file: identity.fileDigest, mapping: identity.mapping };
  if (existsSync(path)) {
    const known = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    const differs = Object.entries(own).find(([name, value]) => known[name] !== value);
    if (differs !== undefined) {
      throw new CliFailure(`${folder} holds a replay of another ${differs[0]}`, {
        exitCode: EXIT.failed,
        action: 'Begin this one under another name with --name',
      });
    }
    return { manufacturer: parseHex(known['manufacturer'] ?? '', ID_SIZE), model: parseHex(known['model'] ?? '', ID_SIZE) };
  }
  const ids = { manufacturer: given.manufacturer, model: given.model ?? new Uint8Array(randomBytes(ID_SIZE)) };
  const text = { ...own, manufacturer: toHex(ids.manufacturer), model: toHex(ids.model) };
  await writeFileDurably(path, encodeUtf8(`${JSON.stringify(text, null, 2)}\n`));
  return ids;
}

/** The key of a series, made when it is first needed. The file is named by a digest: a series may be called anything. */
export async function readSeriesKey(folder: string, series: string): Promise<Signer> {
  const name = createHash('sha256').update(series).digest('hex').slice(0, 32);
  return ed25519Signer(await readOrMakeSeed(join(folder, 'keys', `${name}.seed`)));
}
