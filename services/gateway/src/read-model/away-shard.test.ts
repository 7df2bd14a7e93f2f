/** A shard that is away keeps the read model from nothing but its own entries, and from those only until it is back. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { RemoteShard } from '@oppidum/telemetry/remote-shard';
import { openShardDoor, type ShardDoor } from '@oppidum/telemetry/shard-door';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { enrolDevice, eventually, runDoors } from '../../../../test/support/running-gateway.ts';
import { ReadModel } from './read-model.ts';

test('what was erased in a shard that was away goes when it is back, also after a restart', () =>
  inTemporaryFolder(async (data) => {
    const doors = await runDoors(data);
    const { city, shard } = doors;
    const { genesisHash } = city.client;
    const folder = join(data, 'far');
    const path = join(data, 'shard-0.sock');
    const open = (): Promise<ShardDoor> => openShardDoor({ shard, genesisHash, path, onFault: (error) => assert.fail(error) });
    const { id, number, origin } = shard.client.status();
    const remote = new RemoteShard({ path, genesisHash, id, number, origin, tilesFolder: '' });
    const follow = (): Promise<ReadModel> =>
      ReadModel.open({
        folder,
        crypto,
        node: city.client,
        shards: [remote.client],
        onFailure: (error) => assert.fail(error),
      });
    const count = async (): Promise<number> => {
      const connection = new DatabaseSync(join(folder, 'read-model.sqlite'), { readOnly: true });
      const row = connection.prepare('SELECT count(*) AS count FROM readings').get() as { readonly count: number };
      connection.close();
      return row.count;
    };

    let model = await follow();
    const badge = await enrolDevice(city, { personal: true });
    for (const sequence of [1, 2, 3]) assert.equal((await shard.client.ingest(badge.reading(sequence))).kind, 'kept');
    await eventually(
      async () => model.lag().blocks,
      (blocks) => blocks === 0,
    );
    assert.equal(await count(), 0, 'the shard is away');
    let door = await open();
    await eventually(count, (found) => found === 3);

    await door.close();
    await eventually(
      async () => remote.client.accepts(),
      (accepts) => !accepts,
    );
    await shard.erase(badge.id, 'request');
    await eventually(
      async () => model.lag().blocks,
      (blocks) => blocks === 0,
    );
    assert.equal(await count(), 3, 'nobody can be asked');
    await model.close();

    model = await follow();
    assert.equal(model.hasFailed, false);
    door = await open();
    await eventually(count, (found) => found === 0);
    await model.close();
    await remote.close();
    await door.close();
    await doors.close();
  }));
