import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { activateDevice, createModel, makeTransaction, registerDevices } from '@oppidum/device/actions';
import { encodePack } from '@oppidum/device/reading-pack';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { encodeReadingBatch } from '@oppidum/formats/reading-answers';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { DeviceDetailJson } from '@oppidum/gateway/api-types';
import { admitMaker, CityProcess, type TestMaker, until } from '../../../test/support/city-process.ts';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { freshBytes } from '../../../test/support/running-city.ts';

/** Words that stand in the readings of a badge, as a value and as a name, and in no file. */
const VALUE = 'resident-4711-at-the-east-gate';
const NAME = 'who-passed-the-turnstile';
/** Stands in a reading of a lamp, so the search for words finds what there is to find. */
const OPEN_WORD = 'lamp-says-hello';
/** Why somebody asked: kept in a register of the machine, and nowhere else. */
const REASON = 'case 2031/77';

type TestDevice = { readonly id: Bytes; readonly hex: string; readonly sign: (sequence: number, records: object) => Bytes };

/** Registers and activates one device of a fresh model. */
async function enrol({ api, records, manufacturer, maker }: TestMaker, personal: boolean): Promise<TestDevice> {
  const signer = ed25519Signer(freshBytes(32));
  const id = deviceIdOf(crypto, signer.publicKey);
  const model = { id: freshBytes(32), name: 'Gate 1', deviceType: 'badge-reader', personal, simulated: true };
  const device = { id, model: model.id, signer, grade: 'device' as const };
  const { audience } = records;
  const made = await api.submit(
    makeTransaction(audience, [createModel(manufacturer, model), registerDevices(model.id, [device])], [maker]),
  );
  assert.equal(made.code, 'OK');
  const active = await api.submit(makeTransaction(audience, [activateDevice(audience, made.id, device)], [maker]));
  assert.equal(active.code, 'OK');
  const sign = (sequence: number, values: object): Bytes => {
    const pack = encodePack(
      id,
      Object.entries(values).map(([sensor, value]) => ({ sensor, value, timeMs: Date.now() })),
    );
    const header = { audience, device: id, keyNumber: 0, sequence, nonce: freshBytes(16) };
    return signReading(signer, header, pack);
  };
  return { id, hex: toHex(id), sign };
}

