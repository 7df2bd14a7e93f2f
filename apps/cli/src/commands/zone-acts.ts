/** The acts of `oppidum zone` that order keys sign: key sets, envelopes and documents, made here from what is in force. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, compareBytes, equalBytes, parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { formatError } from '@oppidum/formats/errors';
import type { StatementSignature } from '@oppidum/formats/statement';
import { encodeKeySet, encodeZoneDocument, type KeySet } from '@oppidum/formats/zone-statements';
import type { ZoneDetailJson } from '@oppidum/gateway/api/orders';
import type { CityJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { type Cli, COMMAND, openCli, readFile, readInput } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { fetchZone, type OrderKeyOptions, openOrderKeys, signAs } from '../order-keys.ts';
import { actionOf, carryOut, freshId, idBytes, type SignOptions } from '../transactions.ts';

/** What a key set is made of on the command line. */
export type KeySetOptions = SignOptions &
  OrderKeyOptions & { readonly publicKey?: readonly string[]; readonly threshold: number; readonly dangerousThreshold?: number };
type CreateOptions = KeySetOptions & { readonly name: string; readonly domain: string; readonly envelope?: string };

const NO_ENVELOPE = new Uint8Array(32);
/** Where nobody says what is safe, nothing is. */
const DEFAULT_ENVELOPE = {
  ...{ independence: 'device', grade: 'device', quantities: [], rules: [], safe: [], dangerous: [] },
  ...{ lifetimeMsMax: 60_000, dangerousLifetimeMsMax: 30_000 },
};

/** A key set of these signers and of the public keys of others. Throws exit code 2 where its thresholds do not fit. */
export function keySetOf(
  place: Pick<KeySet, 'city' | 'zone' | 'version'>,
  signers: readonly Signer[],
  options: KeySetOptions,
): KeySet {
  const { publicKey = [], threshold, dangerousThreshold = threshold } = options;
  const all = [...signers.map((signer) => signer.publicKey), ...publicKey.map((key) => parseHex(key))].sort(compareBytes);
  const keys = all.filter((key, i) => i === 0 || !equalBytes(key, all[i - 1] as Bytes));
  if (Math.max(threshold, dangerousThreshold) > keys.length)
    throw usageFailure(`${Math.max(threshold, dangerousThreshold)} keys cannot sign where there are ${keys.length}`);
  return { ...place, keys, threshold, dangerousThreshold };
}

/** The envelope in a file of JSON, in its place. Throws as the schema does, exit code 2 for what is no JSON. */
export async function readEnvelope(
  file: string | undefined,
  place: Pick<Envelope, 'city' | 'zone' | 'version' | 'previous'>,
): Promise<Bytes> {
  const json = file === undefined ? DEFAULT_ENVELOPE : parseObject(await readInput(file), file);
  const { city, zone, previous, version } = place;
  const whole = { ...json, city: toHex(city), zone: toHex(zone), version, previous: toHex(previous) };
  return encodeBy(envelopeSchema, envelopeSchema.fromJson(whole, ''));
}

function parseObject(bytes: Uint8Array, file: string): object {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch {
    // Told below.
  }
  throw usageFailure(`${file} is no JSON object`);
}

/** CBOR of signatures in an action. */
export const signatureMaps = (signatures: readonly StatementSignature[]) =>
  signatures.map(
    ({ key, signature }) =>
      new Map<string, number | Uint8Array>([
        ['key', key],
        ['signature', signature],
      ]),
  );

async function genesisOf(cli: Cli): Promise<Bytes> {
  return idBytes((await new CityCalls(cli.api).get<CityJson>('/api/v1/city')).genesis);
}

