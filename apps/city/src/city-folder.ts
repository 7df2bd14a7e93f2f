/**
 * The simulated city's own folder, as a stranger to the city would keep it:
 *
 *   manufacturer.json   {"manufacturer", "account", "keyNumber"?}: who the maker is on the ledger      manufacturer.seed   its key
 *   city.policy         the policy it trusts; taken from the city at the first start where nobody put one
 *   keys/               a seed for each device, 0600        outbox.sqlite   what no receipt has settled
 *   shard-keys/         evidence of the shards' receipt keys                enrolled.json   what need not be enrolled again
 *   town.json           {"seed", "speed", "townMs", "utcMs"}: which town it is, and how its clock was set last
 *   map.geojson         the streets, for maps                               plan.svg        streets and devices on a sheet to print
 *   speed.wish          another speed for a town that runs, as `oppidum city speed` writes it; taken away once it is read
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { CityApi } from '@oppidum/device/city-api';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { readOrMakeSeed, readSeed } from '@oppidum/device/key-file';
import { type Bytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import type { ClockState } from './town-clock.ts';

/** A town as it is remembered. */
export type TownState = ClockState & { readonly seed: number };

/** The maker of all simulated devices. */
export type Maker = { readonly manufacturer: Bytes; readonly by: TransactionSigner };

/** Who the maker is. Throws MAKER_FILE_INVALID, and as `readSeed` does. */
export async function readMaker(folder: string): Promise<Maker> {
  const path = join(folder, 'manufacturer.json');
  const text = await readIfThere(path);
  const { manufacturer, account, keyNumber } = parseObject(text ?? '');
  const isWhole = isId(manufacturer) && isId(account) && (keyNumber === undefined || Number.isSafeInteger(keyNumber));
  if (!isWhole) throw formatError('MAKER_FILE_INVALID', { path });
  const signer = ed25519Signer(readSeed(join(folder, 'manufacturer.seed')));
  return {
    manufacturer: parseHex(manufacturer, ID_SIZE),
    by: { account: parseHex(account, ID_SIZE), keyNumber: (keyNumber as number | undefined) ?? 0, signer },
  };
}

/** The policy in the folder; without one, the city's own is taken and kept: from then on no other is believed. */
export async function readOrPinPolicy(folder: string, api: CityApi): Promise<Bytes> {
  const path = join(folder, 'city.policy');
  const known = await readIfThere(path);
  if (known !== null) return encodeUtf8(known);
  const policy = await api.policy();
  await writeFileDurably(path, policy);
  return policy;
}

/** The key of a device, made at the first start. */
export async function readDeviceKey(folder: string, label: string): Promise<Signer> {
  return ed25519Signer(await readOrMakeSeed(join(folder, 'keys', `${label}.seed`)));
}

/** Labels of the devices that are enrolled in this city; none for another one. */
export async function readEnrolled(folder: string, city: Bytes): Promise<ReadonlySet<string>> {
  const { genesis, labels } = parseObject((await readIfThere(join(folder, 'enrolled.json'))) ?? '');
  return new Set(genesis === toHex(city) && Array.isArray(labels) ? (labels as readonly string[]) : []);
}

/** Remembers that these devices are enrolled. */
export async function writeEnrolled(folder: string, city: Bytes, labels: ReadonlySet<string>): Promise<void> {
  const text = `${JSON.stringify({ genesis: toHex(city), labels: [...labels] })}\n`;
  await writeFileDurably(join(folder, 'enrolled.json'), encodeUtf8(text));
}

/** Which town it is, and how its clock was set last; null before its first start. */
export async function readTown(folder: string): Promise<TownState | null> {
  const { seed, speed, townMs, utcMs } = parseObject((await readIfThere(join(folder, 'town.json'))) ?? '');
  const isWhole = Number.isSafeInteger(seed) && [speed, townMs, utcMs].every((value) => typeof value === 'number');
  return isWhole ? ({ seed, speed, townMs, utcMs } as TownState) : null;
}

/** Remembers both. */
export async function writeTown(folder: string, town: TownState): Promise<void> {
  await writeFileDurably(join(folder, 'town.json'), encodeUtf8(`${JSON.stringify(town)}\n`));
}

/** The speed that somebody wishes for the town, once; null where nobody does. */
export async function takeSpeedWish(folder: string): Promise<number | null> {
  const path = join(folder, 'speed.wish');
  const text = await readIfThere(path);
  if (text === null) return null;
  await rm(path, { force: true });
  return Number(text);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseObject(text: string): { readonly [name: string]: unknown } {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as { readonly [name: string]: unknown }) : {};
  } catch {
    return {};
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
