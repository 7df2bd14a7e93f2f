/**
 * The clock of the machine steps: back an hour, on an hour, and to and fro. Block time rises all the same, readings that were true when
 * they were taken are kept and proven, what is ahead of the clock of the moment waits, and checkpoints go on.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { LIMITS } from '@oppidum/formats/limits';
import { parsePolicy } from '@oppidum/formats/policy';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { checkFolder } from '../support/damaged-city.ts';
import { envelopeOf, execute, foundTestCity, freshAccount, inTemporaryFolder, runCity } from '../support/running-city.ts';
import { anchoredUpTo, enrolDevice, startShard } from '../support/running-shard.ts';

const HOUR_MS = 3_600_000;
/** How far the clock is from true time, one step after the other. */
const STEPS_MS = [0, -HOUR_MS, HOUR_MS, 0, 2 * HOUR_MS, -2 * HOUR_MS, 1, 0];
const READINGS_OF_ONE_STEP = 10;

test('a clock that steps by hours in both directions: time of blocks rises, readings are kept and proven, CLOCK_AHEAD', (t) =>
  inTemporaryFolder(async (data) => {
    let stepMs = 0;
    const clock = (): number => Date.now() + stepMs;
    const city = await runCity(await foundTestCity(data, clock()), { clock });
    const shard = await startShard(city, { clock });
    const { client } = city;
    const times: number[] = [];
    const forget = client.onBlock(({ timeMs }) => times.push(timeMs));
    const lamp = await enrolDevice(city);
    const digests: Uint8Array[] = [];
    let sequence = 0;
    const take = async (timeS: number) => {
      const envelope = lamp.sign(++sequence, { timeS });
      const answer = await shard.client.ingest(envelope);
      if (answer.kind === 'kept') digests.push(crypto.sha256(envelope));
      return answer.kind === 'passing' ? answer.rejection.code : answer.kind;
    };
    try {
      for (const step of STEPS_MS) {
        stepMs = step;
        const { size } = client.checkpoint() ?? { size: 0 };
        for (let i = 0; i < READINGS_OF_ONE_STEP; i++) assert.equal(await take(Math.floor(clock() / 1_000) - i), 'kept');
        const aheadS = (clock() + LIMITS.clockAheadMs) / 1_000;
        assert.equal(await take(Math.floor(aheadS) - 10), 'kept', 'a little ahead');
        assert.equal(await take(Math.ceil(aheadS) + 60), 'CLOCK_AHEAD', `at ${step}`);
        const validUntil = Math.max(clock(), client.head().timeMs) + 300_000;
        const { code } = await execute(client, envelopeOf(client, city.operator, [freshAccount().action], validUntil));
        assert.equal(code, 'OK');
        await anchoredUpTo(shard, shard.client.status().size - 1);
        assert.ok((await client.checkpointOf(client.head().logSize)).size > size, 'checkpoints go on');
      }
      for (const [i, time] of times.entries()) assert.ok(i === 0 || time > (times[i - 1] as number), `block ${i} at ${time}`);
      const policy = parsePolicy(crypto, new Uint8Array(readFileSync(city.folder.paths.policy)));
      for (const digest of digests) {
        const file = encodeEvidence(await shard.client.evidence(digest));
        assert.equal(verifyEvidence(crypto, file, { policy }).verdict, 'OK');
      }
      t.diagnostic(`clock: ${STEPS_MS.length} steps, ${times.length} blocks, acknowledged and proven ${digests.length}, lost 0`);
    } finally {
      forget();
      await shard.close();
      await city.stop();
    }
    const { damages } = await checkFolder(data);
    assert.deepEqual(damages, []);
  }));
