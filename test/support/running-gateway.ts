/** A gateway over a real city and a real shard in a temporary folder, on free ports, with devices that are enrolled and sign. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodePack, type SensorRecord } from '@oppidum/device/reading-pack';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { TokenClaims } from '@oppidum/formats/connection-token';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf } from '@oppidum/formats/ids';
import { activationChallenge } from '@oppidum/formats/possession';
import { signReading } from '@oppidum/formats/reading';
import { type Gateway, type GatewayOptions, startGateway } from '@oppidum/gateway/server';
import { openDataFolder } from '@oppidum/node/data-folder';
import { declareShard } from '@oppidum/telemetry/declare-shard';
import { type OpenShard, openShard, type ShardOptions } from '@oppidum/telemetry/open-shard';
import { pino } from 'pino';
import { actionOf, envelopeOf, execute, foundTestCity, freshBytes, type RunningCity, runCity } from './running-city.ts';
import { signToken } from './tokens.ts';

/** Opens a gateway; what it logs is dropped unless a logger is given. */
export function runGateway(city: RunningCity, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const { paths, genesis } = city.folder;
  return startGateway({
    crypto: nativeCrypto,
    registry: cityRegistry,
    node: city.client,
    shards: [],
    name: genesis.name,
    genesisFile: new Uint8Array(readFileSync(paths.genesis)),
    logFolder: city.logFolder,
    policiesFolder: paths.policies,
    folder: paths.gateway,
    accessFolder: paths.access,
    logger: pino({ level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    mqttPort: 0,
    ...options,
  });
}

/** Shard 0 of a running city, declared at the first call. */
export async function runShard(
  { client, folder, operator, telemetry }: RunningCity,
  options: Partial<ShardOptions>,
): Promise<OpenShard> {
  const place = { client, crypto: nativeCrypto, folder: folder.paths.shard(0), number: 0, randomBytes: freshBytes };
  await declareShard({ ...place, signer: operator, anchorAccount: telemetry.account, clock: Date.now });
  const pace = { anchorIntervalMs: 10, publishIntervalMs: 10 };
  return openShard({ ...place, anchorSigner: telemetry, erasureSigner: operator, ...pace, ...options });
}

/** A city with its shard and its doors. */
export type RunningDoors = {
  readonly city: RunningCity;
  readonly shard: OpenShard;
  readonly gateway: Gateway;
  readonly close: () => Promise<void>;
};

/** Opens everything over the city in a folder, which is founded when it is not there. */
export async function runDoors(
  folder: string,
  isNew = true,
  options: Partial<GatewayOptions> = {},
  shardOptions: Partial<ShardOptions> = {},
): Promise<RunningDoors> {
  const city = await runCity(isNew ? await foundTestCity(folder) : await openDataFolder({ folder, crypto: nativeCrypto }));
  const shard = await runShard(city, shardOptions);
  const gateway = await runGateway(city, { shards: [shard.client], carrier: city.telemetry, ...options });
  const close = async (): Promise<void> => {
    await gateway.close();
    await shard.close();
    await city.stop();
  };
  return { city, shard, gateway, close };
}

/** A new city with its doors in a temporary folder; `close` takes everything away. */
export async function openDoors(options: Partial<GatewayOptions> = {}): Promise<RunningDoors> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-doors-'));
  const doors = await runDoors(join(folder, 'city'), true, options);
  const close = async (): Promise<void> => {
    await doors.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...doors, close };
}

/** Calls `use` with a new city and its doors, and takes everything away afterwards. */
export async function withDoors(
  use: (doors: RunningDoors) => Promise<void>,
  options: Partial<GatewayOptions> = {},
): Promise<void> {
  const doors = await openDoors(options);
  try {
    await use(doors);
  } finally {
    await doors.close();
  }
}

/** An active device. */
export type TestDevice = {
  readonly id: Bytes;
  readonly hex: string;
  readonly model: Bytes;
  /** Signs records as the reading of this sequence number; one record `power` of 40.5 W without any. */
  readonly reading: (sequence: number, records?: readonly SensorRecord[]) => Bytes;
  readonly signer: Signer;
  /** A fresh token for a connection, also with other claims than the true ones. */
  readonly token: (changes?: Partial<TokenClaims>) => Bytes;
};

/** Makes a manufacturer, a model and an active device of it. */
export async function enrolDevice(
  city: RunningCity,
  options: {
    readonly personal?: boolean;
    readonly label?: string;
    readonly seed?: Bytes;
    readonly grade?: 'device' | 'imported';
  } = {},
): Promise<TestDevice> {
  const { client, operator } = city;
  const [manufacturer, model] = [freshBytes(32), freshBytes(32)];
  const signer = ed25519Signer(options.seed ?? freshBytes(32));
  const id = deviceIdOf(nativeCrypto, signer.publicKey);
  const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
  const flags = { personal: options.personal ?? false, simulated: true };
  const label = options.label === undefined ? {} : { label: options.label };
  const actions = [
    actionOf('manufacturer/create', { id: manufacturer, name: 'The works', account: operator.account }),
    actionOf('model/create', { id: model, manufacturer, name: 'Lamp 1', deviceType: 'street-light', ...flags }),
    actionOf('device/register', { id, model, key, grade: options.grade ?? 'device', ...label }),
  ];
  const registered = await execute(client, envelopeOf(client, operator, actions));
  assert.equal(registered.code, 'OK');
  const challenge = {
    genesis: client.genesisHash,
    device: id,
    registration: registered.id,
    keyNumber: 0,
    publicKey: signer.publicKey,
  };
  const proof = signer.sign(activationChallenge(challenge));
  const activated = await execute(client, envelopeOf(client, operator, [actionOf('device/activate', { id, proof })]));
  assert.equal(activated.code, 'OK');
  return {
    ...{ id, hex: toHex(id), model, signer },
    reading: (sequence, records) => signAs(city, id, signer, sequence, records),
    token: (changes) => signToken(signer, { audience: client.genesisHash, device: id, ...changes }),
  };
}

function signAs(city: RunningCity, device: Bytes, signer: Signer, sequence: number, records?: readonly SensorRecord[]): Bytes {
  const pack = encodePack(device, records ?? [{ sensor: 'power', unit: 'W', value: 40.5, timeMs: Date.now() }]);
  const header = { audience: city.client.genesisHash, device, keyNumber: 0, sequence, nonce: freshBytes(16) };
  return signReading(signer, header, pack);
}

/** Asks until the answer is what is waited for; throws when it is not after a minute, which no busy machine needs. */
export async function eventually<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  const begunMs = performance.now();
  for (;;) {
    const answer = await ask();
    if (isIt(answer)) return answer;
    if (performance.now() - begunMs > 60_000) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
