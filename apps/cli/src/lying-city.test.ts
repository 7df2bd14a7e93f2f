/** An address that answers as it likes: what it says is shown or refused, never believed, never signed for, and does no harm. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { toHex } from '@oppidum/formats/bytes';
import { encodeEvidence, type StateClaim } from '@oppidum/formats/evidence';
import { genesisHashOf } from '@oppidum/formats/ids';
import { encodePolicy } from '@oppidum/formats/policy';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-lies-'));
after(() => rmSync(folder, { recursive: true }));

const city = new EvidenceCity();
const OPERATOR = '5'.repeat(64);
const SEED = '7'.repeat(64);
mkdirSync(join(folder, 'data', 'keys'), { recursive: true, mode: 0o700 });
writeFileSync(join(folder, 'data', 'city.policy'), encodePolicy(nodeCrypto, city.policy));
writeFileSync(join(folder, 'data', 'keys', 'operator.seed'), `${SEED}\n`, { mode: 0o600 });
writeFileSync(join(folder, 'data', 'keys', 'accounts.json'), JSON.stringify({ operator: OPERATOR }), { mode: 0o600 });

/** Runs a command against a server that answers by `answer`; gives also what was sent there. */
async function ask(
  args: readonly string[],
  answer: RequestListener,
): Promise<CommandResult & { readonly sent: readonly string[] }> {
  const sent: string[] = [];
  const server = createServer((request, response) => {
    sent.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return { ...(await runCommand([...args, '--api', api, '--data', join(folder, 'data')], { cwd: folder })), sent };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const json =
  (value: object): RequestListener =>
  (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const evidence =
  (claim: StateClaim): RequestListener =>
  (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/cbor' }).end(encodeEvidence(city.proveState(claim)));

const device = toHex(city.device);
const nobody = new Uint8Array(32);

test('true evidence about something else is no answer: EVIDENCE_REFUSED', async () => {
  const claims: readonly StateClaim[] = [
    { kind: 'suspension', segments: [nobody] },
    { kind: 'suspension', segments: [city.device], from: 9_000 },
    { kind: 'clone', segments: [city.device] },
  ];
  for (const claim of claims) {
    for (const command of [
      ['state', 'get'],
      ['evidence', 'state', '--out', join(folder, 'never.evidence')],
    ]) {
      const { code, stdout, stderr } = await ask([...command, 'suspension', device, '-v'], evidence(claim));
      assert.deepEqual([code, stdout], [3, ''], command.join(' '));
      assert.match(stderr, /code EVIDENCE_REFUSED/);
    }
  }
  const honest = await ask(['state', 'get', 'suspension', device], evidence({ kind: 'suspension', segments: [city.device] }));
  assert.equal(honest.code, 0, honest.stderr);
});

test('the key of a data folder signs for no other city: WRONG_CITY', async () => {
  const { code, stderr, sent } = await ask(
    ['device', 'suspend', device, '--reason', 'odd values', '-v'],
    json({ genesis: toHex(nobody), timeMs: Date.now() }),
  );
  assert.equal(code, 1);
  assert.match(stderr, /code WRONG_CITY/);
  assert.deepEqual(sent, ['GET /api/v1/city']);
});

test('nothing is signed that could be kept back until next year: CITY_ANSWER_INVALID', async () => {
  const { stderr, sent } = await ask(
    ['device', 'suspend', device, '--reason', 'odd values', '-v'],
    json({ genesis: toHex(genesisHashOf(city.origin)), timeMs: Date.now() + 31_536_000_000 }),
  );
  assert.match(stderr, /code CITY_ANSWER_INVALID/);
  assert.deepEqual(sent, ['GET /api/v1/city']);
});

test('a proposal is what the ledger proves, not what an address shows: EVIDENCE_REFUSED, PROPOSAL_UNKNOWN', async () => {
  const id = '3'.repeat(64);
  const proposal = { kind: 'proposal', segments: [new Uint8Array(32).fill(0x33)] };
  const lies: readonly (readonly [claim: StateClaim, code: string])[] = [
    [{ kind: 'proposal', segments: [nobody] }, 'EVIDENCE_REFUSED'],
    [proposal, 'PROPOSAL_UNKNOWN'],
  ];
  for (const [claim, says] of lies) {
    const { code, stderr, sent } = await ask(['proposal', 'approve', id, '--yes', '-v'], evidence(claim));
    assert.notEqual(code, 0);
    assert.match(stderr, new RegExp(`code ${says}`));
    assert.equal(sent.length, 1);
  }
});

test('an answer without end, compressed to little, fills no memory: CITY_ANSWER_INVALID', async () => {
  const bomb = gzipSync(Buffer.alloc(128 * 2 ** 20));
  const { code, stderr } = await ask(['status', '-v'], (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
  });
  assert.notEqual(code, 0);
  assert.match(stderr, /code CITY_ANSWER_INVALID/);
});

test('what it says turns no text around and moves no cursor, also in JSON and in refusals', async () => {
  const label = 'lamp\u202edetalumis\u2066\u009b2J\u200b\u{e0041}';
  const item = { id: 'x', label, deviceType: 't', status: 'active', lastReadingMs: null };
  const list = await ask(['device', 'list', '--plain'], json({ items: [item], next: 'a\u009b2Jb' }));
  assert.match(list.stdout, /lamp\\u202edetalumis\\u2066\\u009b2J\\u200b\\udb40\\udc41/);
  assert.match(list.stderr, /a\\u009b2Jb/);
  const page = await ask(['device', 'list', '--json'], json({ items: [item], next: null }));
  assert.equal(/[\u0080-\u009f\u202a-\u202e\u2066-\u2069]/.test(page.stdout), false);
  assert.deepEqual((JSON.parse(page.stdout) as { items: { label: string }[] }).items[0]?.label, label);
});

test('cells of a file turn no text around in JSON either', async () => {
  const cell = 'x\u202ey\u009b2J';
  writeFileSync(join(folder, 'cells.csv'), `key,grade\n${device},${cell}\n`);
  const imported = await ask(['device', 'import', 'cells.csv', '--dry-run', '--json'], json({ items: [], next: null }));
  assert.match(imported.stdout, /x\\u202ey\\u009b2j/);
  writeFileSync(join(folder, 'series.csv'), `time,${cell}\n2026-03-01 08:00,1\n2026-03-01 08:05,2\n`);
  const surveyed = await ask(['replay', 'series.csv', '--dry-run', '--json'], json({ items: [], next: null }));
  assert.match(surveyed.stdout, /x\\u202ey\\u009b2J/);
});

test('a file whose name holds escape sequences is named without them', async () => {
  const name = 'a\u001b[2J\u202eb.evidence';
  writeFileSync(join(folder, name), 'no evidence');
  const { code, stdout } = await runCommand(['verify', name, '--policy', join(folder, 'data', 'city.policy')], { cwd: folder });
  assert.equal(code, 3);
  assert.match(stdout, /^a\\u001b\[2J\\u202eb\.evidence under /);
});

test('a list of empty pages has an end', async () => {
  const { code, sent } = await ask(['policy', 'follow'], json({ items: [], next: 'x' }));
  assert.notEqual(code, 0);
  assert.equal(sent.filter((line) => line.startsWith('GET /api/v1/policies')).length, 1);
  const list = await ask(['device', 'list'], json({ items: [], next: 'x' }));
  assert.deepEqual([list.code, list.sent.length], [0, 1]);
  writeFileSync(join(folder, 'lamps.csv'), `key\n${device}\n`);
  const imported = await ask(['device', 'import', 'lamps.csv', '--dry-run', '-v'], json({ items: [], next: 'x' }));
  assert.match(imported.stderr, /code CITY_ANSWER_INVALID/);
  assert.equal(imported.sent.length, 1);
});

test('whoever fills a folder does not choose whom its reader trusts', async () => {
  const trap = join(folder, 'trap');
  mkdirSync(trap);
  const other = new EvidenceCity({ validatorCount: 1 });
  writeFileSync(join(trap, 'city.policy'), encodePolicy(nodeCrypto, other.policy));
  writeFileSync(join(trap, 'state.evidence'), encodeEvidence(other.proveState({ kind: 'device', segments: [nobody] })));
  const verify = (...options: readonly string[]) =>
    runCommand(['verify', 'state.evidence', '--data', join(folder, 'data'), ...options], { cwd: trap });
  const { code, stdout, stderr } = await verify();
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /not the same policy/);
  assert.equal((await verify('--policy', 'city.policy')).code, 0, 'named, it is trusted');
});

test('an order whose time is over is not signed, and nothing is handed in: ORDER_EXPIRED', async () => {
  const key = join(folder, 'second.seed');
  writeFileSync(key, `${SEED}\n`, { mode: 0o600 });
  const order = '4'.repeat(64);
  const late = await ask(
    ['order', 'approve', order, '--order-key', key, '--yes', '-v'],
    json({ state: 'expired', statement: '' }),
  );
  assert.notEqual(late.code, 0);
  assert.match(late.stderr, /code ORDER_EXPIRED/);
  assert.match(late.stderr, /The lifetime of the order is over.* Make a new order\./s);
  assert.deepEqual(late.sent, [`GET /api/v1/orders/${order}`]);
});
