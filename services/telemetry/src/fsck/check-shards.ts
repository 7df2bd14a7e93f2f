/** Every telemetry shard of a city, by what the ledger says it is: keys, vault, log, anchors, erasures. */

import { join } from 'node:path';
import { type Bytes, equalBytes, parseUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpoint } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Rejection } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy, refusalOf } from '@oppidum/formats/policy';
import { type AnyKind, at, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { anchorHeadKind, anchorKind, type ShardRecord, shardKind, shardNumberKind } from '@oppidum/formats/state-telemetry';
import type { CityCheckOptions } from './check-city.ts';
import { checkMode, checkSeedFile } from './check-keys.ts';
import { LogCheck } from './check-log.ts';
import { checkAnchors, checkErasures } from './check-shard-records.ts';
import { VaultCheck } from './check-vault.ts';
import { Environment, VAULT_TABLES } from './environment.ts';
import { listNames, readIfThere } from './files.ts';
import { attempt } from './findings.ts';
import { LedgerView } from './ledger-view.ts';
import type { Scratch } from './scratch.ts';
import { SubjectFiles } from './unseal.ts';

export type ShardsCheckOptions = CityCheckOptions & {
  readonly genesisHash: Bytes;
  /** The state of the newest block. */
  readonly scratch: Scratch;
  readonly node: Environment;
};

type Shard = { readonly name: string; readonly id: Bytes; readonly record: ShardRecord };

/** Checks the shards whose folders are here. */
export async function checkShards(options: ShardsCheckOptions): Promise<void> {
  const { folder, findings, scratch } = options;
  const ledger = new LedgerView(scratch);
  for (const name of listNames(join(folder, 'shards'))) {
    const found = /^(0|[1-9][0-9]{0,3})$/.test(name) ? readShard(ledger, Number(name)) : null;
    if (found !== null) await checkShard(options, ledger, { name: `shards/${name}`, ...found });
    else findings.note(`shards/${name}`, 'the ledger has no shard of this number');
  }
}

function readShard(ledger: LedgerView, number: number): Omit<Shard, 'name'> | null {
  const id = ledger.read(at(shardNumberKind, number))?.shard;
  const record = id === undefined ? null : ledger.read(at(shardKind, id));
  return id === undefined || record === null ? null : { id, record };
}

async function checkShard(options: ShardsCheckOptions, ledger: LedgerView, shard: Shard): Promise<void> {
  const { folder, crypto, findings, genesisHash, node } = options;
  const { name, id, record } = shard;
  const isArchive = checkShardKeys(options, shard);
  const subjects = new SubjectFiles(crypto, join(folder, name, 'subject-keys'), `${name}/subject-keys`, findings);
  subjects.checkFiles();
  const { log, anchored } = openLog(options, ledger, shard, isArchive);
  const unreadable = await options.probe(`${name}/vault`, 'vault');
  if (unreadable !== null) {
    findings.damage('DATABASE_UNREADABLE', `${name}/vault/data.mdb`, unreadable);
    findings.skip(`${name}/vault`, 'its database cannot be read');
    log.followFiles(() => undefined);
    log.finish(false);
    return;
  }
  const environment = new Environment(join(folder, name, 'vault'), VAULT_TABLES);
  const parts = { crypto, findings, ledger, name: `${name}/vault` };
  const vault = new VaultCheck({ ...parts, environment, audience: genesisHash, shard: id, record, subjects, log, isArchive });
  vault.run();
  const { erasedCount } = vault;
  const records = {
    ...parts,
    vault: environment,
    node,
    shard: id,
    anchored,
    erasedCount,
    entry: (index: number) => vault.entry(index),
  };
  checkAnchors(records);
  checkErasures(records);
  await environment.close();
}

/** Answers whether the shard is an archive: restored without keys, and nothing signed since. */
function checkShardKeys({ folder, findings }: ShardsCheckOptions, { name, record }: Shard): boolean {
  const keys = join(folder, name, 'keys');
  if (listNames(keys).length === 0 && isRestored(join(folder, name, 'log', 'last-signed'))) {
    findings.note(name, 'restored from a backup, so that it is read and never appended to');
    return true;
  }
  checkMode(findings, keys, `${name}/keys`);
  for (const [use, want] of [
    ['log', record.logKey],
    ['receipt', record.receiptKey],
  ] as const) {
    const file = `${name}/keys/${use}.seed`;
    const publicKey = checkSeedFile(findings, join(keys, `${use}.seed`), file, true);
    if (publicKey !== null && !equalBytes(publicKey, want))
      findings.damage('KEY_FILE_FOREIGN', file, 'not the key that the shard was declared with');
  }
  return false;
}

/** The record of a key that signed nothing. */
function isRestored(file: string): boolean {
  const record = readIfThere(file);
  const parsed = record === null ? null : attempt(() => parseCheckpoint(parseUtf8(record)).size);
  return parsed !== null && 'value' in parsed && parsed.value === 0;
}

/** The log of a shard, with every head that the ledger has of it. */
function openLog(
  { folder, crypto, findings, scratch }: ShardsCheckOptions,
  ledger: LedgerView,
  shard: Shard,
  isArchive: boolean,
) {
  const { name, id, record } = shard;
  const log = new LogCheck({
    crypto,
    findings,
    folder: join(folder, name, 'log'),
    name: `${name}/log`,
    origin: record.origin,
    judge: judgeBy(crypto, record),
    publishesAtOnce: () => true,
    isFreshKey: () => isArchive,
  });
  const code = 'LAST_SIGNED_CONFLICT';
  const file = `${name}/vault`;
  const head = ledger.read(at(anchorHeadKind, id));
  if (head !== null) log.expect({ ...head, code, file, what: 'the newest anchor on the ledger' });
  const range = prefixRange(anchorKind as unknown as AnyKind, [id]);
  const anchored = scratch.scan(range.lo, range.hi).map(({ key, value }) => {
    const anchor = parseState(anchorKind, value);
    const [, size] = parseKey(anchorKind, key);
    log.expect({ size, root: anchor.root, code, file, what: 'an anchor on the ledger' });
    return { size, height: anchor.at };
  });
  return { log, anchored };
}

/** The shard's log key is the whole policy of its log. */
function judgeBy(crypto: Crypto, { origin, logKey }: ShardRecord): (note: Bytes) => Rejection | null {
  const key = { name: origin, algorithm: 'log', publicKey: logKey } as const;
  const policy: Policy = { logs: [{ key, url: null }], witnesses: [], groups: [], quorum: null };
  return (note) => refusalOf(evaluatePolicy(crypto, policy, note));
}
