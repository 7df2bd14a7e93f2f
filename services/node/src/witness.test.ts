import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Bytes, concatBytes, encodeBase64, encodeUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpointNote, signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { addSignatures, cosignCheckpoint, verifyCosignature } from '@oppidum/formats/cosignature';
import type { Signer } from '@oppidum/formats/crypto';
import type { Policy } from '@oppidum/formats/policy';
import { encodeSignatureLines, parseSignatureLines } from '@oppidum/formats/signed-note';
import { parseVerifierKey } from '@oppidum/formats/verifier-key';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { TileLog } from './tile-log.ts';
import { openWitnessSeed, Witness } from './witness.ts';
import { REQUEST_SIZE_MAX } from './witness-request.ts';
import { serveWitness, type WitnessServer } from './witness-server.ts';

const origin = 'log.oppidum.example';
const logKey = namedSigner('log');
const validator = namedSigner('cosigner');
const cityPolicy = policyOfValidators(origin, [{ name: 'v1', logKey: logKey.publicKey, cosignerKey: validator.publicKey }]);
const plainPolicy: Policy = { ...cityPolicy, witnesses: [], groups: [], quorum: null };
const NOW_S = 1_700_000_000;

const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-witness-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const log = TileLog.open({ folder: makeFolder(), crypto });
log.append(Array.from({ length: 100 }, (_, i) => encodeUtf8(`entry ${i}`)));
const fork = TileLog.open({ folder: makeFolder(), crypto });
fork.append(Array.from({ length: 100 }, (_, i) => encodeUtf8(`other ${i}`)));

const signed = (
  size: number,
  { of = log, by = logKey, name = origin }: { of?: TileLog; by?: Signer; name?: string } = {},
): Bytes => signCheckpoint(crypto, by, { origin: name, size, root: of.root(size) });

function cosigned(note: Bytes): Bytes {
  return addSignatures(note, [cosignCheckpoint(crypto, validator, 'v1', parseCheckpointNote(note).note.text, NOW_S)]);
}

const bodyOf = (oldSize: number | string, proof: readonly Bytes[], note: Bytes): Bytes =>
  concatBytes(encodeUtf8([`old ${oldSize}`, ...proof.map(encodeBase64), '', ''].join('\n')), note);

async function openWitness(folder: string, policy: Policy): Promise<Witness> {
  await openWitnessSeed(folder, () => new Uint8Array(32).fill(1));
  return Witness.open({ folder, policy, crypto, signer: namedSigner('witness'), name: 'witness.example/w1', nowS: () => NOW_S });
}

async function start(folder: string, policy: Policy): Promise<WitnessServer & { readonly witness: Witness }> {
  const witness = await openWitness(folder, policy);
  const server = await serveWitness({ witness, host: '127.0.0.1', port: 0, onFault: (error) => assert.fail(error) });
  cleanups.push(() => server.close());
  return { ...server, witness };
}

type Answer = { readonly status: number; readonly type: string | null; readonly text: string };