/** Files under a folder whose bytes hold the word. All are read again where one went or got its name meanwhile: the city runs. */
function filesWith(folder: string, word: string | Buffer): string[] {
  for (;;) {
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(word))
        .map(({ name }) => name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

describe('the admin door of a running city', { skip: process.platform === 'win32' && 'there is none on Windows' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-admin-'));
  const data = join(folder, 'city');
  const socket = join(data, 'admin.sock');
  let city: CityProcess;
  let badge: TestDevice;
  let lamp: TestDevice;

  const run = (args: readonly string[]): Promise<CommandResult> =>
    runCommand([...args, '--api', city.http, '--data', data], { cwd: folder });
  const send = async (...envelopes: readonly Bytes[]): Promise<string[]> => {
    const answer = await fetch(`${city.http}/api/v1/readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/cbor' },
      body: Buffer.from(encodeReadingBatch(envelopes)),
    });
    assert.equal(answer.status, 200);
    return envelopes.map((envelope) => toHex(crypto.sha256(envelope)));
  };
  const listed = async (device: string): Promise<readonly ReadingJson[]> => {
    const answer = await fetch(`${city.http}/api/v1/readings?device=${device}`);
    return ((await answer.json()) as { readonly items: readonly ReadingJson[] }).items;
  };

  before(async () => {
    city = await CityProcess.start(data);
    const maker = await admitMaker(city, data);
    badge = await enrol(maker, true);
    lamp = await enrol(maker, false);
  });
  after(async () => {
    await city.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  test('is a socket of its owner alone', () => {
    const stat = statSync(socket);
    assert.ok(stat.isSocket());
    assert.equal(stat.mode & 0o777, 0o600);
  });

  test('what a device of a personal model sent is erased, provably, and its words stand in no file', async () => {
    const ids = await send(badge.sign(1, { [NAME]: VALUE }), badge.sign(2, { [NAME]: VALUE }), lamp.sign(1, { note: OPEN_WORD }));
    const [first] = ids as [string, string, string];
    const isAnchored = async () =>
      (await listed(badge.hex)).length === 2 && (await listed(badge.hex)).every(({ anchored }) => anchored);
    await until('the readings are anchored', isAnchored);
    assert.equal((await fetch(`${city.http}/api/v1/evidence/${first}`)).status, 403);
    for (const word of [VALUE, NAME]) assert.deepEqual(filesWith(data, word), [], word);
    const inReadModel = () => filesWith(join(data, 'gateway'), Buffer.from(first, 'hex'));
    assert.notDeepEqual(inReadModel(), [], 'the read model has its id');
    assert.notDeepEqual(filesWith(data, OPEN_WORD), [], 'the search finds what is there');

    const erase = ['erase', badge.hex, '--legal-basis', 'consent-withdrawn', '--reason', REASON];
    const asked = await run(erase);
    assert.equal(asked.code, 2, 'nobody can be asked here');
    for (const part of ['Destroyed: the key', 'Stays: the digests', '--yes'])
      assert.ok(asked.stderr.includes(part), asked.stderr);
    const dry = await run([...erase, '--dry-run', '--json']);
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal((JSON.parse(dry.stdout) as { readingCount: number }).readingCount, 2);
    assert.equal((await listed(badge.hex)).length, 2, 'nothing was destroyed by asking');
    const erased = await run([...erase, '--yes', '--json']);
    assert.equal(erased.code, 0, erased.stderr);
    const { erasures } = JSON.parse(erased.stdout) as { readonly erasures: readonly { readonly count: number }[] };
    assert.deepEqual(
      erasures.map(({ count }) => count),
      [2],
    );

    const register = readFileSync(join(data, 'erasure-register.ndjson'), 'utf8').trim();
    const { reason, legalBasis, ...entry } = JSON.parse(register) as { reason: string; legalBasis: string; erasures: unknown };
    assert.deepEqual([reason, legalBasis, entry.erasures], [REASON, 'consent-withdrawn', erasures]);
    assert.ok(!register.includes(badge.hex));
    assert.deepEqual(filesWith(data, REASON), ['erasure-register.ndjson'], 'neither the ledger nor a log has it');

    await until('the read model has forgotten', async () => (await listed(badge.hex)).length === 0);
    await until('no file links it to a device', () => inReadModel().length === 0);
    for (const word of [VALUE, NAME]) assert.deepEqual(filesWith(data, word), [], word);
    for (const id of ids.slice(0, 2)) {
      const fetched = await run(['evidence', id, '--out', 'erased.evidence', '--policy', join(data, 'city.policy')]);
      assert.equal(fetched.code, 0, fetched.stderr);
      const verified = await run(['verify', 'erased.evidence', '--policy', join(data, 'city.policy'), '--json']);
      assert.equal(verified.code, 3);
      const { verdict, color, facts } = JSON.parse(verified.stdout) as {
        verdict: string;
        color: string;
        facts: { legalBasis: string };
      };
      assert.deepEqual([verdict, color, facts.legalBasis], ['ERASED', 'amber', 'consent-withdrawn']);
    }
    assert.equal((await listed(lamp.hex)).length, 1);
  });

  const REFUSALS: readonly (readonly [device: () => string, basis: string, code: string, exitCode: number])[] = [
    [() => badge.hex, 'request', 'ERASURE_EMPTY', 1],
    [() => lamp.hex, 'request', 'ERASURE_EMPTY', 1],
    [() => '00'.repeat(32), 'request', 'ERASURE_EMPTY', 1],
  ];
  for (const [i, [device, basis, code, exitCode]] of REFUSALS.entries()) {
    test(`refuses what it cannot erase: ${['erased before', 'not personal', 'unknown'][i]}`, async () => {
      const refused = await run(['erase', device(), '--legal-basis', basis, '--reason', REASON, '--yes', '-v']);
      assert.equal(refused.code, exitCode);
      assert.match(refused.stderr, new RegExp(`code ${code}`));
    });
  }

  test('a basis that is none is a usage error', async () => {
    const refused = await run(['erase', badge.hex, '--legal-basis', 'boredom', '--reason', REASON, '--yes']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /consent-withdrawn, objection/);
  });

  test('clones are shown and reported; readings about people never', async () => {
    await send(badge.sign(5, { [NAME]: VALUE }), badge.sign(5, { [NAME]: 'other' }));
    await send(lamp.sign(7, { note: 'here' }), lamp.sign(7, { note: 'there' }));
    const shown = await run(['device', 'clones', '--json']);
    assert.equal(shown.code, 0, shown.stderr);
    const { items } = JSON.parse(shown.stdout) as {
      readonly items: readonly { device: string; sequence: number; report: string | null }[];
    };
    const found = items.map(({ device, sequence, report }) => [device, sequence, report === null]);
    assert.equal(found.length, 2);
    assert.ok(found.some(([device, sequence, isHidden]) => device === badge.hex && sequence === 5 && isHidden));
    assert.ok(found.some(([device, sequence, isHidden]) => device === lamp.hex && sequence === 7 && !isHidden));
    assert.ok(!shown.stdout.includes(VALUE));
    // By the shard itself: whoever reports it as well is told that it is done.
    await until('the device is suspended', async () => {
      const answer = await fetch(`${city.http}/api/v1/devices/${lamp.hex}`);
      return ((await answer.json()) as DeviceDetailJson).status === 'suspended';
    });
    const reported = await run(['device', 'clones', '--report', '--json']);
    assert.equal(reported.code, 0, reported.stderr);
    const { reports } = JSON.parse(reported.stdout) as { readonly reports: readonly { device: string; code: string }[] };
    assert.deepEqual(
      reports.map(({ device, code }) => [device, code]),
      [[lamp.hex, 'DEVICE_SUSPENDED']],
    );
    const again = await run(['device', 'clones', '--report']);
    assert.equal(again.code, 0, 'what was reported stays reported');
  });

  test('is gone with the city, and made anew where a dead process left its socket', async () => {
    await city.end('SIGKILL');
    assert.ok(existsSync(socket));
    const closed = await run(['device', 'clones', '--json']);
    assert.equal(closed.code, 5);
    assert.equal((JSON.parse(closed.stderr) as { error: { code: string } }).error.code, 'ADMIN_DOOR_CLOSED');
    city = await city.again(data);
    assert.equal((await run(['device', 'clones'])).code, 0);
    await city.end('SIGTERM');
    assert.ok(!existsSync(socket));
    assert.equal((await run(['device', 'clones'])).code, 5);
    for (const word of [VALUE, NAME]) assert.deepEqual(filesWith(data, word), [], word);
  });
});
