/** The whole check of a data folder that nobody uses: folder, node, block log, then shard by shard. Nothing in it is written. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cityRegistry } from '@oppidum/contracts/registry';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, equalBytes, parseUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpoint } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { cityOrigin } from '@oppidum/formats/ids';
import { parsePolicy } from '@oppidum/formats/policy';
import { checkKeys, type Identity, identifyFolder } from './check-folder.ts';
import { readSeed, TELLS_NOTHING } from './check-keys.ts';
import { LogCheck } from './check-log.ts';
import { NodeCheck } from './check-node.ts';
import { checkShards } from './check-shards.ts';
import { Environment, NODE_TABLES } from './environment.ts';
import { listNames, readIfThere } from './files.ts';
import { attempt, type Findings } from './findings.ts';
import { Policies } from './policies.ts';
import { Scratch } from './scratch.ts';

export type CityCheckOptions = {
  readonly folder: string;
  readonly crypto: Crypto;
  readonly findings: Findings;
  /** Reads an environment (path from the data folder on) in a process of its own: null, or why it cannot be read. */
  readonly probe: (path: string, tables: 'node' | 'vault') => Promise<string | null>;
};

/** Checks everything. Throws DATA_FOLDER_MISSING, DATA_FOLDER_FOREIGN; what is damaged goes to the findings. */
export async function checkCity(options: CityCheckOptions): Promise<void> {
  const { folder, crypto, findings } = options;
  const identity = identifyFolder(crypto, folder, findings);
  if (identity === null) {
    findings.skip('node and shards', 'without its genesis document nothing of a city can be judged');
    return;
  }
  const scratch = new Scratch(mkdtempSync(join(tmpdir(), 'oppidum-fsck-')), crypto);
  try {
    const policies = new Policies({ crypto, findings, folder });
    const node = await checkNode(options, identity, scratch, policies);
    const isFresh = isFreshKey(crypto, folder);
    checkKeys(crypto, folder, findings, { policy: policies.inForce, scratch: node === null ? null : scratch, isFresh });
    if (node === null) {
      const count = listNames(join(folder, 'shards')).length;
      if (count > 0) findings.skip('shards', 'the ledger could not be followed, and it says what they must be', count);
    } else await checkShards({ ...options, ...identity, scratch, node });
    await node?.close();
  } finally {
    await scratch.close();
  }
  if (listNames(join(folder, 'gateway')).length > 0) findings.skip('gateway', 'the read model is rebuilt from the rest at will');
  if (listNames(join(folder, 'demo')).length > 0) findings.skip('demo', 'what the simulated city keeps for itself');
}

/** The node's environment, when all of it was followed; null else. */
async function checkNode(
  options: CityCheckOptions,
  identity: Identity,
  scratch: Scratch,
  policies: Policies,
): Promise<Environment | null> {
  const { folder, crypto, findings } = options;
  const logFolder = join(folder, 'log');
  const log = new LogCheck({
    crypto,
    findings,
    folder: logFolder,
    name: 'log',
    origin: cityOrigin(identity.genesis.name, identity.genesisHash),
    judge: policies.judge,
    publishesAtOnce: () => asksNobody(crypto, policies.inForce ?? readIfThere(join(folder, 'city.policy'))),
    isFreshKey: () => isFreshKey(crypto, folder),
  });
  const unreadable = await options.probe('node', 'node');
  if (unreadable !== null) {
    findings.damage('DATABASE_UNREADABLE', 'node/data.mdb', unreadable);
    findings.skip('blocks', 'the database of the node cannot be read');
    log.followFiles((leaf, size) => policies.passLeaf(leaf, size, log.publishedSize));
    log.finish(false);
    policies.finish();
    return null;
  }
  const environment = new Environment(join(folder, 'node'), NODE_TABLES);
  const rules = { crypto, registry: cityRegistry, ...identity };
  const isComplete = new NodeCheck({ rules, environment, scratch, findings, policies, log }).run();
  if (isComplete) return environment;
  await environment.close();
  return null;
}

/** True when the policy's witnesses are only the validators' own keys, so that a signed head is published at once. */
function asksNobody(crypto: Crypto, file: Bytes | null): boolean {
  const parsed = file === null ? null : attempt(() => parsePolicy(crypto, file));
  return parsed !== null && 'value' in parsed && parsed.value.witnesses.length === 1 && parsed.value.witnesses[0]?.url === null;
}

/** A restored city has a new key that no policy names and that signed nothing yet. */
function isFreshKey(crypto: Crypto, folder: string): boolean {
  const record = readIfThere(join(folder, 'log', 'last-signed'));
  const signed = record === null ? null : attempt(() => parseCheckpoint(parseUtf8(record)));
  if (signed === null || 'why' in signed || signed.value.size > 0) return false;
  const file = readIfThere(join(folder, 'city.policy'));
  const policy = file === null ? null : attempt(() => parsePolicy(crypto, file));
  const seed = readSeed(TELLS_NOTHING, join(folder, 'keys', 'log.seed'), 'keys/log.seed', false);
  if (policy === null || 'why' in policy || seed === null) return false;
  const { publicKey } = ed25519Signer(seed);
  return !policy.value.logs.some(({ key }) => equalBytes(key.publicKey, publicKey));
}
