import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { at } from '@oppidum/formats/state-layout';
import { consensusAddress, misbehaviourKind, validatorSetKind } from '@oppidum/formats/state-validators';
import { Misbehavior, MisbehaviorType } from 'cosmjs-types/tendermint/abci/types';
import { AbciCity } from '../../../test/support/abci-city.ts';
import { foundTestCluster } from '../../../test/support/comet.ts';
import { foundTestCity, inTemporaryFolder } from '../../../test/support/running-city.ts';
import { Application } from './application.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { NodeStore } from './node-store.ts';

const powerOf = (consensusKey: Bytes, power = 10n) => ({ pubKey: { ed25519: consensusKey }, power });
const keysOf = ({ genesis }: DataFolder): Bytes[] => genesis.validators.flatMap(({ consensusKey }) => consensusKey ?? []);

/** The first node of a founded cluster. */
const withNode = (use: (folder: DataFolder, path: string) => Promise<void>, count = 4): Promise<void> =>
  inTemporaryFolder(async (path) => {
    const folders = Array.from({ length: count }, (_, i) => join(path, `${i}`));
    await foundTestCluster(folders);
    const folder = await openDataFolder({ folder: folders[0]!, crypto });
    await use(folder, path);
    folder.release();
  });

describe('InitChain', () => {
  test('takes the validators of the city and no others, and says which differ', () =>
    withNode(async (folder) => {
      const keys = keysOf(folder);
      assert.equal(keys.length, 4);
      const same = keys.map((key) => powerOf(key));
      const stranger = powerOf(new Uint8Array(32).fill(7));
      const refused: readonly (readonly [object, readonly object[]])[] = [
        [{ onlyInEngine: toHex(stranger.pubKey.ed25519) }, [...same, stranger]],
        [{ onlyInEngine: 'a key that is no Ed25519 key' }, [{ pubKey: { secp256k1: new Uint8Array(33) }, power: 10n }]],
        [{ validator: 'validator-2', wantPower: 10, got: '5' }, [same[0]!, powerOf(keys[1]!, 5n), ...same.slice(2)]],
        [{ onlyInCity: 'validator-4', consensusKey: toHex(keys[3]!) }, same.slice(0, 3)],
        [{ onlyInCity: 'validator-1', consensusKey: toHex(keys[0]!) }, []],
      ];
      for (const [details, validators] of refused) {
        const city = new AbciCity(folder, Date.now());
        await assert.rejects(city.start({ validators: [...validators] as never }), { code: 'VALIDATORS_DIFFER', details });
        assert.equal(city.store.head, null);
        await city.stop();
      }
      const city = new AbciCity(folder, Date.now());
      await city.start({ validators: same.toReversed() });
      assert.equal(city.application.height, 0);
      await city.stop();
    }));

  test('of a city that names no consensus keys takes any', () =>
    inTemporaryFolder(async (path) => {
      const folder = await foundTestCity(path);
      const city = new AbciCity(folder, Date.now());
      await city.start({ validators: [powerOf(new Uint8Array(32).fill(7))] });
      assert.equal(city.application.height, 0);
      await city.stop();
      folder.release();
    }));
});

const provenOf = (consensusKey: Bytes, type = MisbehaviorType.DUPLICATE_VOTE, height = 1n): Misbehavior =>
  Misbehavior.fromPartial({ type, validator: { address: consensusAddress(crypto, consensusKey), power: 10n }, height });

describe('misbehaviour of FinalizeBlock', () => {
  test('is on the ledger, removes the validator by a change of its set, and stays with the block', () =>
    withNode(async (folder, path) => {
      const keys = keysOf(folder);
      const city = new AbciCity(folder, folder.genesis.createdMs + 1_000);
      await city.start({ validators: keys.map((key) => powerOf(key)) });
      const unknown = provenOf(new Uint8Array(32).fill(7));
      const newer = provenOf(keys[0]!, 9 as MisbehaviorType);
      const proving = await city.block([], city.clockMs, [unknown, newer, provenOf(keys[2]!)]);
      assert.deepEqual(proving.validatorUpdates, []);
      const { read } = city.application;
      assert.equal(read(at(misbehaviourKind, keys[2]!))?.kind, 'duplicate-vote');
      assert.equal(read(at(misbehaviourKind, keys[0]!)), null);

      const next = await city.block([]);
      assert.deepEqual(next.validatorUpdates, [powerOf(keys[2]!, 0n)]);
      assert.equal(read(at(validatorSetKind))?.validators.length, 3);
      await city.block([], city.clockMs, [provenOf(keys[1]!, MisbehaviorType.LIGHT_CLIENT_ATTACK)]);
      assert.equal(read(at(misbehaviourKind, keys[1]!))?.removed, false, 'three are as few as there may be');
      await replayStored(folder, city.store, join(path, 'again'));
      await city.stop();
    }));
});

/** Executes what the store keeps, in an empty one. */
async function replayStored(folder: DataFolder, original: NodeStore, into: string): Promise<void> {
  const { genesis, genesisHash } = folder;
  const store = NodeStore.open({ folder: into, crypto, genesisHash });
  const application = new Application({ store, rules: { crypto, registry: cityRegistry, genesis: genesisHash }, genesis });
  application.info();
  application.initChain();
  for (let height = 1; height <= (original.head?.height ?? 0); height++) {
    const { timeMs, misbehaviour = [] } = original.block(height) ?? { timeMs: 0 };
    application.finalizeBlock({ height, timeMs, transactions: [], misbehaviour });
    application.commit();
    assert.deepEqual(store.block(height), original.block(height));
  }
  assert.deepEqual(store.head, original.head);
  await store.close();
}
