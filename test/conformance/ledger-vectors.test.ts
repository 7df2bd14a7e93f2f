import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { cityRegistry } from '@oppidum/contracts/registry';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { encodeEvents } from '@oppidum/formats/result';
import { executeBlock, executeGenesis, type LedgerRules } from '@oppidum/ledger/block';
import { renderAlarmVectors } from '../../tools/alarm-vectors.ts';
import { renderDeviceVectors } from '../../tools/device-vectors.ts';
import { renderGovernanceVectors } from '../../tools/governance-vectors.ts';
import { renderTelemetryVectors } from '../../tools/telemetry-vectors.ts';
import { renderTrustVectors } from '../../tools/trust-vectors.ts';
import { renderZoneVectors } from '../../tools/zone-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';
import { MemoryState } from '../support/ledger.ts';

const VECTORS = join(resolve(import.meta.dirname, '../..'), 'vectors');

type Vector = {
  readonly why: string;
  readonly pre: readonly {
    readonly timeMs: number;
    readonly transactions: readonly string[];
    readonly misbehaviour?: readonly { readonly kind: 'duplicate-vote'; readonly address: string; readonly voteHeight: number }[];
  }[];
  readonly timeMs: number;
  readonly transaction: string;
  readonly code: string;
  readonly admitted: boolean;
  readonly events?: string;
  readonly leaves: readonly string[];
  readonly validatorUpdates?: readonly { readonly consensusKey: string; readonly power: number }[];
  readonly stateRoot: string;
  readonly appHash: string;
};

/** From bytes alone, as another implementation would run them. */
function run(genesisHex: string, vector: Vector): void {
  const genesis = parseGenesis(parseHex(genesisHex));
  const rules: LedgerRules = { crypto: nodeCrypto, registry: cityRegistry, genesis: genesisHash(nodeCrypto, genesis) };
  const state = new MemoryState(nodeCrypto);
  state.commit(executeGenesis(rules, state, genesis));
  const last: Vector['pre'][number] = { timeMs: vector.timeMs, transactions: [vector.transaction] };
  const outcomes = [...vector.pre, last].map(({ timeMs, transactions, misbehaviour = [] }, i) => {
    const outcome = executeBlock(rules, state, {
      height: i + 1,
      timeMs,
      transactions: transactions.map((hex) => parseHex(hex)),
      misbehaviour: misbehaviour.map((proven) => ({ ...proven, address: parseHex(proven.address) })),
    });
    state.commit(outcome);
    return outcome;
  });
  const { outcomes: results, leaves, validatorUpdates } = outcomes.at(-1) ?? assert.fail('no block');
  const [result] = results;
  assert.ok(result !== undefined);
  assert.equal('executed' in result ? result.executed.code : result.refused.code, vector.code);
  assert.equal('executed' in result, vector.admitted);
  if ('executed' in result) assert.equal(toHex(encodeEvents(result.executed.events)), vector.events);
  assert.deepEqual(leaves.map(toHex), vector.leaves);
  const updates = validatorUpdates.map(({ consensusKey, power }) => ({ consensusKey: toHex(consensusKey), power }));
  assert.deepEqual(updates, vector.validatorUpdates ?? []);
  assert.deepEqual([toHex(state.stateRoot), toHex(state.appHash)], [vector.stateRoot, vector.appHash]);
}

const AREAS = {
  governance: renderGovernanceVectors,
  devices: renderDeviceVectors,
  trust: renderTrustVectors,
  telemetry: renderTelemetryVectors,
  zones: renderZoneVectors,
  alarms: renderAlarmVectors,
} as const;

for (const [area, render] of Object.entries(AREAS)) {
  const folder = join(VECTORS, area);
  const files = render();
  test(`vectors/${area} has these files and no others`, () => {
    assert.deepEqual(readdirSync(folder).sort(), files.map(([name]) => name).sort());
  });
  for (const [name, rendered] of files) {
    const text = readFileSync(join(folder, name), 'utf8');
    test(`vectors/${area}/${name} is what its script writes`, () => {
      assert.ok(text === rendered, 'run the script in tools/ that writes it');
    });
    const { genesis, cases } = JSON.parse(text) as { genesis: string; cases: readonly Vector[] };
    describe(`vectors/${area}/${name}`, () => {
      for (const vector of cases) test(`${vector.why}: ${vector.code}`, () => run(genesis, vector));
    });
  }
}
