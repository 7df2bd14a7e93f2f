/** Heads signed as a dishonest operator would: with its keys, and without asking what was signed before. For copies alone. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, encodeUtf8, equalBytes } from '@oppidum/formats/bytes';
import { encodeCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import type { Policy } from '@oppidum/formats/policy';
import type { DataPaths } from '@oppidum/node/data-folder';
import { writeFileDurably } from '@oppidum/node/durable-file';
import { readSeedFile } from '@oppidum/node/key-files';
import type { LogHead } from '@oppidum/node/tile-log';

/** A head of the city's log, signed by it and cosigned by every validator whose key is in the folder. */
export function signCityHead(
  crypto: Crypto,
  paths: DataPaths,
  policy: Policy,
  head: LogHead & { readonly origin: string; readonly timeS: number },
): Bytes {
  const { origin, size, root, timeS } = head;
  const signers = readSigners(paths);
  const knows = (key: Bytes) => (signer: Signer) => equalBytes(signer.publicKey, key);
  const log = signers.find((signer) => policy.logs.some(({ key }) => knows(key.publicKey)(signer)));
  if (log === undefined) throw new Error('the folder has no key of the log');
  const text = encodeCheckpoint({ origin, size, root });
  const lines = policy.witnesses.flatMap(({ key }) => {
    const cosigner = signers.find(knows(key.publicKey));
    return cosigner === undefined ? [] : [cosignCheckpoint(crypto, cosigner, key.name, text, timeS)];
  });
  return addSignatures(signCheckpoint(crypto, log, { origin, size, root }), lines);
}

function readSigners({ keys }: DataPaths): readonly Signer[] {
  return readdirSync(keys)
    .filter((name) => /^(log|cosigner)(-.*)?\.seed$/.test(name))
    .map((name) => ed25519Signer(readSeedFile(join(keys, name))));
}

/** Makes a note the published one of a log, and the one that was signed last. */
export async function publishNote(log: string, origin: string, { size, root }: LogHead, note: Bytes): Promise<void> {
  await writeFileDurably(join(log, 'checkpoint'), note);
  await writeFileDurably(join(log, 'last-signed'), encodeUtf8(encodeCheckpoint({ origin, size, root })));
}
