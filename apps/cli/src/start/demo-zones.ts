/**
 * The zones of the demo: the simulated city says in `demo/zones.json` what it would like to have; two engineers, whose keys are here, sign
 * its envelopes and documents, and the operator brings them onto the ledger. A zone is one transaction, and its id follows from its keys, so
 * that an attempt that was cut short is found again and not made twice.
 *
 *   demo/engineers/<zone>-1.seed, <zone>-2.seed   order keys, 0600
 *   demo/zones/<zone>.zone   the key set, written last: machines obey it      demo/zones/<zone>.members   their ids, as the ledger has them
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { type Bytes, compareBytes, concatBytes, encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import type { CborMap } from '@oppidum/formats/cbor';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { envelopeSchema } from '@oppidum/formats/envelope';
import { type StatementSignature, type StatementUse, signStatement } from '@oppidum/formats/statement';
import type { Action } from '@oppidum/formats/transaction';
import { encodeKeySet, encodeZoneDocument, type KeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { CityJson, TransactionResultJson } from '@oppidum/gateway/api-types';
import { CityCalls } from '../api.ts';
import type { Cli } from '../cli.ts';
import { actionOf, idBytes, refusal, submit } from '../transactions.ts';
import { membersFile, membersText, type ZoneDraft, type ZoneDrafts, zoneFile } from './zone-drafts.ts';

const ZONE_LABEL = encodeUtf8('oppidum/demo-zone/v1\n');
const ENGINEERS = [1, 2] as const;

/** Makes sure that these zones are on the ledger and their machines know whom to obey. Throws what the ledger refuses. */
export async function makeDemoZones(cli: Cli, folder: string, drafts: ZoneDrafts): Promise<void> {
  const { genesis } = await new CityCalls(cli.api).get<CityJson>('/api/v1/city');
  const isNew = ({ file }: ZoneDraft): boolean => !existsSync(zoneFile(folder, file));
  if (drafts.zones.some(isNew))
    for (const { device, name, decimals } of drafts.sensors) {
      const action = actionOf('telemetry/declare-sensor', { device: idBytes(device), name, decimals });
      assertDone(await submit(cli, [action], { keyNumber: 0 }), 'SENSOR_EXISTS');
    }
  for (const draft of drafts.zones) {
    if (isNew(draft)) await makeZone(cli, folder, idBytes(genesis), draft);
    else await addDevices(cli, folder, draft);
    await writeFileDurably(membersFile(folder, draft.file), encodeUtf8(membersText(draft)));
  }
}

/** A simulated city that has more devices than before. */
async function addDevices(cli: Cli, folder: string, draft: ZoneDraft): Promise<void> {
  const file = membersFile(folder, draft.file);
  const known = new Set(existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as readonly string[]) : draft.devices);
  const { zone } = parseKeySet(new Uint8Array(await readFile(zoneFile(folder, draft.file))));
  for (const device of draft.devices.filter((id) => !known.has(id)))
    assertDone(
      await submit(cli, [actionOf('zone/add-devices', { zone, devices: [idBytes(device)] })], { keyNumber: 0 }),
      'DEVICE_IN_ZONE',
    );
}

async function makeZone(cli: Cli, folder: string, city: Bytes, draft: ZoneDraft): Promise<void> {
  const engineers: Signer[] = [];
  for (const i of ENGINEERS)
    engineers.push(ed25519Signer(await readOrMakeSeed(join(folder, 'engineers', `${draft.file}-${i}.seed`))));
  engineers.sort((a, b) => compareBytes(a.publicKey, b.publicKey));
  const keys = engineers.map(({ publicKey }) => publicKey);
  const zone = nativeCrypto.sha256(concatBytes(ZONE_LABEL, city, ...keys));
  // One engineer orders; both sign what is dangerous, envelopes and documents.
  const keySet: KeySet = { city, zone, version: 1, keys, threshold: 1, dangerousThreshold: keys.length };
  const result = await submit(cli, zoneActions(keySet, engineers, draft), { keyNumber: 0 });
  // All or nothing: where the zone exists, so does everything else of it.
  assertDone(result, 'ZONE_EXISTS');
  await writeFileDurably(zoneFile(folder, draft.file), encodeKeySet(keySet));
}

function zoneActions(keySet: KeySet, engineers: readonly Signer[], draft: ZoneDraft): readonly Action[] {
  const { city, zone } = keySet;
  const sign = (use: StatementUse, statement: Bytes): CborMap[] =>
    signStatement(
      nativeCrypto,
      use,
      statement,
      engineers.map((signer, key) => ({ key, signer })),
    ).map(signatureMap);
  const place = { city: toHex(city), zone: toHex(zone), version: 1, previous: '00'.repeat(32) };
  const envelope = encodeBy(envelopeSchema, envelopeSchema.fromJson({ ...draft.envelope, ...place }, ''));
  const create = { id: zone, name: draft.name, domain: draft.domain, keySet: encodeKeySet(keySet), envelope };
  const documents = draft.documents.map(({ name, body }) => {
    const document = encodeZoneDocument({ city, zone, name, version: 1, body: parseHex(body) });
    return actionOf('zone/set-document', { zone, document, signatures: sign('document', document) });
  });
  return [
    actionOf('zone/create', { ...create, signatures: sign('envelope', envelope) }),
    actionOf('zone/add-devices', { zone, devices: draft.devices.map(idBytes) }),
    ...documents,
  ];
}

function signatureMap({ key, signature }: StatementSignature): CborMap {
  return new Map<string, number | Bytes>([
    ['key', key],
    ['signature', signature],
  ]);
}

function assertDone(result: TransactionResultJson, before: string): void {
  if (result.code !== 'OK' && result.code !== before) throw refusal(result);
}
