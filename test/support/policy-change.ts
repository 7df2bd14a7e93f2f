/** A change of a city's policy as its council decides it, on a running city in this process. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { encodePolicy } from '@oppidum/formats/policy';
import { writeSeedFile } from '@oppidum/node/key-files';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes, type RunningCity } from './running-city.ts';

/** The council decides that one new validator, whose keys this node has, is the city's from the block after next: the policy file that is in force then. `beforeNext`: called while the block that put it into force is the newest. */
export async function changePolicy(
  { client, operator, folder }: RunningCity,
  number: number,
  beforeNext?: () => Promise<void>,
): Promise<Bytes> {
  const [logSeed, cosignerSeed] = [freshBytes(32), freshBytes(32)];
  await writeSeedFile(join(folder.paths.keys, `log-${number}.seed`), logSeed);
  await writeSeedFile(join(folder.paths.keys, `cosigner-${number}.seed`), cosignerSeed);
  const keys = { logKey: ed25519Signer(logSeed).publicKey, cosignerKey: ed25519Signer(cosignerSeed).publicKey };
  const file = encodePolicy(crypto, policyOfValidators(client.origin, [{ name: `validator-${number}`, ...keys }]));
  const create = actionOf('proposal/create', {
    id: freshBytes(32),
    body: folder.genesis.council,
    actions: [actionOf('policy/change', { policy: file })],
    expiresMs: client.head().timeMs + 600_000,
  });
  assert.equal((await execute(client, envelopeOf(client, operator, [create]))).code, 'OK');
  const decided = client.head().height;
  while (client.head().height < decided + 1) await new Promise(setImmediate);
  await beforeNext?.();
  assert.equal((await execute(client, envelopeOf(client, operator, [freshAccount().action]))).code, 'OK');
  await client.checkpointOf(client.head().logSize);
  assert.deepEqual(client.policyFile(), file);
  return file;
}
