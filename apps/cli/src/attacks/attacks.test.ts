import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { Challenges } from '@oppidum/device/orders/challenges';
import { systemMonotonic } from '@oppidum/device/system-time';
import { reject } from '@oppidum/formats/errors';
import { parseEvidence } from '@oppidum/formats/evidence';
import { parseState } from '@oppidum/formats/state-layout';
import { verifyCompleteRange } from '@oppidum/proofs/verify-complete-range';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { runCommand } from '../../../../test/support/command-line.ts';
import { type Attack, carryOut } from './attack.ts';
import { AttackedCity } from './attacked-city.ts';
import { attacksOn } from './attacks.ts';
import { damagesOf } from './damages.ts';
import { RULES, type Rules } from './rules.ts';

const ATTACKS = attacksOn(false);
/** Each attack with the ending and the rule that the desk must find. */
const EXPECTED: Readonly<Record<string, readonly [ending: string, rule: string]>> = {
  'forged-order': ['prevented', 'SIGNATURE_INVALID'],
  'replayed-order': ['prevented', 'CHALLENGE_SPENT'],
  'stolen-key': ['prevented', 'SIGNATURES_FEW'],
  'tampered-broker': ['prevented', 'SIGNATURE_INVALID'],
  'cloned-device': ['prevented', 'SIGNATURE_INVALID'],
  'cloned-key': ['detected', 'SEQUENCE_REUSED'],
  'firmware-swap': ['detected', 'DEVICE_QUARANTINED'],
  'double-sale': ['prevented', 'VOUCHER_SPENT'],
  'frozen-detector': ['detected', 'frozen'],
  'false-readings': ['prevented', 'INTERLOCK_CONTRADICTION'],
  'stolen-power': ['detected', 'stolen'],
  'withheld-readings': ['detected', 'INCOMPLETE'],
  'lying-gateway': ['prevented', 'EVIDENCE_REFUSED'],
  'withheld-events': ['detected', 'HASH_MISMATCH'],
  'edited-database': ['detected', 'ENTRY_DAMAGED'],
  'conflicting-greens': ['prevented', 'PLAN_CONFLICT'],
  'hijacked-controller': ['detected', 'conflict'],
  'equivocating-validator': ['detected', 'FORK_PROVEN'],
};

/** Verdicts on what attacks give away, where that is not proven true: what it shows is the lie, or the fork. */
const REFUTED: Readonly<Record<string, readonly string[]>> = {
  'withheld-readings': ['INCOMPLETE'],
  'lying-gateway': ['HASH_MISMATCH'],
  'withheld-events': ['HASH_MISMATCH', 'NOT_IN_LOG'],
  'equivocating-validator': ['FORK_PROVEN'],
};

/** A machine that asks not whether its challenge is spent. */
class AnyChallenge extends Challenges {
  override check(): null {
    return null;
  }
}

/** Flags under which services first load a module that takes a rule of theirs out of force. */
function loading(module: URL): readonly string[] {
  return ['--import', module.href];
}

/** A rule out of force, and whom that lets through. One city each: what a machine obeys by is settled when it starts. */
const WITHOUT: readonly { readonly what: string; readonly rules: Partial<Rules>; readonly through: readonly string[] }[] = [
  {
    what: 'a machine that checks no signature',
    rules: { crypto: { ...nativeCrypto, verifyEd25519: () => true } },
    through: ['forged-order', 'tampered-broker'],
  },
  {
    what: 'a machine that obeys a challenge twice',
    rules: { challenges: () => new AnyChallenge(systemMonotonic()) },
    through: ['replayed-order'],
  },
  { what: 'a zone in which one key is enough for danger', rules: { dangerousSigners: 1 }, through: ['stolen-key'] },
  {
    what: 'a gateway that checks no signature',
    rules: { serviceFlags: loading(new URL('../../../../test/support/no-signatures.ts', import.meta.url)) },
    through: ['cloned-device'],
  },
  {
    what: 'a ledger that extends a link of a voucher twice and lets machines run any image, a shard that forgets which numbers it decided',
    rules: {
      serviceFlags: [
        ...loading(new URL('../../../../test/support/no-spent-vouchers.ts', import.meta.url)),
        ...loading(new URL('../../../../test/support/no-firmware-list.ts', import.meta.url)),
        ...loading(new URL('../../../../test/support/no-decided-numbers.ts', import.meta.url)),
      ],
    },
    through: ['double-sale', 'cloned-key', 'firmware-swap'],
  },
  {
    // Each of these attacks meets one of these rules and no other.
    what: 'readers, lamps, monitors, sensors and matrices without their rule',
    rules: {
      agreeWithin: 1_000,
      meterErrorMw: 1_000_000,
      frozen: null,
      compatible: [[2, 4]],
      openRecord: (_records, kind, _segments, file) => {
        const evidence = parseEvidence(file);
        const [value] = evidence.fact === 'state' ? evidence.state.values : [];
        return value === undefined ? null : parseState(kind, value);
      },
      verifyRecords: (...asked) => ({ ...verifyEvidence(...asked), verdict: 'OK' }),
      monitorProgram: (matrix) => ({
        channels: readMonitorProgram(matrix).channels.map((channel) => ({ ...channel, foes: [] })),
      }),
      verifyRange: (...asked) => {
        const { report, range } = verifyCompleteRange(...asked);
        return { report, range: range === null ? null : { ...range, gaps: [] } };
      },
      checkFork: () => reject('FORK_UNPROVEN', { size: 0 }),
      damagesOf: async (folder) => (await damagesOf(folder)).filter(({ code }) => code !== 'ENTRY_DAMAGED'),
    },
    through: [
      'frozen-detector',
      'false-readings',
      'stolen-power',
      'withheld-readings',
      'withheld-events',
      'lying-gateway',
      'equivocating-validator',
      'edited-database',
      'conflicting-greens',
      'hijacked-controller',
    ],
  },
];

