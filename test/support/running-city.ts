/** A real city in a temporary folder for tests of what runs on a node: founded, opened, with a signer for its operator. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { NEWEST_VERSION } from '@oppidum/formats/state-upgrades';
import { type Action, signTransaction, type TransactionSigner } from '@oppidum/formats/transaction';
import type { CommittedTransaction, NodeClient } from '@oppidum/node/client';
import type { DataFolder } from '@oppidum/node/data-folder';
import { foundCity, readFirstAccounts } from '@oppidum/node/found-city';
import { readSeedFile } from '@oppidum/node/key-files';
import { type CityOptions, type OpenCity, openCity } from '@oppidum/node/open-city';

/** Random bytes as plain arrays. */
export const freshBytes = (size: number): Bytes => new Uint8Array(randomBytes(size));

/** An action with its body as CBOR. */
export function actionOf(kind: string, body: object): Action {
  const definition = cityRegistry.actions.get(kind);
  if (definition === undefined) return { kind, body: new Map(Object.entries(body)) as CborMap };
  return { kind, body: definition.body.encode(body) as CborValue };
}

export type RunningCity = OpenCity & {
  readonly folder: DataFolder;
  /** The operator: registrar, operator, data protection, and the whole council. */
  readonly operator: TransactionSigner;
  readonly telemetry: TransactionSigner;
  /** Closes and gives the folder free; the files stay. */
  readonly stop: () => Promise<void>;
};

/** Founds a city in this folder, which must be empty or missing; by the newest rules unless a version of them is named. */
export function foundTestCity(folder: string, nowMs = Date.now(), rulesVersion = NEWEST_VERSION): Promise<DataFolder> {
  const name = 'test.oppidum.example';
  return foundCity({ folder, crypto: nativeCrypto, name, nowMs, randomBytes: freshBytes, rulesVersion });
}

/** Opens the city of a held folder. */
export async function runCity(folder: DataFolder, options: Partial<CityOptions> = {}): Promise<RunningCity> {
  const city = await openCity({ folder, crypto: nativeCrypto, registry: cityRegistry, publishIntervalMs: 10, ...options });
  const signerOf = (name: 'operator' | 'telemetry'): TransactionSigner => firstSigner(folder, name);
  const stop = async (): Promise<void> => {
    await city.close();
    folder.release();
  };
  return { ...city, folder, operator: signerOf('operator'), telemetry: signerOf('telemetry'), stop };
}

/** A signer that a founded city began with. */
function firstSigner({ paths }: DataFolder, name: 'operator' | 'telemetry'): TransactionSigner {
  return { account: readFirstAccounts(paths)[name], keyNumber: 0, signer: ed25519Signer(readSeedFile(paths.key(name))) };
}

/** Whoever founded the city: registrar, operator, data protection, and the whole council. */
export function operatorOf(folder: DataFolder): TransactionSigner {
  return firstSigner(folder, 'operator');
}

/** A signed envelope for this city, valid for five minutes of its time. */
export function envelopeOf(
  client: Pick<NodeClient, 'genesisHash'> & { head(): { readonly timeMs: number } },
  by: TransactionSigner | readonly TransactionSigner[],
  actions: readonly Action[],
  validUntil = client.head().timeMs + 300_000,
): Bytes {
  const signers = 'signer' in by ? [by] : by;
  const payload = {
    city: client.genesisHash,
    validUntil,
    nonce: freshBytes(16),
    signers: signers.map(({ account }) => account).sort(compareBytes),
    actions: [...actions],
  };
  return signTransaction(payload, signers);
}

/** Submits and expects execution, with whatever code. */
export async function execute(client: NodeClient, envelope: Bytes): Promise<CommittedTransaction> {
  const answer = await client.submit(envelope);
  if ('refused' in answer)
    throw new Error(`refused at admission: ${answer.refused.code} ${JSON.stringify(answer.refused.details)}`);
  return answer.executed;
}

/** The body of `account/create` for a fresh account. */
export function freshAccount(): { readonly id: Bytes; readonly signer: TransactionSigner; readonly action: Action } {
  const id = freshBytes(32);
  const signer = ed25519Signer(freshBytes(32));
  const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
  const action = actionOf('account/create', { id, holder: 'person', key, class: 'full' });
  return { id, signer: { account: id, keyNumber: 0, signer }, action };
}

/** Calls `use` with a temporary folder and removes it afterwards. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-city-'));
  try {
    return await use(join(folder, 'city'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
