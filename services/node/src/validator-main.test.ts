import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { foundTestCluster } from '../../../test/support/comet.ts';
import { skipWithout } from '../../../test/support/programs.ts';
import { envelopeOf, freshAccount, inTemporaryFolder, operatorOf } from '../../../test/support/running-city.ts';
import { CometRpc } from './comet-rpc.ts';
import { identifyDataFolder } from './data-folder.ts';
import { cometPlaces } from './found-cluster.ts';
import { NodeStore } from './node-store.ts';

const MAIN = fileURLToPath(new URL('./validator-main.ts', import.meta.url));

type Started = { readonly child: ChildProcess; readonly ended: Promise<number | null>; readonly said: () => string };

/** A validator in a process of its own; resolves when it is ready. */
async function start(path: string, ...words: readonly string[]): Promise<Started> {
  const child = fork(MAIN, ['--data', path, ...words], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...process.env, NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += String(chunk)));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  await Promise.race([once(child, 'message'), ended]);
  return { child, ended, said: () => said };
}

/** Gives it transactions, each in a block of its own, until this holds. */
async function work(path: string, isOver: () => boolean): Promise<void> {
  const folder = { ...identifyDataFolder({ folder: path, crypto }), release: () => undefined };
  const rpc = new CometRpc(cometPlaces(path).rpc);
  while (!isOver()) {
    const client = { genesisHash: folder.genesisHash, head: () => ({ timeMs: Date.now() }) };
    // It may be away: it starts, or it has stopped.
    await rpc.broadcast(envelopeOf(client, operatorOf(folder), [freshAccount().action])).catch(() => undefined);
    await sleep(100);
  }
  rpc.close();
}

function heightOf(path: string): number {
  const { paths } = identifyDataFolder({ folder: path, crypto });
  const store = NodeStore.open({ folder: paths.node, crypto, readOnly: true });
  const { height } = store.head ?? assert.fail('no block');
  void store.close();
  return height;
}

test(
  '--halt-height: the process takes part in that block, ends after it and says so; with a later one it goes on',
  { skip: skipWithout('cometbft'), timeout: 240_000 },
  () =>
    inTemporaryFolder(async (path) => {
      await foundTestCluster([path]);
      const first = await start(path, '--halt-height', '3');
      await work(path, () => first.child.exitCode !== null);
      assert.equal(await first.ended, ERRORS.HALT_HEIGHT.exitCode, first.said());
      assert.match(first.said(), new RegExp(ERRORS.HALT_HEIGHT.message));
      assert.equal(heightOf(path), 3);
      const second = await start(path, '--halt-height', '1000');
      await work(path, () => second.child.exitCode !== null || heightOf(path) > 3);
      second.child.kill('SIGTERM');
      assert.equal(await second.ended, 0, second.said());
      const wrong = await start(path, '--halt-height', 'soon');
      assert.equal(await wrong.ended, 2);
      assert.match(wrong.said(), /--halt-height is the height of a block/);
    }),
);
