import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cityRegistry } from '@oppidum/contracts/registry';
import type { FormatError } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { rulesVersionKind } from '@oppidum/formats/state-upgrades';
import type { Registry } from '@oppidum/ledger/action';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { foundTestCluster } from '../support/comet.ts';
import { type Member, startMember, stopMember } from '../support/members.ts';
import { skipWithout } from '../support/programs.ts';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes, operatorOf } from '../support/running-city.ts';

/** The rules of a program from before there was a second version. */
const OLDER: Registry = { ...cityRegistry, migrations: new Map() };
const AHEAD = 4;

/** The version of the application in the header of CometBFT's newest block. */
async function versionOfHeader({ folder }: Member): Promise<string> {
  const socketPath = cometPlaces(folder.paths.folder).rpc.replace('unix://', '');
  const answer = await new Promise<string>((resolve, reject) => {
    request({ socketPath, path: '/block' }, (response) => text(response).then(resolve, reject))
      .on('error', reject)
      .end();
  });
  const { result } = JSON.parse(answer) as { result: { block: { header: { version: { app: string } } } } };
  return result.block.header.version.app;
}

describe('an upgrade under CometBFT', { skip: skipWithout('cometbft'), timeout: 300_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-upgrade-'));
  const paths = Array.from({ length: 4 }, (_, i) => join(root, String(i + 1)));
  after(() => rmSync(root, { recursive: true, force: true }));

  test('older programs stop before the block, newer ones migrate the state in it and CometBFT names the version', async () => {
    await foundTestCluster(paths, 1);
    const ends: Promise<Error>[] = [];
    const starting = paths.map((path) => {
      const { promise, resolve } = Promise.withResolvers<Error>();
      ends.push(promise);
      return startMember(path, { registry: OLDER, onFailure: resolve });
    });
    const old = await Promise.all(starting);
    const [first] = old as [Member];
    const operator = operatorOf(first.folder);
    const submit = ({ city: { client } }: Member, action = freshAccount().action) =>
      execute(client, envelopeOf(client, operator, [action], Date.now() + 300_000));
    const height = first.city.client.head().height + AHEAD;
    const plan = actionOf('upgrade/plan', { version: 2, height });
    const proposal = {
      id: freshBytes(32),
      body: first.folder.genesis.council,
      actions: [plan],
      expiresMs: Date.now() + 3_600_000,
    };
    assert.equal((await submit(first, actionOf('proposal/create', proposal))).code, 'OK');
    assert.equal(await versionOfHeader(first), '1');
    // Work until nobody takes any more.
    const isWorking = (member: Member): boolean => member.city.client.isAlive() && member.city.client.head().height < height - 1;
    while (old.every(isWorking)) await Promise.race([submit(first).catch(() => null), ...ends]);
    // On a slow machine one may be left behind when the others have gone: it is given the block when they are back.
    while (old.filter(({ city }) => !city.client.isAlive()).length < 3) await sleep(100);
    for (const [i, { city }] of old.entries())
      if (!city.client.isAlive()) assert.equal(((await ends[i]) as FormatError).code, 'UPGRADE_NEEDED');
    const heights = old.map(({ city }) => city.client.head().height);
    assert.equal(Math.max(...heights), height - 1, 'nobody executes the block');
    await Promise.all(old.map(stopMember));

    const newer = await Promise.all(paths.map((path) => startMember(path)));
    const [one, two] = newer as [Member, Member];
    for (const member of newer) assert.equal((await submit(member)).code, 'OK');
    assert.deepEqual(one.city.client.read(at(rulesVersionKind)), { version: 2, from: height });
    assert.equal(await versionOfHeader(one), '2');
    const both = Math.min(one.city.client.head().height, two.city.client.head().height);
    assert.deepEqual(one.city.client.block(both), two.city.client.block(both));
    await Promise.all(newer.map(stopMember));
  });
});
