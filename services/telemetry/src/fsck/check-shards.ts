/** Every telemetry shard of a city, by what the ledger says it is. */

import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Genesis } from '@oppidum/formats/genesis';
import { at, parseState } from '@oppidum/formats/state-layout';
import { type ShardRecord, shardKind, shardNumberKind } from '@oppidum/formats/state-telemetry';
import type { CityCheckOptions } from './check-city.ts';
import type { Environment } from './environment.ts';
import { listNames } from './files.ts';
import type { Scratch } from './scratch.ts';

export type ShardsCheckOptions = CityCheckOptions & {
  readonly genesis: Genesis;
  readonly genesisHash: Bytes;
  /** The state of the newest block. */
  readonly scratch: Scratch;
  readonly node: Environment;
};

/** Checks the shards whose folders are here. */
export async function checkShards(options: ShardsCheckOptions): Promise<void> {
  const { folder, findings, scratch } = options;
  for (const name of listNames(join(folder, 'shards'))) {
    const shard = /^(0|[1-9][0-9]{0,3})$/.test(name) ? readShard(scratch, Number(name)) : null;
    if (shard === null) findings.note(`shards/${name}`, 'the ledger has no shard of this number');
  }
}

function readShard(scratch: Scratch, number: number): { readonly id: Bytes; readonly record: ShardRecord } | null {
  const row = scratch.read(at(shardNumberKind, number).key);
  if (row === null) return null;
  const id = parseState(shardNumberKind, row).shard;
  const value = scratch.read(at(shardKind, id).key);
  return value === null ? null : { id, record: parseState(shardKind, value) };
}
