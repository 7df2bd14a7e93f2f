import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodePolicy } from '@oppidum/formats/policy';
import { testPolicy, testValidators } from '../../../../test/support/evidence.ts';
import { checkWitnesses } from './witness-check.ts';

test('witnesses with an address are looked for; one that is away is named', async () => {
  const data = mkdtempSync(join(tmpdir(), 'oppidum-doctor-'));
  const server = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const policy = testPolicy(`test.oppidum.example/${'00'.repeat(32)}`, testValidators('validator', 2));
  const write = (...urls: (string | null)[]): void => {
    const witnesses = policy.witnesses.map((witness, i) => ({ ...witness, url: urls[i] ?? null }));
    writeFileSync(join(data, 'city.policy'), encodePolicy(nativeCrypto, { ...policy, witnesses }));
  };
  try {
    assert.equal((await checkWitnesses(data)).outcome, 'skip', 'no policy');
    write();
    assert.equal((await checkWitnesses(data)).outcome, 'skip');
    write(url, url);
    assert.equal((await checkWitnesses(data)).outcome, 'pass');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const { outcome, detail } = await checkWitnesses(data);
    assert.equal(outcome, 'warn');
    assert.match(detail, /2 of 2 do not answer: validator-0, validator-1/);
  } finally {
    server.close();
    rmSync(data, { recursive: true });
  }
});
