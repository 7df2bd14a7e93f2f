/** Founding a city with one validator: its keys, its genesis document, its data folder. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, compareBytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { encodeGenesis, type Genesis, genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { cityOrigin, EDDSA, ID_SIZE } from '@oppidum/formats/ids';
import { FIRST_VERSION, NEWEST_VERSION } from '@oppidum/formats/state-upgrades';
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
  /** The version of the rules to begin with; the newest unless said otherwise. */
  readonly rulesVersion?: number;
};

/** The accounts that every founded city has: whoever runs it, and the service that signs anchors. */
export type FirstAccounts = { readonly operator: Bytes; readonly telemetry: Bytes };

/** Roles of the operator, in the order a genesis document demands. */
const OPERATOR_ROLES = ['data-protection', 'operator', 'registrar'];
const SECRET_MODE = 0o600;

/**
 * Makes the data folder of a new city and holds it. The operator is the only member of the council; proposals change that later.
 * Throws as `createDataFolder` does, and TEXT_INVALID for the name.
 */
export async function foundCity({ folder, crypto, ...rest }: FoundOptions): Promise<DataFolder> {
  const { randomBytes } = rest;
  const validator = freshSeeds(['log', 'cosigner'], randomBytes);
  const founder = freshFounder(randomBytes);
  const genesis = foundingGenesis({ ...rest, validators: [{ name: 'validator-1', seeds: validator }], founder });
  const fill = async (paths: DataPaths): Promise<void> => {
    await writeValidatorKeys(paths, { crypto, genesis, seeds: validator });
    await writeFounder(paths, founder);
  };
  return createDataFolder({ folder, crypto, genesis, fill });
}

/** The two keys of a validator: its log key and its cosigner key. */
export type ValidatorSeeds = Readonly<Record<'log' | 'cosigner', Bytes>>;
/** Whoever founds a city: its first two accounts with their keys. */
export type Founder = { readonly accounts: FirstAccounts; readonly seeds: Readonly<Record<'operator' | 'telemetry', Bytes>> };

type RandomBytes = FoundOptions['randomBytes'];

/** Fresh seeds by name. */
export function freshSeeds<const K extends string>(names: readonly K[], randomBytes: RandomBytes): Readonly<Record<K, Bytes>> {
  return Object.fromEntries(names.map((name) => [name, randomBytes(ID_SIZE)])) as Record<K, Bytes>;
}

/** Fresh accounts and keys of a founder. */
export function freshFounder(randomBytes: RandomBytes): Founder {
  const names = ['operator', 'telemetry'] as const;
  return { accounts: freshSeeds(names, randomBytes), seeds: freshSeeds(names, randomBytes) };
}

/** A validator's keys and the record of a key that has signed nothing. */
export async function writeValidatorKeys(
  paths: DataPaths,
  { crypto, genesis, seeds }: { readonly crypto: Crypto; readonly genesis: Genesis; readonly seeds: ValidatorSeeds },
): Promise<void> {
  await writeFirstRecord(join(paths.log, 'last-signed'), cityOrigin(genesis.name, genesisHash(crypto, genesis)), crypto);
  for (const key of ['log', 'cosigner'] as const) await writeSeedFile(paths.key(key), seeds[key]);
}

/** The founder's keys, and which accounts they are of. */
export async function writeFounder(paths: DataPaths, { accounts, seeds }: Founder): Promise<void> {
  for (const key of ['operator', 'telemetry'] as const) await writeSeedFile(paths.key(key), seeds[key]);
  // DURABLE: accounts
  await writeFileDurably(accountsFile(paths), encodeAccounts(accounts), SECRET_MODE);
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

/** The genesis document of a founder and these validators. Throws TEXT_INVALID for the name. */
export function foundingGenesis(
  parts: Pick<FoundOptions, 'name' | 'nowMs' | 'randomBytes' | 'rulesVersion'> & {
    /** Of several, with the consensus keys that their CometBFTs have. */
    readonly validators: readonly { readonly name: string; readonly seeds: ValidatorSeeds; readonly consensusKey?: Bytes }[];
    readonly founder: Founder;
  },
): Genesis {
  const { name, nowMs, validators, founder, randomBytes, rulesVersion = NEWEST_VERSION } = parts;
  const { accounts, seeds } = founder;
  const council = randomBytes(ID_SIZE);
  const account = (
    key: 'operator' | 'telemetry',
    holder: 'organisation' | 'service',
    roles: string[],
  ): Genesis['accounts'][number] => ({
    id: accounts[key],
    holder,
    keys: [{ key: { algorithm: EDDSA, publicKey: publicKeyOf(seeds[key]) }, class: 'full' }],
    roles,
  });
  const genesis: Genesis = {
    version: 1,
    name,
    nonce: randomBytes(16),
    createdMs: nowMs,
    validators: validators.map(({ name: validator, seeds: keys, consensusKey }) => ({
      name: validator,
      logKey: publicKeyOf(keys.log),
      cosignerKey: publicKeyOf(keys.cosigner),
      ...(consensusKey === undefined ? {} : { consensusKey }),
    })),
    accounts: [account('operator', 'organisation', OPERATOR_ROLES), account('telemetry', 'service', [])].sort((a, b) =>
      compareBytes(a.id, b.id),
    ),
    bodies: [{ id: council, name: 'council', threshold: 1, members: [accounts.operator] }],
    council,
    ...(rulesVersion === FIRST_VERSION ? {} : { rulesVersion }),
  };
  // What a node starts from are bytes; parsing them is also the check of the name.
  return parseGenesis(encodeGenesis(genesis));
}

function publicKeyOf(seed: Bytes): Bytes {
  return ed25519Signer(seed).publicKey;
}
