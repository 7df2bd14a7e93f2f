import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { runCommand } from '../../../test/support/command-line.ts';
import { enrolDevice, runDoors } from '../../../test/support/running-gateway.ts';
import { anchoredUpTo } from '../../../test/support/running-shard.ts';

const LATER_MS = 3 * 86_400_000;

test('a reading past its retention: 410 with its code, and evidence for whoever kept the envelope', async () => {
  const top = mkdtempSync(join(tmpdir(), 'oppidum-retired-'));
  const data = join(top, 'city');
  try {
    const before = await runDoors(data);
    const lamp = await enrolDevice(before.city);
    const [envelope, other] = [lamp.reading(1), lamp.reading(2)];
    for (const sent of [envelope, other]) assert.equal((await before.shard.client.ingest(sent)).kind, 'kept');
    await anchoredUpTo(before.shard, 1);
    await before.close();

    writeFileSync(join(data, 'retention.json'), '{"rawDays":2}\n');
    const late = { clock: () => Date.now() + LATER_MS, retention: { data, intervalMs: 10 } };
    const doors = await runDoors(data, false, {}, late);
    const { client } = doors.shard;
    while (client.readings(0, 2).some((kept) => kept.envelope !== null)) await sleep(10);

    const id = toHex(crypto.sha256(envelope));
    const gone = await fetch(`${doors.gateway.http}/api/v1/evidence/${id}`);
    assert.deepEqual([gone.status, ((await gone.json()) as { code: string }).code], [410, 'ENVELOPE_RETIRED']);
    const run = (...args: string[]) =>
      runCommand([...args, '--policy', join(data, 'city.policy')], { cwd: top, env: { OPPIDUM_API: doors.gateway.http } });
    const refused = await run('evidence', id, '--out', 'no.evidence', '-v');
    assert.deepEqual([refused.code, /ENVELOPE_RETIRED/.test(refused.stderr)], [1, true], refused.stderr);
    for (const [name, bytes] of Object.entries({ envelope, other })) writeFileSync(join(top, name), bytes);
    const foreign = await run('evidence', id, '--envelope', 'other', '--out', 'no.evidence', '-v');
    assert.deepEqual([foreign.code, /ENVELOPE_FOREIGN/.test(foreign.stderr)], [1, true], foreign.stderr);
    const given = await run('evidence', id, '--envelope', 'envelope', '--out', 'yes.evidence');
    assert.equal(given.code, 0, given.stderr);
    assert.equal((await run('verify', 'yes.evidence')).code, 0);
    await doors.close();
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});
