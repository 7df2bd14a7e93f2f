/**
 * Order keys on the command line: seeds or locked key files, as those of accounts, that sign statements of a zone and nothing else. What is in
 * force in the zone is read from the city and held against the keys at hand: a gateway that shows another key set finds nobody to sign.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, parseBase64, toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { type Envelope, parseEnvelope } from '@oppidum/formats/envelope';
import { formatError } from '@oppidum/formats/errors';
import { checkStatement, type StatementSignature, type StatementUse, signStatement } from '@oppidum/formats/statement';
import { type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { ZoneDetailJson } from '@oppidum/gateway/api/orders';
import type { Command } from 'commander';
import { CityCalls } from './api.ts';
import type { Cli } from './cli.ts';
import { usageFailure } from './failure.ts';
import { openSigningKey, PASSPHRASE_HELP } from './signing-key.ts';

export type OrderKeyOptions = { readonly orderKey?: readonly string[]; readonly passphraseFile?: string };

/** A zone as its keys and its envelope say; `envelope` was signed by those keys. */
export type SignedZone = { readonly id: Bytes; readonly name: string; readonly keySet: KeySet; readonly envelope: Envelope };

/** Adds the option of every command that signs with order keys. */
export function addOrderKeyOption(command: Command): Command {
  return command.option(
    '--order-key <file>',
    'order key to sign with: a seed or a locked key file; again for each further key',
    (file: string, files: readonly string[] = []) => [...files, file],
  );
}

/** The same with the passphrase of locked keys, for commands that sign nothing else. */
export function addOrderKeyOptions(command: Command): Command {
  return addOrderKeyOption(command).option('--passphrase-file <file>', PASSPHRASE_HELP);
}

/** The keys of these files. Throws exit code 2 where none is named, and as `openSigningKey`. */
export async function openOrderKeys(cli: Cli, { orderKey = [], ...options }: OrderKeyOptions): Promise<readonly Signer[]> {
  if (orderKey.length === 0) throw usageFailure('No order key was named', 'Name the file of each with --order-key FILE');
  const signers: Signer[] = [];
  for (const file of orderKey) signers.push((await openSigningKey(cli, file, options)).signer);
  return signers;
}

/** The zone with what is in force there. Throws CITY_ANSWER_INVALID where that does not hang together. */
export async function fetchZone(cli: Cli, id: string): Promise<SignedZone> {
  const { name, keySet: keys, envelopeInForce } = await new CityCalls(cli.api).get<ZoneDetailJson>(`/api/v1/zones/${id}`);
  const keySet = parseKeySet(parseBase64(keys.statement));
  const statement = parseBase64(envelopeInForce.statement);
  const signatures = envelopeInForce.signatures.map(({ key, signature }) => ({ key, signature: parseBase64(signature) }));
  const need = { keys: keySet.keys, count: keySet.dangerousThreshold };
  const refused = checkStatement(nativeCrypto, 'envelope', { statement, signatures }, need);
  const envelope = parseEnvelope(statement);
  const isOf = (zone: Bytes): boolean => toHex(zone) === id;
  if (refused !== null || !isOf(keySet.zone) || !isOf(envelope.zone))
    throw formatError('CITY_ANSWER_INVALID', {
      want: 'an envelope that the zone’s keys signed',
      code: refused?.code ?? 'ZONE_FOREIGN',
    });
  return { id: keySet.zone, name, keySet, envelope };
}

/** Signs a statement with these keys, which are all of the set. Throws ORDER_KEY_FOREIGN for one that is not. */
export function signAs(
  use: StatementUse,
  statement: Bytes,
  keys: readonly Bytes[],
  signers: readonly Signer[],
): readonly StatementSignature[] {
  const placed = signers.map((signer) => {
    const key = keys.findIndex((publicKey) => equalBytes(publicKey, signer.publicKey));
    if (key < 0) throw formatError('ORDER_KEY_FOREIGN', { publicKey: toHex(signer.publicKey) });
    return { key, signer };
  });
  return signStatement(nativeCrypto, use, statement, placed);
}
