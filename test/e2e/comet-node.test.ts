import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AbciApplication } from '@oppidum/abci/connection';
import { checkRecording, type RecordedCall } from '@oppidum/abci/grammar';
import { recordCalls } from '@oppidum/abci/recording';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { SubmitAnswer } from '@oppidum/node/client';
import { cometEngine } from '@oppidum/node/comet-engine';
import type { DataFolder } from '@oppidum/node/data-folder';
import { openDataFolder } from '@oppidum/node/data-folder';
import { type CometPlaces, cometPlaces } from '@oppidum/node/found-cluster';
import { NodeStore } from '@oppidum/node/node-store';
import { until } from '../support/city-process.ts';
import { foundTestCluster, type RunningComet, startComet } from '../support/comet.ts';
import { randomTraffic } from '../support/ledger-traffic.ts';
import { findProgram, skipWithout } from '../support/programs.ts';
import { type Finalized, lineOf, replayRequests, writeRequests } from '../support/recorded-blocks.ts';
import { envelopeOf, execute, freshAccount, type RunningCity, runCity } from '../support/running-city.ts';
import { readClaim, walkTiles } from '../support/tile-walk.ts';

/** Transactions under way at a time. */
const TOGETHER = 250;
const COUNT = Number(process.env['OPPIDUM_TRANSACTIONS'] ?? 2_000);
const SEEDS = [
  ['the same', 6],
  ['a new', Number(process.env['OPPIDUM_SEED'] ?? randomInt(2 ** 32))],
] as const;
const REPLAY = fileURLToPath(new URL('../support/replay-blocks.ts', import.meta.url));

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

describe('a node under CometBFT', { skip: skipWithout('cometbft'), timeout: 580_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-comet-'));
  const data = join(root, 'city');
  const places = cometPlaces(data);
  const recording = join(root, 'requests');
  let pair: Pair;
  /** What came of each block under CometBFT. */
  let lines: readonly string[] = [];

  before(async () => {
    await foundTestCluster([data]);
    pair = await startPair(await openDataFolder({ folder: data, crypto }), places);
  });

  after(async () => {
    await pair.comet.stop('SIGKILL');
    await pair.city.stop();
    rmSync(root, { recursive: true, force: true });
  });

  for (const [name, seed] of SEEDS)
    test(`${COUNT.toLocaleString('en')} transactions, valid and invalid, get the answers that the rules give (${name} seed)`, async (t) => {
      const { city, calls } = pair;
      const { client } = city;
      t.diagnostic(`seed ${seed}: OPPIDUM_SEED=${seed} repeats the kinds and their order`);
      const traffic = randomTraffic(seed, city, COUNT);
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
    });

  test('executed again by the embedded application, the same requests give equal results, events, states and app hashes', async () => {
    // The store is one process's: give it up, and read it again for the comparison.
    await pair.comet.stop();
    await pair.city.stop();
    const folder = await openDataFolder({ folder: data, crypto });
    const store = NodeStore.open({ folder: folder.paths.node, crypto });
    const decided = pair.finalized.filter(({ request }) => Number(request.height) <= store.head!.height);
    assert.equal(decided.length, store.head!.height);
    lines = decided.map((each) => lineOf(store, each));
    await store.close();
    writeRequests(recording, decided);
    const requests = decided.map(({ request }) => request);
    const { genesis, genesisHash } = folder;
    assert.deepEqual(await replayRequests({ genesis, genesisHash, requests, into: join(root, 'again') }), lines);
    pair = await startPair(folder, places);
  });

  test('and so they do on another Node', { skip: skipWithout('other-node') }, async (t) => {
    const words = ['--disable-warning=ExperimentalWarning', REPLAY, recording, data, join(root, 'elsewhere')];
    const { stdout } = await promisify(execFile)(findProgram('other-node')!, words, { maxBuffer: 2 ** 26 });
    const [version, ...came] = stdout.trimEnd().split('\n');
    t.diagnostic(`Node ${process.versions.node} and Node ${version}`);
    assert.notEqual(version?.split('.')[0], process.versions.node.split('.')[0]);
    assert.ok(lines.length > 0);
    assert.deepEqual(came, lines);
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
    // What was decided before may still come.
    await until('no block comes for two seconds', async () => {
      const { height } = client.head();
      await sleep(2_000);
      return client.head().height === height;
    });
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
