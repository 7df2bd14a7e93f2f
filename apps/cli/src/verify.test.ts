import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseUtf8, toHex } from '@oppidum/formats/bytes';
import { type CompleteRange, encodeCompleteRange } from '@oppidum/formats/complete-range';
import { encodeEvidence, encodeEvidenceJson } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { evidenceHops } from '@oppidum/proofs/evidence-hops';
import { headOf } from '@oppidum/proofs/refresh-evidence';
import { type CommandOptions, runCommand } from '../../../test/support/command-line.ts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { GENESIS_MS } from '../../../test/support/ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-verify-'));
after(() => rmSync(folder, { recursive: true }));

const city = new EvidenceCity();
const index = city.keep(city.sign(1));
const anchored = city.anchor();
const reading = city.proveReading(index, anchored);
const file = encodeEvidence(reading);
const [fromMs, toMs] = [GENESIS_MS, GENESIS_MS + 1_000];
const range: CompleteRange = { version: 1, fact: 'readings', device: city.device, keyNumber: 0, fromMs, toMs, evidence: [file] };
const hops = evidenceHops(nodeCrypto, reading);
const anchorHop = hops.find(({ name }) => name === 'anchor')!;

const FILES: Readonly<Record<string, Uint8Array | string>> = {
  'reading.evidence': file,
  'second.readings': encodeCompleteRange(range),
  'open.readings': encodeCompleteRange({ ...range, toMs: toMs + 1 }),
  'bad.readings': encodeCompleteRange({ ...range, keyNumber: 1 }),
  'reading.json': encodeEvidenceJson(reading),
  'erased.evidence': encodeEvidence(city.proveErased([index], anchored)),
  'city.policy': encodePolicy(nodeCrypto, city.policy),
  'next.policy': encodePolicy(nodeCrypto, testPolicy(city.origin, testValidators('next', 4))),
  'bad.policy': 'quorum nobody\n',
  'altered.evidence': file.map((byte, i) => (i === Math.floor(file.length / 2) ? byte ^ 1 : byte)),
  'anchor.tlog-proof': anchorHop.proof,
  'anchor.entry': anchorHop.entry,
  'other.entry': 'something else',
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

const verify = (args: readonly string[], options: CommandOptions = {}) =>
  runCommand(['verify', ...args], { cwd: folder, ...options });

test('evidence that holds: every step, the verdict, what it means, the facts in words; exit code 0', async () => {
  const { code, stdout, stderr } = await verify(['reading.evidence']);
  assert.deepEqual([code, stderr], [0, '']);
  for (const words of [
    /passed +checkpoint /,
    /passed +signature /,
    /^OK {2}Proven: /m,
    /grade +device: the device itself signed/,
    /simulated +(no|yes)/,
    new RegExp(`device +.*${toHex(city.device)}`),
    new RegExp(`policy SHA-256 ${toHex(nodeCrypto.sha256(FILES['city.policy'] as Uint8Array))}`),
  ])
    assert.match(stdout, words);
});

test('the same from standard input, in the JSON form, and by a named policy', async () => {
  assert.equal((await verify(['-', '--policy', 'city.policy'], { stdin: file })).code, 0);
  assert.equal((await verify(['-'], { stdin: FILES['reading.json'] as string })).code, 0);
  const { code, stdout } = await runCommand([
    'verify',
    join(folder, 'reading.json'),
    '--policy',
    join(folder, 'city.policy'),
    '-q',
  ]);
  assert.deepEqual([code, stdout.split('\n').length], [0, 2]);
});

test('a range of readings: as `reading prove --file` says it', async () => {
  const complete = await verify(['second.readings']);
  assert.equal(complete.code, 0, complete.stderr);
  assert.match(complete.stdout, /passed +sequence numbers +1 to 1, none left out/);
  assert.match(complete.stdout, /^COMPLETE {2}Every reading is proven, and none is left out\.$/m);
  assert.match(complete.stdout, /policy SHA-256 [0-9a-f]{64}/);
  const open = await verify(['open.readings']);
  assert.equal(open.code, 3);
  assert.match(open.stdout, /^INCOMPLETE \(CAUTION\) {2}What is shown is proven; the end is open\.$/m);
  const advice = /choose an end before the device’s newest reading, or wait for the next/;
  assert.match(open.stderr, advice);
  assert.doesNotMatch(complete.stderr, advice);
  const shown = await runCommand(['reading', 'prove', '--file', 'open.readings'], { cwd: folder });
  assert.match(shown.stderr, advice);
  assert.ok(open.stdout.endsWith(shown.stdout), 'in the same words');
  assert.equal((await verify(['open.readings', '--allow-amber'])).code, 0);
  const bad = await verify(['bad.readings', '--json', '--allow-amber']);
  const report = JSON.parse(bad.stdout) as { verdict: string; range: object | null };
  assert.deepEqual([bad.code, report.verdict, report.range], [3, 'HASH_MISMATCH', null]);
  assert.equal((await verify(['second.readings', '--seen', 'heads.txt'])).code, 2);
});

test('one altered bit: exit code 3, a red verdict, no facts', async () => {
  const { code, stdout } = await verify(['altered.evidence', '--json']);
  assert.equal(code, 3);
  const report = JSON.parse(stdout) as { verdict: string; color: string; facts: object; action: string };
  assert.notEqual(report.verdict, 'OK');
  assert.deepEqual([report.color, report.facts], ['red', {}]);
  const text = await verify(['altered.evidence']);
  assert.match(text.stdout, new RegExp(`^${report.verdict} \\(FAILED\\)`, 'm'));
  assert.match(text.stdout, /FAILED/);
  assert.equal(text.stdout.includes('grade '), text.stdout.includes('passed  signature'));
});

test('amber is not green: exit code 3 unless it was allowed, and the word says so', async () => {
  const refused = await verify(['erased.evidence']);
  assert.equal(refused.code, 3);
  assert.match(refused.stdout, /^ERASED \(CAUTION\) /m);
  assert.equal((await verify(['erased.evidence', '--allow-amber'])).code, 0);
  const stale = await verify(['reading.evidence', '--policy', 'next.policy', '--former', 'city.policy', '--json']);
  assert.equal(stale.code, 3);
  assert.equal((JSON.parse(stale.stdout) as { verdict: string }).verdict, 'POLICY_STALE');
});

test('under another policy of the city too few cosigned', async () => {
  const { code, stdout } = await verify(['reading.evidence', '--policy', 'next.policy']);
  assert.equal(code, 3);
  assert.match(stdout, /^QUORUM_MISSING \(FAILED\)/m);
});

test('a policy that is none ends with 3 and its reason on standard error; nothing is shown as data', async () => {
  const { code, stdout, stderr } = await verify(['reading.evidence', '--policy', 'bad.policy', '-v']);
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(stderr, /code POLICY_/);
});

test('without a policy nothing is believed; a file that is not there is no verdict', async () => {
  const lonely = await runCommand(['verify', join(folder, 'reading.evidence'), '--data', join(folder, 'none')], {
    cwd: tmpdir(),
  });
  assert.equal(lonely.code, 2);
  assert.match(lonely.stderr, /--policy/);
  const missing = await verify(['missing.evidence']);
  assert.deepEqual([missing.code, missing.stdout], [1, '']);
  assert.match(missing.stderr, /There is no file or folder missing\.evidence/);
});

test('a proof file with its entry', async () => {
  assert.equal((await verify(['anchor.tlog-proof'])).code, 0);
  const wrong = await verify(['anchor.tlog-proof', '--entry', 'other.entry']);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stdout, /^NOT_IN_LOG /m);
  const alone = await verify(['-'], { stdin: readFileSync(join(folder, 'anchor.tlog-proof')) });
  assert.equal(alone.code, 2);
  assert.match(parseUtf8(Buffer.from(alone.stderr)), /--entry/);
});

