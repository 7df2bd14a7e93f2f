import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AbciApplication } from '@oppidum/abci/connection';
import { checkRecording, type RecordedCall } from '@oppidum/abci/grammar';
import type { Requests, Responses } from '@oppidum/abci/methods';
import { recordCalls } from '@oppidum/abci/recording';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { Application } from '@oppidum/node/application';
import { resultOf } from '@oppidum/node/city-results';
import type { SubmitAnswer } from '@oppidum/node/client';
import { cometEngine } from '@oppidum/node/comet-engine';
import type { DataFolder } from '@oppidum/node/data-folder';
import { openDataFolder } from '@oppidum/node/data-folder';
import { type CometPlaces, cometPlaces } from '@oppidum/node/found-cluster';
import { NodeStore } from '@oppidum/node/node-store';
import { foundTestCluster, type RunningComet, startComet } from '../support/comet.ts';
import { randomTraffic } from '../support/ledger-traffic.ts';
import { skipWithout } from '../support/programs.ts';
import { envelopeOf, execute, freshAccount, type RunningCity, runCity } from '../support/running-city.ts';
import { readClaim, walkTiles } from '../support/tile-walk.ts';

/** Transactions under way at a time. */
const TOGETHER = 250;

type Finalized = { readonly request: Requests['finalizeBlock']; readonly response: Responses['finalizeBlock'] };

/** A city with CometBFT as its engine, both running. */
type Pair = {
  readonly city: RunningCity;
  readonly comet: RunningComet;
  readonly calls: RecordedCall[];
  readonly finalized: Finalized[];
};

async function startPair(folder: DataFolder, places: CometPlaces): Promise<Pair> {
  const calls: RecordedCall[] = [];
  const finalized: Finalized[] = [];
  const wrap = (application: AbciApplication): AbciApplication => {
    const recorded = recordCalls(application, (call) => calls.push(call));
    return {
      ...recorded,
      finalizeBlock: async (request) => {
        const response = await recorded.finalizeBlock(request);
        finalized.push({ request, response });
        return response;
      },
    };
  };
  const startEngine = cometEngine({
    crypto,
    genesis: folder.genesis,
    genesisHash: folder.genesisHash,
    listen: places.app,
    rpc: places.rpc,
    wrap,
  });
  const comet = startComet(places);
  const city = await runCity(folder, { startEngine });
  return { city, comet, calls, finalized };
}

/** Executes recorded requests in an empty store under an application of its own, and compares everything that came of them. */
async function replay(folder: DataFolder, finalized: readonly Finalized[], original: NodeStore, into: string): Promise<void> {
  const { genesis, genesisHash } = folder;
  const store = NodeStore.open({ folder: into, crypto, genesisHash });
  const application = new Application({ store, rules: { crypto, registry: cityRegistry, genesis: genesisHash }, genesis });
  application.info();
  application.initChain();
  for (const { request, response } of finalized) {
    const { seconds, nanos } = request.time;
    const timeMs = application.timeAfter(Number(seconds) * 1_000 + Math.floor(nanos / 1e6));
    const height = Number(request.height);
    const { outcomes, appHash } = application.finalizeBlock({ height, timeMs, transactions: request.txs });
    assert.equal(toHex(appHash), toHex(response.appHash), `app hash of block ${height}`);
    assert.deepEqual(outcomes.map(resultOf), response.txResults, `results of block ${height}`);
    application.commit();
    // Events, details, leaves and changes of state, as both stored them.
    assert.deepEqual(store.block(height), original.block(height), `block ${height}`);
  }
  assert.deepEqual(store.head, original.head);
  await store.close();
}

describe('a node under CometBFT', { skip: skipWithout('cometbft'), timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-comet-'));
  const data = join(root, 'city');
  const places = cometPlaces(data);
  let pair: Pair;

  before(async () => {
    await foundTestCluster([data]);
    pair = await startPair(await openDataFolder({ folder: data, crypto }), places);
  });

  after(async () => {
    await pair.comet.stop('SIGKILL');
    await pair.city.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test('2,000 transactions, valid and invalid, get the answers that the embedded engine gives, and the same blocks', async () => {
    const { city, calls, finalized } = pair;
    const { client } = city;
    const seed = Number(process.env['OPPIDUM_SEED'] ?? 6);
    const traffic = randomTraffic(seed, city, Number(process.env['OPPIDUM_TRANSACTIONS'] ?? 2_000));
    const answers: SubmitAnswer[] = [];
    // As many at a time as a slow machine puts into blocks before the node calls them late.
    for (let first = 0; first < traffic.length; first += TOGETHER) {
      const some = traffic.slice(first, first + TOGETHER).map(async ({ envelope, expected }) => {
        const answer = await client.submit(envelope);
        const code = 'executed' in answer ? answer.executed.code : answer.refused.code;
        assert.ok(expected.includes(code), `${code} where ${expected.join(' or ')} was expected (seed ${seed})`);
        return answer;
      });
      answers.push(...(await Promise.all(some)));
    }
    assert.ok(answers.some((answer) => 'executed' in answer && answer.executed.code !== 'OK'));
    for (const answer of answers) {
      if ('executed' in answer) assert.deepEqual(client.transaction(answer.executed.id), answer.executed);
    }
    assert.equal(checkRecording(calls), null);
    const head = client.head();
    await client.checkpointOf(head.logSize);
    const claim = readClaim(city.logFolder)!;
    assert.equal(claim.root.toString('hex'), toHex(head.appHash));
    assert.deepEqual(walkTiles(city.logFolder, head.logSize), claim.root);
    // The store is one process's: give it up, and read it again for the comparison.
    const height = head.height;
    await pair.comet.stop();
    await city.stop();
    const folder = await openDataFolder({ folder: data, crypto });
    const store = NodeStore.open({ folder: folder.paths.node, crypto });
    await replay(
      folder,
      finalized.filter(({ request }) => Number(request.height) <= (store.head?.height ?? height)),
      store,
      join(root, 'again'),
    );
    await store.close();
    pair = await startPair(folder, places);
  });

  test('killed and started again, both ends agree, nothing answered is lost, and time goes on', async () => {
    const ids: Bytes[] = [];
    for (let round = 0; round < 3; round++) {
      const { city, comet } = pair;
      for (let i = 0; i < 5; i++)
        ids.push(
          (await execute(city.client, envelopeOf(city.client, city.operator, [freshAccount().action], Date.now() + 300_000))).id,
        );
      const height = city.client.head().height;
      await comet.stop('SIGKILL');
      await city.stop();
      pair = await startPair(await openDataFolder({ folder: data, crypto }), places);
      assert.ok(pair.city.client.head().height >= height);
      for (const id of ids) assert.ok(pair.city.client.transaction(id) !== null);
    }
    await execute(
      pair.city.client,
      envelopeOf(pair.city.client, pair.city.operator, [freshAccount().action], Date.now() + 300_000),
    );
    assert.equal(checkRecording(pair.calls), null);
    assert.equal(
      pair.calls.some(({ call }) => call === 'initChain'),
      false,
    );
  });

  test('who does nothing makes no blocks', async () => {
    const { client } = pair.city;
    await sleep(1_000);
    const { height } = client.head();
    await sleep(2_000);
    assert.equal(client.head().height, height);
  });

  test('rounds of the engine are recorded: a proposal is prepared and processed before its block', () => {
    const { calls } = pair;
    for (const call of ['prepareProposal', 'processProposal', 'extendVote', 'finalizeBlock', 'commit'] as const)
      assert.ok(
        calls.some((each) => each.call === call),
        call,
      );
  });
});
