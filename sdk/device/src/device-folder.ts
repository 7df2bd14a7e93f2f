/**
 * Which device a folder is of, and with which of its keys it signs.
 *
 *   key.seed, key-1.seed, …   the newest private key; older ones are deleted once the ledger has their successor
 *   device.json               {"id", "keyNumber"}, once the first key is no longer the newest; before, the id follows from the key
 */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, encodeUtf8, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { deviceIdOf, ID_SIZE } from '@oppidum/formats/ids';
import { deviceKeyKind, deviceKind } from '@oppidum/formats/state-devices';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { FIRST_KEY_NUMBER, makeTransaction, rotateDeviceKey } from './actions.ts';
import type { CityApi } from './city-api.ts';
import { writeFileDurably } from './durable-file.ts';
import { readOrMakeSeed } from './key-file.ts';
import { openOutbox } from './outbox.ts';
import type { ProvenRecords } from './proven-records.ts';

/** A device with its newest key. */
type KeyHolder = { readonly id: Bytes; readonly keyNumber: number; readonly signer: Signer };

/** The device of a folder; makes its first key where there is none. Throws KEY_FILE_INVALID, and as `readOrMakeSeed`. */
export async function readKeyHolder(folder: string): Promise<KeyHolder> {
  const known = readRotated(folder);
  const keyNumber = known?.keyNumber ?? FIRST_KEY_NUMBER;
  const signer = ed25519Signer(await readOrMakeSeed(seedPath(folder, keyNumber)));
  return { id: known?.id ?? deviceIdOf(nativeCrypto, signer.publicKey), keyNumber, signer };
}

function seedPath(folder: string, keyNumber: number): string {
  return join(folder, keyNumber === FIRST_KEY_NUMBER ? 'key.seed' : `key-${keyNumber}.seed`);
}

function readRotated(folder: string): { readonly id: Bytes; readonly keyNumber: number } | null {
  const path = join(folder, 'device.json');
  if (!existsSync(path)) return null;
  const { id, keyNumber } = JSON.parse(readFileSync(path, 'utf8')) as { readonly id: unknown; readonly keyNumber: unknown };
  if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id) || !Number.isSafeInteger(keyNumber))
    throw formatError('KEY_FILE_INVALID', { path });
  return { id: parseHex(id, ID_SIZE), keyNumber: keyNumber as number };
}

type Rotation = {
  readonly folder: string;
  readonly api: CityApi;
  readonly records: ProvenRecords;
  /** Any account: both keys of the device sign what matters. */
  readonly by: TransactionSigner;
  /** Gives up what the old key signed and nobody took: after the rotation it is refused for good. */
  readonly evenUnsettled?: boolean;
};

/**
 * Gives the device of a folder, which no process may have open, its next key, and returns its number. It may be interrupted anywhere and
 * begun again. Throws OUTBOX_UNSETTLED, DEVICE_UNKNOWN, ENROLMENT_REFUSED with the code of the ledger, and as `CityApi` does.
 */
export async function rotateKey({ folder, api, records, by, evenUnsettled = false }: Rotation): Promise<number> {
  const { id, keyNumber, signer } = await readKeyHolder(folder);
  const outbox = openOutbox({ path: join(folder, 'outbox.sqlite'), crypto: nativeCrypto, audience: records.audience });
  const { count, heldCount } = outbox.sender(id, keyNumber);
  outbox.close();
  if (count + heldCount > 0 && !evenUnsettled) throw formatError('OUTBOX_UNSETTLED', { count: count + heldCount });
  const record = await records.read(deviceKind, [id]);
  if (record === null) throw formatError('DEVICE_UNKNOWN', { device: toHex(id) });
  const next = keyNumber + 1;
  const fresh = ed25519Signer(await readOrMakeSeed(seedPath(folder, next)));
  const successor = await records.read(deviceKeyKind, [id, next]);
  if (successor === null) {
    const current = await records.read(deviceKeyKind, [id, keyNumber]);
    const place = { id, registration: record.registration, keyNumber: next, grade: current?.grade ?? 'device' };
    const action = rotateDeviceKey(records.audience, place, signer, fresh);
    const { code } = await api.submit(makeTransaction(records.audience, [action], [by]));
    if (code !== 'OK') throw formatError('ENROLMENT_REFUSED', { code });
  } else if (!equalBytes(successor.publicKey, fresh.publicKey))
    throw formatError('KEY_FILE_INVALID', { path: seedPath(folder, next) });
  // COMMIT POINT
  await writeFileDurably(join(folder, 'device.json'), encodeUtf8(`${JSON.stringify({ id: toHex(id), keyNumber: next })}\n`));
  rmSync(seedPath(folder, keyNumber), { force: true });
  return next;
}
