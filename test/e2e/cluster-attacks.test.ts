import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Attack, carryOut } from '@oppidum/cli/attacks/attack';
import { AttackedCity } from '@oppidum/cli/attacks/attacked-city';
import { attacksOn } from '@oppidum/cli/attacks/attacks';
import { RULES, type Rules } from '@oppidum/cli/attacks/rules';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import type { Policy } from '@oppidum/formats/policy';
import { verifyFile } from '@oppidum/proofs/verify-file';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';

type Told = {
  readonly attack: string;
  readonly ending: string;
  readonly by: string;
  readonly rule: string | null;
  readonly evidence: readonly { readonly file: string; readonly verdict: string }[];
};

describe('attacks on four validators', { skip: skipWithout('cometbft'), timeout: 900_000 }, () => {
  test('all are stopped as listed, one of four with two histories loses its place, and the files say so without the city', async () => {
    const root = mkdtempSync(join(tmpdir(), 'oppidum-cluster-attacks-'));
    try {
      const out = join(root, 'kept');
      const { code, stdout, stderr } = await runCommand(['attack', 'run', '--all', '--cluster', '--json', '--out', out]);
      assert.equal(code, 0, stderr);
      const told = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);
      assert.deepEqual(
        told.map(({ attack, ending, by, rule }) => ({ attack, ending, by, rule })),
        attacksOn(true).map(({ name, stop: { ending, by, rule } }) => ({ attack: name, ending, by, rule })),
      );
      const last = told.at(-1);
      assert.deepEqual([last?.attack, last?.ending, last?.rule], ['equivocating-validator', 'prevented', 'QUORUM_MISSING']);
      const policyFile = join(out, 'city.policy');
      const policy = parseCityPolicy(nativeCrypto, new Uint8Array(readFileSync(policyFile)));
      for (const { file, verdict } of told.flatMap(({ evidence }) => evidence)) {
        const { report, range } = verifyFile(nativeCrypto, new Uint8Array(readFileSync(file)), { policy });
        assert.deepEqual([file, range?.isComplete === false ? 'INCOMPLETE' : report.verdict], [file, verdict]);
      }
      const removed = last?.evidence.at(-1)?.file ?? '';
      const again = await runCommand(['verify', removed, '--policy', policyFile]);
      assert.equal(again.code, 0, again.stdout + again.stderr);
      assert.match(again.stdout, /"removed":true/);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test('a reader who is content with one validator believes the second history of one', async () => {
    const ofOne = (policy: Policy): Policy => ({ ...policy, groups: policy.groups.map((group) => ({ ...group, threshold: 1 })) });
    const refuseHead: Rules['refuseHead'] = (policy, note) => RULES.refuseHead(ofOne(policy), note);
    const city = await AttackedCity.found({ ...RULES, refuseHead }, true);
    try {
      const { ending, rule } = await carryOut(attacksOn(true).at(-1) as Attack, city);
      assert.deepEqual([ending, rule], ['succeeded', null]);
    } finally {
      await city.close();
    }
  });
});