async function onCity(rules: Rules, work: (city: AttackedCity) => Promise<void>): Promise<void> {
  const city = await AttackedCity.found(rules);
  try {
    await work(city);
  } finally {
    await city.close();
  }
}

/** It is stopped by the rule that stands in the table, and what it gives away is judged as it should be. */
async function checkStopped(city: AttackedCity, attack: Attack): Promise<void> {
  const { name, stop } = attack;
  const { ending, by, rule, saw, exhibits = [] } = await carryOut(attack, city);
  assert.deepEqual([name, ending, rule], [name, ...(EXPECTED[name] ?? [])], saw);
  assert.deepEqual({ ending, by, rule }, stop);
  const verdicts = exhibits.map(({ verdict }) => verdict);
  assert.ok(verdicts.length > 0, `${name} gives nothing away that anybody could check`);
  assert.deepEqual([name, verdicts.filter((verdict) => verdict !== 'OK')], [name, REFUTED[name] ?? []]);
}

test('every attack is stopped by the rule that the desk names, and what it gives away is judged by the verifier', () =>
  onCity(RULES, async (city) => {
    assert.deepEqual(
      ATTACKS.map(({ name }) => name),
      Object.keys(EXPECTED),
    );
    for (const attack of ATTACKS) await checkStopped(city, attack);
  }));

describe('with its rule out of force an attack succeeds', () => {
  test('every attack has such a rule here', () => {
    assert.deepEqual(WITHOUT.flatMap(({ through }) => through).toSorted(), ATTACKS.map(({ name }) => name).toSorted());
  });
  for (const { what, rules, through } of WITHOUT)
    test(what, () =>
      onCity({ ...RULES, ...rules }, async (city) => {
        for (const attack of ATTACKS.filter(({ name }) => through.includes(name))) {
          const { ending, rule, saw } = await carryOut(attack, city);
          assert.deepEqual([attack.name, ending, rule], [attack.name, 'succeeded', null], saw);
        }
      }),
    );
});

describe('oppidum attack', () => {
  test('lists exactly what there is', async () => {
    const { code, stdout } = await runCommand(['attack', 'list', '--json']);
    const { attacks } = JSON.parse(stdout) as { readonly attacks: readonly Readonly<Record<string, string>>[] };
    assert.equal(code, 0);
    const told = attacks.map(({ attack, ending, rule }) => [attack, ending, rule]);
    assert.deepEqual(
      told,
      Object.entries(EXPECTED).map(([name, [ending, rule]]) => [name, ending, rule]),
    );
    for (const { tried, by } of attacks) assert.ok(tried && by);
  });

  test('takes no city that is there, and no attack that is not', async () => {
    for (const [args, said] of [
      [['run', 'forged-order', '--data', 'city-data'], /never on one that is there/],
      [['run', 'nothing'], /There is no attack nothing/],
      [['run'], /Name one attack, or give --all/],
    ] as const) {
      const { code, stderr } = await runCommand(['attack', ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, said);
    }
  });

  test('carries one out and says how it ended', async () => {
    const { code, stdout, stderr } = await runCommand(['attack', 'run', 'hijacked-controller', '--json']);
    assert.equal(code, 0, stderr);
    const told = JSON.parse(stdout) as { readonly attack: string; readonly ending: string; readonly rule: string };
    assert.deepEqual([told.attack, told.ending, told.rule], ['hijacked-controller', 'detected', 'conflict']);
  });
});
