/** `busy-city.ts FOLDER`: makes a small city in which everything happened that leaves something in a file, and stops it. */

import assert from 'node:assert/strict';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodePolicy, parsePolicy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import {
  actionOf,
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  freshBytes,
  type RunningCity,
  runCity,
} from './running-city.ts';
import { anchoredUpTo, createMake, enrolDevice, startShard } from './running-shard.ts';

async function makeCity(folder: string): Promise<void> {
  const city = await runCity(await foundTestCity(folder));
  const { client, operator } = city;
  const shard = await startShard(city);
  const ingest = (envelope: Bytes) => shard.client.ingest(envelope);
  const lamp = await enrolDevice(city);
  const make = await createMake(city, { personal: true, name: 'Badge 1' });
  const [badge, gone] = [await enrolDevice(city, make), await enrolDevice(city, make)];
  for (let i = 1; i <= 3; i++) await ingest(lamp.sign(i));
  await Promise.all(Array.from({ length: 280 }, (_, i) => ingest(lamp.sign(100 + i))));
  for (const device of [badge, gone]) await ingest(device.sign(1));
  await ingest(lamp.sign(2, { records: [{ n: 'power', v: 1 }] }));
  await ingest(lamp.sign(500, { payload: Uint8Array.of(1) }));
  await shard.erase(gone.id, 'consent-withdrawn');
  for (let i = 0; i < 3; i++) {
    await ingest(lamp.sign(600 + i));
    await anchoredUpTo(shard, shard.client.status().size - 1);
  }
  const { action } = freshAccount();
  const create = () => execute(client, envelopeOf(client, operator, [action]));
  assert.deepEqual([(await create()).code, (await create()).code], ['OK', 'ACCOUNT_EXISTS']);
  await renameValidator(city);
  await shard.close();
  await client.checkpointOf(client.head().logSize);
  await city.stop();
}

/** A policy change that needs no new keys. */
async function renameValidator({ client, operator, folder }: RunningCity): Promise<void> {
  const { groups, witnesses, ...same } = parsePolicy(crypto, client.policyFile());
  const policy = encodePolicy(crypto, {
    ...same,
    witnesses: witnesses.map((witness) => ({ ...witness, name: 'first' })),
    groups: groups.map((group) => ({ ...group, members: ['first'] })),
  });
  const create = actionOf('proposal/create', {
    id: freshBytes(32),
    body: folder.genesis.council,
    actions: [actionOf('policy/change', { policy })],
    expiresMs: client.head().timeMs + 600_000,
  });
  const { code, height } = await execute(client, envelopeOf(client, operator, [create]));
  assert.equal(code, 'OK');
  while (client.read(at(policyEffectiveKind))?.from !== height + 1) await new Promise(setImmediate);
  assert.equal((await execute(client, envelopeOf(client, operator, [freshAccount().action]))).code, 'OK');
}

await makeCity(process.argv[2] as string);
