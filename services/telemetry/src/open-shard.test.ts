import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { foundTestCity, inTemporaryFolder, runCity } from '../../../test/support/running-city.ts';
import { anchoredUpTo, enrolDevice, startShard } from '../../../test/support/running-shard.ts';

describe('a telemetry shard', () => {
  test('keeps a reading, anchors it, and proves it', () =>
    inTemporaryFolder(async (path) => {
      const city = await runCity(await foundTestCity(path));
      const shard = await startShard(city);
      const lamp = await enrolDevice(city);
      const answer = await shard.client.ingest(lamp.sign(1));
      assert.equal(answer.kind, 'kept');
      assert.ok(answer.kind === 'kept');
      await anchoredUpTo(shard, answer.index);
      const evidence = await shard.client.evidence(answer.digest);
      const report = verifyEvidence(crypto, encodeEvidence(evidence), { policy: parsePolicy(crypto, city.client.policyFile()) });
      assert.equal(report.verdict, 'OK', JSON.stringify(report.steps, null, 1));
      assert.equal(report.facts['id'], toHex(answer.digest));
      await shard.close();
      await city.stop();
    }));
});
