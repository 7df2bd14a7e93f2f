/**
 * Who vouches for imported data: a manufacturer on the ledger and whoever signs for its account. On the machine of the city itself nothing
 * needs to be named: the operator of the data folder imports, under a manufacturer that is made once.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { createManufacturer, makeTransaction } from '@oppidum/device/actions';
import type { CityApi } from '@oppidum/device/city-api';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { readSeed } from '@oppidum/device/key-file';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { manufacturerKind } from '@oppidum/formats/state-devices';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { usageFailure } from '../failure.ts';

export type ImporterOptions = {
  readonly manufacturer?: string;
  readonly model?: string;
  readonly account?: string;
  readonly key?: string;
  readonly keyNumber: number;
};

export type Importer = {
  readonly manufacturer: Bytes;
  /** Null: a new one is made. */
  readonly model: Bytes | null;
  readonly by: TransactionSigner;
  /** The name under which the manufacturer may have to be made first, by the operator; null where it is somebody else's. */
  readonly ownName: string | null;
};

/** What the operator's own manufacturers vouch for, by the folder that remembers their ids. */
const OWN_NAMES = {
  replay: 'Imported by the operator',
  bridge: 'Bridged by the operator',
  devices: 'Devices of the operator',
} as const;

/** Reads who imports from the flags, else from the data folder. Throws exit code 2, and as `readSeed` does. */
export async function readImporter(
  data: string,
  options: ImporterOptions,
  purpose: keyof typeof OWN_NAMES = 'replay',
): Promise<Importer> {
  const { manufacturer, account, key, keyNumber } = options;
  const model = options.model === undefined ? null : readId('--model', options.model);
  if (manufacturer !== undefined || account !== undefined || key !== undefined) {
    if (manufacturer === undefined || account === undefined || key === undefined)
      throw usageFailure('--manufacturer, --account and --key belong together');
    const by = { account: readId('--account', account), keyNumber, signer: ed25519Signer(readSeed(key)) };
    return { manufacturer: readId('--manufacturer', manufacturer), model, by, ownName: null };
  }
  const accounts = join(data, 'keys', 'accounts.json');
  if (!existsSync(accounts))
    throw usageFailure(
      `${data} is not the data folder of a city, so nobody can vouch for these data`,
      'Name --data DIR, or --manufacturer ID --account ID --key FILE',
    );
  const { operator } = JSON.parse(readFileSync(accounts, 'utf8')) as { readonly operator: string };
  const signer = ed25519Signer(readSeed(join(data, 'keys', 'operator.seed')));
  const by = { account: parseHex(operator, ID_SIZE), keyNumber: 0, signer };
  return { manufacturer: await ownManufacturer(data, purpose), model, by, ownName: OWN_NAMES[purpose] };
}

function readId(flag: string, text: string): Bytes {
  if (!/^[0-9a-f]{64}$/.test(text)) throw usageFailure(`${flag} has 64 digits 0-9 a-f`);
  return parseHex(text, ID_SIZE);
}

/** The id of the operator's manufacturer for this purpose, chosen once. */
async function ownManufacturer(data: string, purpose: string): Promise<Bytes> {
  const path = join(data, purpose, 'manufacturer');
  if (existsSync(path)) return parseHex(readFileSync(path, 'utf8').trim(), ID_SIZE);
  const id = new Uint8Array(randomBytes(ID_SIZE));
  await writeFileDurably(path, encodeUtf8(`${toHex(id)}\n`));
  return id;
}

/** Makes the operator's manufacturer where the ledger has none of this id. Throws ENROLMENT_REFUSED. */
export async function ensureManufacturer(api: CityApi, records: ProvenRecords, importer: Importer): Promise<void> {
  const { manufacturer, by, ownName } = importer;
  if (ownName === null || (await records.read(manufacturerKind, [manufacturer])) !== null) return;
  const action = createManufacturer(manufacturer, ownName, by.account);
  const { code } = await api.submit(makeTransaction(records.audience, [action], [by]));
  if (code !== 'OK' && (await records.read(manufacturerKind, [manufacturer])) === null)
    throw formatError('ENROLMENT_REFUSED', { code, action: action.kind });
}
