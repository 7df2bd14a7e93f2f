/**
 * `oppidum reindex`: `reindex-main.ts --data DIR` fills the read model of a city anew, without doors, while the city does not run. Lines
 * of JSON on standard output: {"stage":{"name","unit","total"}}, {"done"}, {"summary":{"blocks","readings","seconds"}}.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { NodeClient } from '@oppidum/node/client';
import { type DataFolder, openDataFolder } from '@oppidum/node/data-folder';
import { openCity } from '@oppidum/node/open-city';
import { runEntry } from '@oppidum/node/run-entry';
import { shardOfNumber } from '@oppidum/telemetry/declare-shard';
import { openFolderShard } from '@oppidum/telemetry/folder-shard';
import { makeLogger } from '@oppidum/telemetry/logging';
import type { OpenShard } from '@oppidum/telemetry/open-shard';
import { deleteReadModel, ReadModel } from './read-model/read-model.ts';

const USAGE = 'reindex-main.ts --data DIR';
const LOOK_MS = 200;

type Options = { readonly data: string };

function readOptions(): Options | string {
  const { data } = parseArgs({ options: { data: { type: 'string' } } }).values;
  return data === undefined ? '--data is needed' : { data };
}

async function run({ data }: Options): Promise<void> {
  const folder = await openDataFolder({ folder: data, crypto: nativeCrypto });
  const closers: (() => Promise<void> | void)[] = [folder.release];
  try {
    const city = await openCity({ folder, crypto: nativeCrypto, registry: cityRegistry, onFailure: fail });
    closers.push(city.close);
    const shards = await openShards(folder, city.client);
    for (const shard of shards) closers.push(shard.close);
    deleteReadModel(folder.paths.gateway);
    const clients = shards.map(({ client }) => client);
    const place = { folder: folder.paths.gateway, crypto: nativeCrypto, node: city.client, shards: clients };
    const readModel = await ReadModel.open({ ...place, onFailure: fail });
    closers.push(() => readModel.close());
    await tellUntilLevel(readModel, city.client, shards);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** What fails here has no other work to save. */
function fail(error: Error): never {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

async function openShards(folder: DataFolder, node: NodeClient): Promise<OpenShard[]> {
  const shards: OpenShard[] = [];
  const logger = makeLogger('warn');
  const names = readdirSync(join(folder.paths.folder, 'shards')).filter((name) => /^(0|[1-9][0-9]{0,3})$/.test(name));
  for (const number of names.map(Number).sort((a, b) => a - b)) {
    if (shardOfNumber(node, number) === null) continue;
    shards.push(await openFolderShard({ paths: folder.paths, node, crypto: nativeCrypto, number, logger, onFailure: fail }));
  }
  return shards;
}

async function tellUntilLevel(readModel: ReadModel, node: NodeClient, shards: readonly OpenShard[]): Promise<void> {
  const begunMs = performance.now();
  const [blocks, readings] = [node.head().height + 1, shards.reduce((sum, { client }) => sum + client.status().size, 0)];
  tell({ stage: { name: 'read model', unit: 'blocks and readings', total: blocks + readings } });
  while (!readModel.isCaughtUp) {
    const lag = readModel.lag();
    tell({ done: blocks + readings - lag.blocks - lag.readings });
    await sleep(LOOK_MS);
  }
  tell({ done: blocks + readings });
  tell({ summary: { blocks, readings, seconds: Math.round(performance.now() - begunMs) / 1_000 } });
}

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

await runEntry({ usage: USAGE, readOptions, run });