/** `zone create`. */
export async function createZone(options: CreateOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const signers = await openOrderKeys(cli, options);
  const [city, zone] = [await genesisOf(cli), freshId()];
  const keySet = keySetOf({ city, zone, version: 1 }, signers, options);
  const envelope = await readEnvelope(options.envelope, { city, zone, version: 1, previous: NO_ENVELOPE });
  const signatures = signAs('envelope', envelope, keySet.keys, signers);
  const { name, domain } = options;
  const actions = [
    actionOf('zone/create', {
      id: zone,
      name,
      domain,
      keySet: encodeKeySet(keySet),
      envelope,
      signatures: signatureMaps(signatures),
    }),
  ];
  const { keys, threshold, dangerousThreshold } = keySet;
  const sentence = `Create the zone ${name} (${domain}) as ${toHex(zone)}: ${threshold} of ${keys.length} keys order, ${dangerousThreshold} what is dangerous`;
  const result = await carryOut(cli, { sentence, isDangerous: false, actions }, options);
  if (result !== null) cli.output.note(`Its devices come next: ${COMMAND} zone add-device ${toHex(zone)} …`);
}

/** `zone replace-keys`: the keys in force sign the next set, the next set signs the envelope in force. */
export async function replaceKeys(
  id: string,
  options: KeySetOptions & { readonly newKey: readonly string[] },
  self: Command,
): Promise<void> {
  const cli = openCli(self);
  const { keySet: before } = await fetchZone(cli, id);
  const [old, fresh] = [await openOrderKeys(cli, options), await openOrderKeys(cli, { ...options, orderKey: options.newKey })];
  const { city, zone, version } = before;
  const next = keySetOf({ city, zone, version: version + 1 }, fresh, options);
  const statement = encodeKeySet(next);
  const actions = [
    actionOf('zone/replace-keys', {
      ...{ zone, keySet: statement, signatures: signatureMaps(signAs('keys', statement, before.keys, old)) },
      envelopeSignatures: signatureMaps(signAs('envelope', await envelopeStatement(cli, id), next.keys, fresh)),
    }),
  ];
  const sentence = `Replace the order keys of zone ${id} by set ${next.version}: ${next.threshold} of ${next.keys.length} keys order, ${next.dangerousThreshold} what is dangerous`;
  await carryOut(cli, { sentence, isDangerous: true, actions }, options);
}

async function envelopeStatement(cli: Cli, id: string): Promise<Bytes> {
  const { envelopeInForce } = await new CityCalls(cli.api).get<ZoneDetailJson>(`/api/v1/zones/${id}`);
  return parseBase64(envelopeInForce.statement);
}

/** `zone set-envelope`. */
export async function setEnvelope(
  id: string,
  file: string,
  options: SignOptions & OrderKeyOptions,
  self: Command,
): Promise<void> {
  const cli = openCli(self);
  const signers = await openOrderKeys(cli, options);
  const { keySet, envelope: before } = await fetchZone(cli, id);
  const previous = nativeCrypto.sha256(await envelopeStatement(cli, id));
  const { city, zone } = keySet;
  const envelope = await readEnvelope(file, { city, zone, version: before.version + 1, previous });
  const actions = [
    actionOf('zone/set-envelope', {
      zone,
      envelope,
      signatures: signatureMaps(signAs('envelope', envelope, keySet.keys, signers)),
    }),
  ];
  const sentence = `Give zone ${id} envelope ${before.version + 1} of ${file}; orders under the former one are refused from then on`;
  await carryOut(cli, { sentence, isDangerous: true, actions }, options);
}

/** `zone set-document`. */
export async function setDocument(
  id: string,
  name: string,
  file: string,
  options: SignOptions & OrderKeyOptions,
  self: Command,
): Promise<void> {
  const cli = openCli(self);
  const signers = await openOrderKeys(cli, options);
  const { keySet } = await fetchZone(cli, id);
  const { documents } = await new CityCalls(cli.api).get<ZoneDetailJson>(`/api/v1/zones/${id}`);
  const version = (documents.find((known) => known.name === name)?.version ?? 0) + 1;
  const { city, zone } = keySet;
  const document = encodeZoneDocument({ city, zone, name, version, body: readFile(file) });
  const signatures = signAs('document', document, keySet.keys, signers);
  if (signatures.length < keySet.dangerousThreshold)
    throw formatError('SIGNATURES_FEW', { want: keySet.dangerousThreshold, got: signatures.length });
  const actions = [actionOf('zone/set-document', { zone, document, signatures: signatureMaps(signatures) })];
  await carryOut(
    cli,
    { sentence: `Give zone ${id} version ${version} of its document ${name}`, isDangerous: true, actions },
    options,
  );
}
