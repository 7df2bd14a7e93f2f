import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLogger } from '@oppidum/telemetry/logging';
import { openDoors } from '../../../../test/support/running-gateway.ts';

test('the log names a request as its answer does, and by its route: nothing that the caller wrote is in it', async () => {
  const lines: string[] = [];
  const logger = makeLogger('debug', { to: { write: (line: string) => lines.push(line) } });
  const doors = await openDoors({ logger });
  try {
    const { http } = doors.gateway;
    const asked = await fetch(`${http}/api/v1/devices/${'0'.repeat(64)}?secret=4711`, {
      headers: { authorization: 'Bearer 4711' },
    });
    const { traceId } = (await asked.json()) as { traceId: string };
    const traceparent = `00-${'4b'.repeat(16)}-${'01'.repeat(8)}-01`;
    assert.equal((await fetch(`${http}/livez`, { headers: { traceparent } })).status, 200);
    await doors.close();
    const logged = lines.map((line) => JSON.parse(line) as { traceId?: string; route?: string; status?: number });
    assert.equal(logged.filter((line) => line.traceId === traceId && line.status === asked.status).length, 1);
    assert.equal(logged.find((line) => line.traceId === '4b'.repeat(16))?.route, '/livez');
    assert.ok(!lines.join('').includes('4711'));
  } catch (error) {
    await doors.close();
    throw error;
  }
});
