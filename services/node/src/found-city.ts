/** Founding a city with one validator: its keys, its genesis document, its data folder. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, compareBytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { encodeGenesis, type Genesis, genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { cityOrigin, EDDSA, ID_SIZE } from '@oppidum/formats/ids';
import { createDataFolder, type DataFolder, type DataPaths } from './data-folder.ts';
import { writeFileDurably } from './durable-file.ts';
import { writeSeedFile } from './key-files.ts';
import { writeFirstRecord } from './log-signer.ts';

export type FoundOptions = {
  readonly folder: string;
  readonly crypto: Crypto;
  /** Host-like, e.g. `demo.oppidum.example`. */
  readonly name: string;
  /** Time of the genesis block. */
  readonly nowMs: number;
  /** Must come from a source fit for keys. */
  readonly randomBytes: (size: number) => Bytes;
};

/** The accounts that every founded city has: whoever runs it, and the service that signs anchors. */
export type FirstAccounts = { readonly operator: Bytes; readonly telemetry: Bytes };

/** Roles of the operator, in the order a genesis document demands. */
const OPERATOR_ROLES = ['data-protection', 'operator', 'registrar'];
const SECRET_MODE = 0o600;
const KEY_NAMES = ['log', 'cosigner', 'operator', 'telemetry'] as const;
type KeyName = (typeof KEY_NAMES)[number];

/**
 * Makes the data folder of a new city and holds it. The operator is the only member of the council; proposals change that later.
 * Throws as `createDataFolder` does, and TEXT_INVALID for the name.
 */
export async function foundCity({ folder, crypto, name, nowMs, randomBytes }: FoundOptions): Promise<DataFolder> {
  const seeds = Object.fromEntries(KEY_NAMES.map((key) => [key, randomBytes(ID_SIZE)])) as Record<KeyName, Bytes>;
  const accounts = { operator: randomBytes(ID_SIZE), telemetry: randomBytes(ID_SIZE) };
  // What a node starts from are bytes; parsing them is also the check of the name.
  const genesis = parseGenesis(
    encodeGenesis(makeGenesis({ name, nowMs, seeds, accounts, nonce: randomBytes(16), council: randomBytes(ID_SIZE) })),
  );
  const fill = async (paths: DataPaths): Promise<void> => {
    await writeFirstRecord(join(paths.log, 'last-signed'), cityOrigin(name, genesisHash(crypto, genesis)), crypto);
    for (const key of KEY_NAMES) await writeSeedFile(paths.key(key), seeds[key]);
    // DURABLE: accounts
    await writeFileDurably(accountsFile(paths), encodeAccounts(accounts), SECRET_MODE);
  };
  return createDataFolder({ folder, crypto, genesis, fill });
}

/** The accounts a founded city began with, from `keys/accounts.json`. Throws as reading a file does; a plain Error where it is not ours. */
export function readFirstAccounts(paths: DataPaths): FirstAccounts {
  const { operator, telemetry } = JSON.parse(readFileSync(accountsFile(paths), 'utf8')) as Record<string, unknown>;
  return { operator: parseAccount(operator), telemetry: parseAccount(telemetry) };
}

function parseAccount(account: unknown): Bytes {
  if (typeof account !== 'string') throw formatError('WRONG_TYPE', { file: 'accounts.json', want: 'an account id' });
  return parseHex(account, ID_SIZE);
}

function accountsFile({ keys }: DataPaths): string {
  return join(keys, 'accounts.json');
}

function encodeAccounts({ operator, telemetry }: FirstAccounts): Bytes {
  return encodeUtf8(`${JSON.stringify({ operator: toHex(operator), telemetry: toHex(telemetry) }, null, 2)}\n`);
}

function makeGenesis(parts: {
  readonly name: string;
  readonly nowMs: number;
  readonly seeds: Readonly<Record<KeyName, Bytes>>;
  readonly accounts: FirstAccounts;
  readonly nonce: Bytes;
  readonly council: Bytes;
}): Genesis {
  const { name, nowMs, seeds, accounts, nonce, council } = parts;
  const keyOf = (key: KeyName): Bytes => ed25519Signer(seeds[key]).publicKey;
  const account = (
    key: 'operator' | 'telemetry',
    holder: 'organisation' | 'service',
    roles: string[],
  ): Genesis['accounts'][number] => ({
    id: accounts[key],
    holder,
    keys: [{ key: { algorithm: EDDSA, publicKey: keyOf(key) }, class: 'full' }],
    roles,
  });
  return {
    version: 1,
    name,
    nonce,
    createdMs: nowMs,
    validators: [{ name: 'validator-1', logKey: keyOf('log'), cosignerKey: keyOf('cosigner') }],
    accounts: [account('operator', 'organisation', OPERATOR_ROLES), account('telemetry', 'service', [])].sort((a, b) =>
      compareBytes(a.id, b.id),
    ),
    bodies: [{ id: council, name: 'council', threshold: 1, members: [accounts.operator] }],
    council,
  };
}
