/** `oppidum audit` over gateways that are honest, late, away, cut off, false or of two minds; everything in memory but the command. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { encodeCheckpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { FormatError } from '@oppidum/formats/errors';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { runCommand, startCommand } from '../../../test/support/command-line.ts';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity, type TestValidator, testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { tilesOf } from '../../../test/support/served-log.ts';
import { Auditor } from './audit/auditor.ts';
import { FINDINGS } from './audit/findings.ts';
import { AuditMemory } from './audit/memory.ts';
import { LiveSource } from './audit/sources.ts';

const root = mkdtempSync(join(tmpdir(), 'oppidum-audit-'));
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(root, { recursive: true });
});

const ORIGIN = `city.example/${'0a'.repeat(32)}`;
const validators = testValidators('validator', 4);
const [v0, v1, v2, v3] = validators as [TestValidator, TestValidator, TestValidator, TestValidator];
const honest = new MemoryLog(Array.from({ length: 300 }, (_, i) => namedId(`entry ${i}`)));
/** The same up to 100. */
const other = new MemoryLog([...honest.entries.slice(0, 100), ...Array.from({ length: 250 }, (_, i) => namedId(`other ${i}`))]);

const noteOf = (log: MemoryLog, size: number, cosigners: readonly TestValidator[], by = cosigners[0] ?? v0): Uint8Array =>
  testNote({ origin: ORIGIN, size, root: log.root(size) }, by.log, cosigners);

/** A gateway; what it shows can be changed while it runs. */
type Shown = {
  note: Uint8Array;
  files: Map<string, Uint8Array>;
  policies: readonly (readonly [number, Uint8Array])[];
  isAway: boolean;
};

