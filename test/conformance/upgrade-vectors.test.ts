import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { executeBlock, executeGenesis, type LedgerRules } from '@oppidum/ledger/block';
import { renderUpgradeVectors } from '../../tools/upgrade-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';
import { MemoryState } from '../support/ledger.ts';
import { registryKnowing } from '../support/migrations.ts';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'vectors/upgrades');
const EVERY_VERSION = [2, 3, 4];

type Blocks = { readonly timeMs: number; readonly transactions: readonly string[] };
type Vector = Blocks & {
  readonly why: string;
  readonly knows: readonly number[];
  readonly pre: readonly Blocks[];
  readonly before: { readonly records: readonly (readonly [string, string])[]; readonly stateRoot: string };
  readonly after?: {
    readonly newVersion: number | null;
    readonly codes: readonly string[];
    readonly changes: readonly (readonly [string, string | null])[];
    readonly leaves: readonly string[];
    readonly stateRoot: string;
    readonly appHash: string;
  };
  readonly refused?: { readonly code: string; readonly height: number; readonly version: number; readonly have: number };
};

const recordsOf = (state: MemoryState) => state.records().map(({ key, value }) => [toHex(key), toHex(value)]);

/** From bytes alone, as another implementation would run them. */
function run(genesisHex: string, { knows, pre, before, timeMs, transactions, after, refused }: Vector): void {
  const genesis = parseGenesis(parseHex(genesisHex));
  const rulesOf = (versions: readonly number[]): LedgerRules => ({
    crypto: nodeCrypto,
    registry: registryKnowing(versions),
    genesis: genesisHash(nodeCrypto, genesis),
  });
  const state = new MemoryState(nodeCrypto);
  const every = rulesOf(EVERY_VERSION);
  state.commit(executeGenesis(every, state, genesis));
  const blockOf = (block: Blocks, i: number) => ({
    height: i + 1,
    timeMs: block.timeMs,
    transactions: block.transactions.map((hex) => parseHex(hex)),
  });
  for (const [i, block] of pre.entries()) state.commit(executeBlock(every, state, blockOf(block, i)));
  assert.deepEqual(recordsOf(state), before.records);
  assert.equal(toHex(state.stateRoot), before.stateRoot);

  const last = blockOf({ timeMs, transactions }, pre.length);
  if (refused !== undefined) {
    const { code, ...details } = refused;
    assert.throws(() => executeBlock(rulesOf(knows), state, last), { code, details });
    assert.deepEqual(recordsOf(state), before.records, 'nothing of it was done');
    return;
  }
  const outcome = executeBlock(rulesOf(knows), state, last);
  const codes = outcome.outcomes.map((one) => ('executed' in one ? one.executed.code : one.refused.code));
  const changes = outcome.changes.map(({ key, value }) => [toHex(key), value === null ? null : toHex(value)]);
  state.commit(outcome);
  const { newVersion, leaves } = outcome;
  const hashes = { stateRoot: toHex(state.stateRoot), appHash: toHex(state.appHash) };
  assert.deepEqual({ newVersion, codes, changes, leaves: leaves.map(toHex), ...hashes }, after);
}

const files = renderUpgradeVectors();
test('vectors/upgrades has these files and no others', () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), files.map(([name]) => name).sort());
});
for (const [name, rendered] of files) {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  test(`vectors/upgrades/${name} is what its script writes`, () => {
    assert.ok(text === rendered, 'run the script in tools/ that writes it');
  });
  const { genesis, cases } = JSON.parse(text) as { readonly genesis: string; readonly cases: readonly Vector[] };
  describe(`vectors/upgrades/${name}`, () => {
    for (const vector of cases) test(vector.why, () => run(genesis, vector));
  });
}
