/** What a node says of a transaction is a result when the ledger proves it; a node that lies is refused in a sentence. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { transactionId } from '@oppidum/formats/transaction';
import { runCommand } from '../../../test/support/command-line.ts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity, testPolicy } from '../../../test/support/evidence.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-prove-result-'));
after(() => rmSync(folder, { recursive: true }));

const city = new EvidenceCity();
city.keep(city.sign(1));
const executed = city.anchor();
city.keep(city.sign(2));
const other = city.anchor();
const evidence = encodeEvidence(city.proveTransaction(executed));
const { payload, height } = city.proveTransaction(executed);
const id = toHex(transactionId(nodeCrypto, payload));
const honest = { id, height, position: 0, index: 0, code: 'OK', details: {}, events: [] };
const elsewhere = testPolicy(`other.example/${'00'.repeat(32)}`, city.validators);
for (const [name, policy] of [
  ['ours', city.policy],
  ['other', elsewhere],
] as const) {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'signed.answer'), executed.envelope);
  writeFileSync(join(folder, name, 'city.policy'), encodePolicy(nodeCrypto, policy));
}

type Says = { readonly result?: object; readonly evidence?: Uint8Array | null; readonly policy?: string };

/** Hands the transaction in at a node that says this. */
async function submit({ result = honest, evidence: file = evidence, policy = 'ours' }: Says) {
  const server = createServer(({ url = '', method }, response) => {
    const json = (value: object): void => void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    if (method === 'POST') return json(result);
    if (url.startsWith('/api/v1/policies')) return json({ items: [], next: null });
    if (file === null || !url.startsWith('/api/v1/evidence/')) return void response.writeHead(404).end();
    response.setHeader('content-type', 'application/cbor').end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await runCommand(['transaction', 'submit', 'signed.answer', '--api', api, '--json'], { cwd: join(folder, policy) });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a result that the ledger proves is printed as proven', async () => {
  const { code, stdout, stderr } = await submit({});
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { ...honest, proven: true });
});

test('a node that says something else than the ledger is refused: EVIDENCE_REFUSED, CITY_ANSWER_INVALID', async () => {
  const forged = evidence.slice();
  forged[forged.length >> 1] = (forged[forged.length >> 1] as number) ^ 1;
  const lies: readonly (readonly [why: string, Says, says: RegExp])[] = [
    ['another result', { result: { ...honest, code: 'NOT_AUTHORIZED' } }, /EVIDENCE_REFUSED.*with the result OK/],
    ['another block', { result: { ...honest, height: height + 1 } }, /EVIDENCE_REFUSED/],
    [
      'evidence of another transaction',
      { evidence: encodeEvidence(city.proveTransaction(other)) },
      /EVIDENCE_REFUSED.*something else/,
    ],
    ['altered evidence', { evidence: forged }, /EVIDENCE_REFUSED.*Do not trust this address/],
    ['the result of another transaction', { result: { ...honest, id: '0'.repeat(64) } }, /CITY_ANSWER_INVALID/],
  ];
  for (const [why, says, expected] of lies) {
    const { code, stdout, stderr } = await submit(says);
    assert.deepEqual([stdout, code === 0], ['', false], why);
    assert.match(stderr, expected, why);
  }
});

test('a result without proof is no success: exit code 5', async () => {
  const { code, stdout, stderr } = await submit({ evidence: null });
  assert.deepEqual([code, stdout], [5, '']);
  assert.match(stderr, /gives no proof of it/);
});

test('under the policy of another city nothing is proven, and that is said', async () => {
  const { code, stdout, stderr } = await submit({ policy: 'other' });
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { proven: boolean }).proven, false);
  assert.match(stderr, /policy of another city/);
});