async function serve(log: MemoryLog, size: number, note: Uint8Array): Promise<Shown & { readonly url: string }> {
  const shown: Shown = { note, files: tilesOf(new MemoryLog(log.entries.slice(0, size))), policies: [], isAway: false };
  const server = createServer(({ url = '', socket, headers }, response) => {
    assert.equal(headers.authorization, undefined, 'no source gets an API key');
    if (shown.isAway) return void socket.destroy();
    const [, height] = /^\/api\/v1\/policies\/(\d+)$/.exec(url) ?? [];
    const items = shown.policies.map(([at]) => ({ height: at, sha256: '' }));
    const answer =
      url === '/log/checkpoint'
        ? shown.note
        : height !== undefined
          ? shown.policies.find(([at]) => at === Number(height))?.[1]
          : url.startsWith('/api/v1/policies')
            ? encodeUtf8(JSON.stringify({ items, next: null }))
            : shown.files.get(url);
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(shown, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** A folder with the policy in it, and the command there. */
function makePlace(policy = testPolicy(ORIGIN, validators)) {
  const cwd = mkdtempSync(join(root, 'place-'));
  writeFileSync(join(cwd, 'city.policy'), encodePolicy(nodeCrypto, policy));
  const audit = (...args: readonly string[]) => runCommand(['audit', ...args], { cwd });
  const verify = (...args: readonly string[]) => runCommand(['verify', ...args], { cwd });
  const find = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await audit(...args, '--json');
    assert.notEqual(stdout, '', stderr);
    const { findings } = JSON.parse(stdout) as { findings: FindingJson[] };
    return { code, findings, codes: findings.map((finding) => finding.code).sort() };
  };
  return { cwd, audit, verify, find };
}
type FindingJson = { code: string; sources: string[]; detail: string; file: string | null; signers: string[] };

const QUORUM = [v0, v1, v2];

test('a few entries are no delay: --behind says how many', async () => {
  const { audit, find } = makePlace();
  const first = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const second = await serve(honest, 274, noteOf(honest, 274, QUORUM));
  const third = await serve(honest, 273, noteOf(honest, 273, QUORUM));
  assert.deepEqual((await find(first.url, second.url)).codes, []);
  const { code, findings } = await find(first.url, second.url, third.url);
  assert.deepEqual([code, findings.map(({ detail }) => detail)], [0, ['size 273 of 290']]);
  assert.deepEqual((await find(first.url, second.url, third.url, '--behind', '17')).codes, []);
  assert.deepEqual((await find(first.url, second.url, '--behind', '0')).codes, ['SOURCE_BEHIND']);
  assert.equal((await audit(first.url, second.url, '--behind', '-1')).code, 2);
});

test('what is remembered is read and verified once for each policy, not in each round', async () => {
  const folder = join(mkdtempSync(join(root, 'memory-')), 'kept');
  const memory = new AuditMemory(folder);
  for (const size of [20, 30, 40]) await memory.keepHead(size, noteOf(honest, size, QUORUM));
  const served = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const writeProof = async (): Promise<string> => assert.fail('there is nothing to prove');
  const parts = { live: [new LiveSource(served.url)], kept: [], memory, behindMax: 0, writeProof };
  const auditor = new Auditor(parts, { policy: testPolicy(ORIGIN, validators) });
  assert.deepEqual((await auditor.round()).findings, []);
  const heads = join(folder, 'heads');
  assert.equal(readdirSync(heads).length, 4);
  // Whoever read it again would not even find a note.
  for (const name of readdirSync(heads)) writeFileSync(join(heads, name), 'nothing');
  assert.deepEqual((await auditor.round()).findings, []);
  const again = [...new AuditMemory(folder).heads().values()];
  for (const note of again) assert.throws(() => parseCheckpointNote(note), FormatError);
  // A head that is new counts all the same, and one that is gone does not.
  rmSync(join(heads, readdirSync(heads).find((name) => name.startsWith('20-')) as string));
  await memory.keepHead(50, noteOf(other, 50, QUORUM));
  await memory.keepHead(200, noteOf(other, 200, QUORUM));
  assert.equal(memory.heads().size, 5);
});

test('sources that show one history agree, whichever size they have; one that is late is said to be late', async () => {
  const { cwd, audit, find } = makePlace();
  const first = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const late = await serve(honest, 20, noteOf(honest, 20, [v1, v2, v3]));
  writeFileSync(join(cwd, 'old.checkpoint'), noteOf(honest, 257, QUORUM));
  const { code, stdout } = await audit(first.url, late.url, 'old.checkpoint');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^AGREE {2}All heads/m);
  assert.match(stdout, /withheld, this does not prove/);
  const { codes, findings } = await find(first.url, late.url);
  assert.deepEqual([codes, findings[0]?.sources, findings[0]?.detail], [['SOURCE_BEHIND'], [late.url], 'size 20 of 290']);
});

test('one validator of four equivocates: whoever holds both of its cosignatures has the proof, and anybody verifies it', async () => {
  const { cwd, audit, find, verify } = makePlace();
  const good = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const bad = await serve(other, 320, noteOf(other, 320, [v0]));
  const { code, codes, findings } = await find(good.url, bad.url);
  assert.equal(code, 6);
  assert.deepEqual(codes, ['FORK_PROVEN', 'HEAD_FALSE']);
  const fork = findings.find((finding) => finding.code === 'FORK_PROVEN')!;
  assert.deepEqual(fork.signers.slice(1), ['validator-0']);
  assert.match(fork.signers[0] ?? '', /^log key /);
  assert.match(findings.find((finding) => finding.code === 'HEAD_FALSE')?.detail ?? '', /QUORUM_MISSING/);
  const verified = await verify(fork.file ?? '');
  assert.equal(verified.code, 6, verified.stdout);
  assert.match(verified.stdout, /^FORK_PROVEN \(FAILED\) {2}Proven: a key of this city signed two histories/m);
  assert.match(verified.stdout, /signed two histories {2}cosigner validator-0 \([0-9a-f]{64}\): a head of size 320/);
  const text = readFileSync(join(cwd, fork.file ?? ''), 'utf8');
  writeFileSync(
    join(cwd, 'altered.fork'),
    text.replace(/"root": "./, (found) => `${found.slice(0, -1)}${found.endsWith('0') ? '1' : '0'}`),
  );
  const altered = await verify('altered.fork');
  assert.equal(altered.code, 3);
  assert.match(altered.stdout, /^FORK_UNPROVEN/m);
  // In words, again from the file alone, and the same file again.
  const again = await audit(fork.file ?? '', good.url);
  assert.equal(again.code, 6);
  assert.match(again.stdout, /^FORK_PROVEN \(PROVEN\)/m);
  assert.equal(readdirSync(cwd).filter((name) => name.startsWith('fork-')).length, 1);
});

test('without a second signature of its own nobody is accused; with one that was kept before, it is proven', async () => {
  const { find } = makePlace();
  const good = await serve(honest, 290, noteOf(honest, 290, [v1, v2, v3]));
  const bad = await serve(other, 320, noteOf(other, 320, [v0]));
  const first = await find(good.url, bad.url);
  assert.equal(first.code, 3);
  assert.deepEqual(first.codes, ['HEADS_CONTRADICT', 'HEAD_FALSE']);
  good.note = noteOf(honest, 290, QUORUM);
  assert.equal((await find(good.url, '--keep', 'kept')).code, 0);
  good.note = noteOf(honest, 290, [v1, v2, v3]);
  const then = await find(good.url, bad.url, '--keep', 'kept');
  assert.equal(then.code, 6);
  assert.ok(then.codes.includes('FORK_PROVEN'));
});

test('a city of one validator that forks is proven by whoever kept what it showed: the log key and the cosigner', async () => {
  const { find, verify } = makePlace(testPolicy(ORIGIN, [v0]));
  const city = await serve(honest, 200, noteOf(honest, 200, [v0]));
  assert.equal((await find(city.url, '--keep', 'kept')).code, 0);
  const forked = await serve(other, 220, noteOf(other, 220, [v0]));
  const { code, findings } = await find(forked.url, '--keep', 'kept');
  assert.equal(code, 6);
  const fork = findings.find((finding) => finding.code === 'FORK_PROVEN')!;
  assert.equal(fork.signers.length, 2);
  assert.match(fork.detail, /the only validator/);
  assert.equal((await verify(fork.file ?? '')).code, 6);
});

test('more than a third that lie together make two heads with the quorum: all who stand under both are named, and nobody else', async () => {
  const { find } = makePlace();
  const one = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const two = await serve(other, 290, noteOf(other, 290, [v1, v2, v3]));
  const { code, codes, findings } = await find(one.url, two.url);
  assert.deepEqual([code, codes], [6, ['FORK_PROVEN']]);
  assert.deepEqual(findings[0]?.signers, ['validator-1', 'validator-2']);
  assert.match(findings[0]?.detail ?? '', /more than a third of the validators lie together/);
});

test('a head that is not to be believed is told with its code; it proves nothing', async () => {
  const { find } = makePlace();
  const good = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const bad = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const strangers = testValidators('stranger', 4);
  const text = new TextDecoder().decode(noteOf(honest, 290, QUORUM));
  const notes: readonly (readonly [code: string, note: Uint8Array])[] = [
    ['QUORUM_MISSING', noteOf(honest, 290, [v0, v1])],
    ['SIGNATURE_INVALID', encodeUtf8(text.replace(/\n290\n/, '\n289\n'))],
    ['SIGNATURE_MISSING', testNote({ origin: ORIGIN, size: 290, root: honest.root(290) }, strangers[0]!.log, QUORUM)],
    ['LOG_UNKNOWN', testNote({ origin: `${ORIGIN.slice(0, -2)}0b`, size: 1, root: honest.root(1) }, v0.log, QUORUM)],
    ['TEXT_INVALID', encodeUtf8('<html>maintenance</html>')],
  ];
  for (const [says, note] of notes) {
    bad.note = note;
    const { code, codes, findings } = await find(good.url, bad.url);
    assert.equal(code, 3, says);
    assert.ok(codes.includes('HEAD_FALSE') && !codes.includes('FORK_PROVEN'), says);
    assert.match(findings.find((finding) => finding.code === 'HEAD_FALSE')?.detail ?? '', new RegExp(`^${says}`));
  }
});

test('who is away, shows no tiles, or tiles of another log, keeps the others from nothing', async () => {
  const { find } = makePlace();
  const good = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const late = await serve(honest, 250, noteOf(honest, 250, QUORUM));
  const third = await serve(honest, 299, noteOf(honest, 299, QUORUM));
  third.isAway = true;
  const away = await find(good.url, late.url, third.url);
  assert.deepEqual([away.code, away.codes], [5, ['SOURCE_AWAY', 'SOURCE_BEHIND']]);
  third.isAway = false;
  third.files = new Map();
  const withheld = await find(good.url, late.url, third.url);
  assert.equal(withheld.code, 3);
  assert.deepEqual(new Set(withheld.codes), new Set(['TILES_WITHHELD', 'HEADS_UNCOMPARED', 'SOURCE_BEHIND']));
  third.files = tilesOf(new MemoryLog(other.entries.slice(0, 299)));
  const lying = await find(good.url, late.url, third.url);
  assert.equal(lying.code, 3);
  assert.ok(lying.codes.includes('TILES_FALSE'));
});

test('what a witness and a verifier wrote down is compared, too: a contradiction with it is no proof for others', async () => {
  const { cwd, find, audit } = makePlace();
  const city = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  mkdirSync(join(cwd, 'witness', 'cosigned'), { recursive: true });
  const record = (log: MemoryLog, size: number, origin = ORIGIN) => encodeCheckpoint({ origin, size, root: log.root(size) });
  writeFileSync(join(cwd, 'witness', 'witness.seed'), '00', { mode: 0o600 });
  writeFileSync(join(cwd, 'witness', 'cosigned', 'a'), record(honest, 120));
  writeFileSync(join(cwd, 'witness', 'cosigned', 'b'), record(other, 120, 'elsewhere.example'));
  writeFileSync(join(cwd, 'heads.txt'), `origin ${ORIGIN}\n110 ${toHex(honest.root(110))}\n`);
  assert.equal((await find(city.url, 'witness', 'heads.txt')).code, 0);
  for (const [file, text] of [
    ['heads.txt', `origin ${ORIGIN}\n110 ${toHex(other.root(110))}\n`],
    [join('witness', 'cosigned', 'a'), record(other, 120)],
  ] as const) {
    writeFileSync(join(cwd, file), text);
    const { code, codes } = await find(city.url, file);
    assert.deepEqual([code, codes], [3, ['HEADS_CONTRADICT']], file);
  }
  writeFileSync(join(cwd, 'nothing.txt'), 'nothing');
  const refused = await audit(city.url, 'nothing.txt');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /holds no head of a log/);
  assert.equal((await audit(city.url)).code, 2, 'one source alone');
});

test('a city that shows less than it showed before withdraws it', async () => {
  const { cwd, find } = makePlace();
  const city = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  assert.equal((await find(city.url, '--keep', 'kept')).code, 0);
  city.note = noteOf(honest, 250, QUORUM);
  city.files = tilesOf(new MemoryLog(honest.entries.slice(0, 250)));
  assert.deepEqual((await find(city.url, '--keep', 'kept')).codes, ['HEAD_WITHDRAWN']);
  writeFileSync(join(cwd, 'x.checkpoint'), noteOf(honest, 290, QUORUM));
  const { code, codes } = await find(city.url, 'x.checkpoint');
  assert.deepEqual([code, codes], [3, ['HEADS_UNCOMPARED', 'HEAD_WITHDRAWN']]);
});

test('the policy is followed by evidence, remembered, and nobody is led back behind it', async () => {
  const city = new EvidenceCity();
  city.anchor();
  const { cwd, find } = makePlace(city.policy);
  const log = city.log;
  const before = city.checkpoint();
  const { announced } = city.changePolicy('next', 4);
  city.anchor();
  const entries = new MemoryLog(city.log.entries);
  const next = await serve(entries, entries.size, city.checkpoint());
  next.policies = [[9, encodeEvidence(announced)]];
  const stale = await serve(log, log.size, before);
  const first = await find(next.url, stale.url, '--keep', 'kept');
  assert.deepEqual([first.code, first.codes], [0, ['POLICY_STALE']]);
  assert.deepEqual(readdirSync(join(cwd, 'kept', 'policies')), [`${announced.state.height}.evidence`]);
  const alone = await find(stale.url, '--keep', 'kept');
  assert.deepEqual([alone.code, alone.codes], [3, ['HEAD_WITHDRAWN', 'POLICY_STALE']]);
  next.policies = [[9, encodeEvidence({ ...announced, state: { ...announced.state, timeMs: announced.state.timeMs + 1 } })]];
  const lying = await find(next.url, stale.url);
  assert.equal(lying.code, 3);
  assert.ok(lying.codes.includes('POLICY_FALSE') && lying.codes.includes('HEAD_FALSE'));
});

test('a source names no file of the auditor, and none out of its order: a change is kept under the block that proves it', async () => {
  const city = new EvidenceCity();
  city.anchor();
  const { cwd, find } = makePlace(city.policy);
  const { announced } = city.changePolicy('next', 4);
  city.anchor();
  const entries = new MemoryLog(city.log.entries);
  const source = await serve(entries, entries.size, city.checkpoint());
  source.policies = [['../../escaped' as unknown as number, new Uint8Array(0)]];
  source.files.set('/api/escaped', encodeEvidence(announced));
  const { code } = await find(source.url, '--keep', 'kept');
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(cwd).sort(), ['city.policy', 'kept']);
  assert.deepEqual(readdirSync(join(cwd, 'kept', 'policies')), [`${announced.state.height}.evidence`]);
});

test('signatures of nobody known make no new head of a known one: a source cannot fill what an audit remembers', async () => {
  const { cwd, find } = makePlace();
  const source = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const plain = source.note;
  for (const fill of [1, 2, 3]) {
    const signature = Buffer.alloc(68, fill).toString('base64');
    source.note = Buffer.concat([plain, encodeUtf8(`— stranger.example ${signature}\n`)]);
    assert.deepEqual((await find(source.url, '--keep', 'kept')).codes, []);
  }
  assert.equal(readdirSync(join(cwd, 'kept', 'heads')).length, 1);
  source.note = noteOf(honest, 290, [v1, v2, v3]);
  await find(source.url, '--keep', 'kept');
  assert.equal(readdirSync(join(cwd, 'kept', 'heads')).length, 2, 'who else signed is remembered');
});

test('docs/audit.md has every finding with its weight', () => {
  const rows = readFileSync(new URL('../../../docs/audit.md', import.meta.url), 'utf8').match(/^\| `[A-Z_]+` \| \w+ \|/gm);
  assert.deepEqual(
    rows,
    Object.entries(FINDINGS).map(([code, { weight }]) => `| \`${code}\` | ${weight} |`),
  );
});

test('--watch survives who is away, says what begins and what is over once, and ends at a proof when asked', async () => {
  const { cwd } = makePlace();
  const good = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const bad = await serve(honest, 290, noteOf(honest, 290, QUORUM));
  const args = ['audit', good.url, bad.url, '--json', '--watch', '--every', '1', '--late', '0', '--stop-on-fork'];
  const watching = startCommand(args, { cwd });
  const said = (event: string, code: string): number =>
    watching
      .output()
      .stdout.split('\n')
      .filter((line) => line.includes(`"event":"${event}","code":"${code}"`)).length;
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      assert.equal(watching.child.exitCode, null, watching.output().stderr);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await until(() => watching.output().stderr.includes('Watching'));
  bad.isAway = true;
  await until(() => said('begins', 'SOURCE_AWAY') === 1);
  bad.isAway = false;
  await until(() => said('ends', 'SOURCE_AWAY') === 1);
  bad.files = tilesOf(new MemoryLog(other.entries.slice(0, 320)));
  bad.note = noteOf(other, 320, [v0]);
  const { code, stdout } = await watching.ended;
  assert.equal(code, 6);
  assert.equal(said('begins', 'FORK_PROVEN'), 1, stdout);
  assert.equal(said('begins', 'SOURCE_AWAY'), 1);
});