test('color is for terminals: none by default, some when forced, none with NO_COLOR', async () => {
  const escapeCharacter = String.fromCharCode(27);
  assert.equal((await verify(['reading.evidence'])).stdout.includes(escapeCharacter), false);
  assert.equal((await verify(['reading.evidence'], { env: { FORCE_COLOR: '1' } })).stdout.includes(escapeCharacter), true);
  assert.equal(
    (await verify(['reading.evidence'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout.includes(escapeCharacter),
    false,
  );
});

test('--seen remembers what was believed: another head of the same size is refused, and a damaged memory is no memory', async () => {
  const origin = city.origin;
  const { size, root } = headOf(reading);
  const believed = `origin ${origin}\n${size} ${toHex(root)}\n`;
  const memory = join(folder, 'heads.txt');
  for (let round = 0; round < 2; round++) {
    assert.equal((await verify(['reading.evidence', '--seen', 'heads.txt'])).code, 0);
    assert.equal(readFileSync(memory, 'utf8'), believed);
  }
  assert.equal((await verify(['altered.evidence', '--seen', 'heads.txt'])).code, 3);
  assert.equal(readFileSync(memory, 'utf8'), believed, 'nothing that was refused is remembered');

  const forked = `origin ${origin}\n${size} ${'00'.repeat(32)}\n`;
  writeFileSync(memory, forked);
  const { code, stdout } = await verify(['reading.evidence', '--seen', 'heads.txt']);
  assert.equal(code, 3);
  assert.match(stdout, /^LOG_INCONSISTENT \(FAILED\)/m);
  assert.equal(readFileSync(memory, 'utf8'), forked);

  for (const content of ['origin other.example/00\n', `origin ${origin}\n7\n`, '']) {
    writeFileSync(memory, content);
    const refused = await verify(['reading.evidence', '--seen', 'heads.txt']);
    assert.equal(refused.code, 1, content);
    assert.match(refused.stderr, /heads\.txt/);
    assert.equal(refused.stdout, '');
  }
  assert.equal((await verify(['anchor.tlog-proof', '--seen', 'heads.txt'])).code, 2);
});