async function post(server: WitnessServer, body: Bytes, path = '/add-checkpoint', method = 'POST'): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, ...(method === 'GET' ? {} : { body }) });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('witness', () => {
  test('cosigns a growing log, each time from the size it cosigned last', async () => {
    const folder = makeFolder();
    let server = await start(folder, plainPolicy);
    const key = parseVerifierKey(crypto, server.witness.verifierKey);
    let last = 0;
    for (const size of [0, 1, 1, 7, 64, 99]) {
      const proof = last === 0 ? [] : log.proveConsistency(last, size);
      const note = signed(size);
      const { status, type, text } = await post(server, bodyOf(last, proof, note));
      assert.deepEqual([status, type], [200, 'text/plain; charset=utf-8'], text);
      const [line, ...more] = parseSignatureLines(text);
      assert.equal(more.length, 0);
      assert.equal(verifyCosignature(crypto, key, parseCheckpointNote(note).note.text, line!), NOW_S);
      last = size;
      await server.close();
      server = await start(folder, plainPolicy);
    }
    const [record] = readdirSync(join(folder, 'cosigned'));
    assert.match(readFileSync(join(folder, 'cosigned', record!), 'utf8'), /^log\.oppidum\.example\n99\n/);
    assert.equal(statSync(join(folder, 'witness.seed')).mode & 0o777, 0o600);
  });

  test('every status of the specification', async () => {
    const server = await start(makeFolder(), plainPolicy);
    const at50 = signed(50);
    assert.equal((await post(server, bodyOf(0, [], at50))).status, 200);
    const proof = log.proveConsistency(50, 90);
    const note = signed(90);
    const stranger = namedSigner('stranger');
    const size = 'text/x.tlog.size';
    const table: readonly [string, number, Bytes, RegExp?][] = [
      ['another origin', 404, bodyOf(50, proof, signed(90, { name: 'else.example' })), /^LOG_UNKNOWN/],
      ['another key under the origin', 403, bodyOf(50, proof, signed(90, { by: stranger })), /^SIGNATURE_MISSING/],
      [
        'a signature over another text',
        403,
        bodyOf(50, proof, encodeUtf8(Buffer.from(note).toString().replace('\n90\n', '\n91\n'))),
        /^SIGNATURE_MISSING/,
      ],
      ['an old size above the new one', 400, bodyOf(91, [], note), /^NUMBER_RANGE/],
      ['an old size that is too small', 409, bodyOf(40, log.proveConsistency(40, 90), note), /^50\n$/],
      ['an old size that is too large', 409, bodyOf(60, log.proveConsistency(60, 90), note), /^50\n$/],
      ['old size zero', 409, bodyOf(0, [], note), /^50\n$/],
      ['another root of the same size', 409, bodyOf(50, [], signed(50, { of: fork })), /^50\n$/],
      ['a smaller head with the right old size', 400, bodyOf(50, [], signed(40))],
      ['a fork', 422, bodyOf(50, fork.proveConsistency(50, 90), signed(90, { of: fork })), /^ROOT_MISMATCH/],
      ['no proof', 422, bodyOf(50, [], note), /^PROOF_LENGTH_WRONG/],
      ['a spare proof line', 422, bodyOf(50, [...proof, new Uint8Array(32)], note), /^PROOF_LENGTH_WRONG/],
      ['a proof where none is needed', 422, bodyOf(50, [new Uint8Array(32)], at50), /^PROOF_LENGTH_WRONG/],
      ['nothing', 400, new Uint8Array(), /^TEXT_INVALID/],
      ['no note', 400, encodeUtf8('old 50\n\n'), /^TEXT_INVALID/],
      ['no empty line', 400, concatBytes(encodeUtf8('old 50\n'), note), /^TEXT_INVALID/],
      ['a leading zero', 400, bodyOf('050', proof, note), /^TEXT_INVALID/],
      ['a negative size', 400, bodyOf('-1', proof, note), /^TEXT_INVALID/],
      ['another first word', 400, concatBytes(encodeUtf8('new 50\n\n'), note), /^TEXT_INVALID/],
      ['a short hash', 400, bodyOf(50, [new Uint8Array(31)], note), /^LENGTH_WRONG/],
      [
        '64 proof lines',
        400,
        bodyOf(
          50,
          Array.from({ length: 64 }, () => new Uint8Array(32)),
          note,
        ),
        /^TOO_LARGE/,
      ],
      ['bytes that are no text', 400, concatBytes(bodyOf(50, proof, note), Uint8Array.of(0xff)), /^TEXT_INVALID/],
    ];
    for (const [what, status, body, text = /./] of table) {
      const answer = await post(server, body);
      assert.deepEqual([answer.status, answer.type], [status, status === 409 ? size : 'text/plain; charset=utf-8'], what);
      assert.match(answer.text, text, what);
    }
    assert.equal((await post(server, bodyOf(50, proof, note))).status, 200, 'none of that changed its state');
  });

  test('from nothing, a proof or another empty root is refused', async () => {
    const server = await start(makeFolder(), plainPolicy);
    assert.equal((await post(server, bodyOf(0, [new Uint8Array(32)], signed(5)))).status, 422);
    const empty = signCheckpoint(crypto, logKey, { origin, size: 0, root: new Uint8Array(32) });
    assert.equal((await post(server, bodyOf(0, [], empty))).status, 409);
    assert.equal((await post(server, bodyOf(0, [], signed(5)))).status, 200);
  });

  test('where the policy has validators, their quorum comes first', async () => {
    const folder = makeFolder();
    const server = await start(folder, cityPolicy);
    const refused = await post(server, bodyOf(0, [], signed(5)));
    assert.deepEqual([refused.status, refused.text], [403, 'QUORUM_MISSING quorum=validators\n']);
    const forged = cosignCheckpoint(crypto, namedSigner('stranger'), 'v1', parseCheckpointNote(signed(5)).note.text, NOW_S);
    assert.equal((await post(server, bodyOf(0, [], addSignatures(signed(5), [forged])))).status, 403);
    assert.deepEqual(readdirSync(join(folder, 'cosigned')), []);
    assert.equal((await post(server, bodyOf(0, [], cosigned(signed(5))))).status, 200);
    // Unknown signatures beside the needed ones are nobody's business.
    const more = addSignatures(cosigned(signed(6)), [forged]);
    assert.equal((await post(server, bodyOf(5, log.proveConsistency(5, 6), more))).status, 200);
  });

  test('of requests that race, one wins and the others learn the size', async () => {
    const server = await start(makeFolder(), plainPolicy);
    const sizes = Array.from({ length: 20 }, (_, i) => 80 - i);
    const answers = await Promise.all(sizes.map((size) => post(server, bodyOf(0, [], signed(size)))));
    const winner = answers.findIndex(({ status }) => status === 200);
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    for (const { status, text } of answers) if (status !== 200) assert.deepEqual([status, text], [409, `${sizes[winner]}\n`]);
  });

  test('the record is on disk before the cosignature exists', async () => {
    const folder = makeFolder();
    await openWitnessSeed(folder, () => new Uint8Array(32).fill(1));
    const key = namedSigner('witness');
    const records: string[] = [];
    const watching: Signer = {
      ...key,
      sign: (message) => {
        for (const file of readdirSync(join(folder, 'cosigned')))
          records.push(readFileSync(join(folder, 'cosigned', file), 'utf8'));
        return key.sign(message);
      },
    };
    const witness = Witness.open({ folder, policy: plainPolicy, crypto, signer: watching, name: 'w', nowS: () => NOW_S });
    assert.equal((await witness.addCheckpoint(bodyOf(0, [], signed(5)))).status, 200);
    assert.deepEqual(records, [parseCheckpointNote(signed(5)).note.text]);
  });

  test('a witness without its state is retired', async () => {
    const folder = makeFolder();
    await openWitness(folder, plainPolicy);
    rmSync(join(folder, 'cosigned'), { recursive: true });
    await assert.rejects(openWitness(folder, plainPolicy), { code: 'LAST_SIGNED_LOST' });
    assert.ok(!existsSync(join(folder, 'cosigned')));
  });

  test('other paths, methods and sizes are refused, and it goes on', async () => {
    const server = await start(makeFolder(), plainPolicy);
    const body = bodyOf(0, [], signed(5));
    assert.equal((await post(server, body, '/')).status, 404);
    assert.equal((await post(server, body, '/add-checkpoint?x')).status, 404);
    assert.equal((await post(server, body, '/add-checkpoint', 'GET')).status, 405);
    assert.equal((await post(server, body, '/add-checkpoint', 'PUT')).status, 405);
    assert.equal(await statusOfFlood(server), 413);
    assert.equal((await post(server, new Uint8Array(REQUEST_SIZE_MAX))).status, 400);
    assert.equal((await post(server, body)).status, 200);
  });
});

/** Sends more than the witness reads; the answer may come before everything is sent. */
function statusOfFlood(server: WitnessServer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const flood = request({ port: server.port, host: '127.0.0.1', path: '/add-checkpoint', method: 'POST' }, (response) => {
      resolve(response.statusCode);
      flood.destroy();
    });
    flood.on('error', reject);
    flood.write(new Uint8Array(REQUEST_SIZE_MAX + 1).fill(0x61));
  });
}

test('signature lines survive the way through the answer', () => {
  const line = cosignCheckpoint(crypto, validator, 'v1', 'x\n', NOW_S);
  assert.deepEqual(parseSignatureLines(encodeSignatureLines([line])), [line]);
});
