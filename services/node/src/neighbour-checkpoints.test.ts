import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { parsePolicy } from '@oppidum/formats/policy';
import {
  envelopeOf,
  execute,
  foundTestCity,
  freshAccount,
  inTemporaryFolder,
  runCity,
} from '../../../test/support/running-city.ts';
import { NeighbourCheckpoints } from './neighbour-checkpoints.ts';
import { TileLog } from './tile-log.ts';

/** A door that answers this. */
async function doorWith(note: Bytes): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer((_asked, answer) => answer.end(note));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

test('a neighbour’s checkpoint is taken where the policy and our own log agree with it, and no other', () =>
  inTemporaryFolder(async (path) => {
    const city = await runCity(await foundTestCity(path, Date.now()));
    const { client, operator } = city;
    await execute(client, envelopeOf(client, operator, [freshAccount().action]));
    const { note, size } = await client.checkpointOf(client.head().logSize);
    const policy = parsePolicy(crypto, client.policyFile());
    const { origin } = client;
    await city.stop();
    const log = TileLog.open({ folder: city.logFolder, crypto });
    const forged = note.slice();
    forged[forged.length - 10]! ^= 1;
    const doors = await Promise.all([note, forged, new TextEncoder().encode('no note')].map(doorWith));
    const [honest, ...liars] = doors.map(({ url }) => url) as [string, ...string[]];
    const silent = 'http://127.0.0.1:1';
    const ask = (urls: readonly string[], sizeMin = 1, parts: object = {}): Promise<Bytes | null> =>
      new NeighbourCheckpoints({ crypto, urls, origin, log, policyOf: () => policy, ...parts }).newest(sizeMin);
    assert.deepEqual(await ask([silent, ...liars, honest]), note);
    assert.equal(await ask([]), null);
    assert.equal(await ask([silent, ...liars]), null);
    assert.equal(await ask([honest], size + 1), null, 'no newer than what is published');
    assert.equal(await ask([honest], 1, { origin: `${origin}0` }), null, 'of another city');
    const shorter = { persistedSize: size - 1, root: () => new Uint8Array(32) };
    assert.equal(await ask([honest], 1, { log: shorter }), null, 'ahead of our log');
    const other = { persistedSize: size, root: () => new Uint8Array(32) };
    assert.equal(await ask([honest], 1, { log: other }), null, 'of another history');
    for (const { close } of doors) close();
    log.close();
  }));
