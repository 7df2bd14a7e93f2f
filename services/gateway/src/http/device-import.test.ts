/** The dry run of an import says of each row what the ledger then says of it alone, and refuses whatever is no file of rows. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { deviceIdOf, EDDSA } from '@oppidum/formats/ids';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../../test/support/running-city.ts';
import { enrolDevice, openDoors, type RunningDoors, type TestDevice } from '../../../../test/support/running-gateway.ts';

type Row = { readonly publicKey: string; readonly model: string; readonly grade: string; readonly label?: string };
type Answer = {
  readonly row: number;
  readonly device: string | null;
  readonly state: string;
  readonly code: string | null;
};

let doors: RunningDoors;
let device: TestDevice;
before(async () => {
  doors = await openDoors();
  device = await enrolDevice(doors.city);
});
after(() => doors.close());

const freshKey = (): string => toHex(ed25519Signer(freshBytes(32)).publicKey);

function send(body: string | Uint8Array, query = '?dryRun=true', type = 'application/x-ndjson'): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': type }, body: body as string };
  return fetch(`${doors.gateway.http}/api/v1/devices:import${query}`, init);
}

async function ask(rows: readonly (Row | string)[]): Promise<readonly Answer[]> {
  const answer = await send(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.match(answer.headers.get('content-type') ?? '', /^application\/x-ndjson/);
  const lines = (await answer.text()).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Answer);
}

/** Executes an action of the operator. */
async function run(kind: string, body: object): Promise<string> {
  const { client, operator } = doors.city;
  return (await execute(client, envelopeOf(client, operator, [actionOf(kind, body)]))).code;
}

async function makeModel(): Promise<{ readonly manufacturer: Bytes; readonly model: Bytes }> {
  const [manufacturer, model] = [freshBytes(32), freshBytes(32)];
  await run('manufacturer/create', { id: manufacturer, name: 'Works', account: doors.city.operator.account });
  const facts = { name: 'Lamp 2', deviceType: 'street-light', personal: false, simulated: true };
  await run('model/create', { id: model, manufacturer, ...facts });
  return { manufacturer, model };
}

describe('what the dry run says is what the ledger says', () => {
  /** One row of each fate. */
  async function rowsOfEachFate(): Promise<readonly (readonly [what: string, row: Row])[]> {
    const [revokedModel, revokedMaker, other] = [await makeModel(), await makeModel(), await makeModel()];
    await run('model/revoke', { id: revokedModel.model, reason: 'unsafe' });
    await run('manufacturer/revoke', { id: revokedMaker.manufacturer, reason: 'keys stolen' });
    const rotated = await rotatedKey();
    const model = toHex(device.model);
    return [
      ['a new device', { publicKey: freshKey(), model, grade: 'device', label: 'lämp' }],
      ['a model nobody knows', { publicKey: freshKey(), model: 'ab'.repeat(32), grade: 'device' }],
      ['a revoked model', { publicKey: freshKey(), model: toHex(revokedModel.model), grade: 'device' }],
      ['a revoked maker', { publicKey: freshKey(), model: toHex(revokedMaker.model), grade: 'bridge' }],
      ['a key of small order', { publicKey: '00'.repeat(32), model, grade: 'device' }],
      ['a device that is there', { publicKey: toHex(device.signer.publicKey), model, grade: 'device' }],
      [
        'one that is there with another model',
        { publicKey: toHex(device.signer.publicKey), model: toHex(other.model), grade: 'device' },
      ],
      ['the newer key of another device', { publicKey: rotated, model, grade: 'imported' }],
    ];
  }

  /** A key that came to a device by rotation: its own id is nobody's. */
  async function rotatedKey(): Promise<string> {
    const { rotateDeviceKey } = await import('@oppidum/device/actions');
    const owner = await enrolDevice(doors.city);
    const to = ed25519Signer(freshBytes(32));
    const { client, operator } = doors.city;
    const shown = await fetch(`${doors.gateway.http}/api/v1/transactions?limit=10`);
    const { items } = (await shown.json()) as { readonly items: readonly { readonly id: string; readonly kinds: string[] }[] };
    const registration = items.find(({ kinds }) => kinds.includes('device/register'))?.id ?? '';
    const place = { id: owner.id, registration: parseHex(registration), keyNumber: 1, grade: 'device' } as const;
    const action = rotateDeviceKey(client.genesisHash, place, owner.signer, to);
    assert.equal((await execute(client, envelopeOf(client, operator, [action]))).code, 'OK');
    return toHex(to.publicKey);
  }

  test('row by row, by registering each of them alone', async () => {
    const fates = await rowsOfEachFate();
    const answers = await ask(fates.map(([, row]) => row));
    assert.deepEqual(
      answers.map(({ state, code }) => [state, code]),
      [
        ['new', null],
        ['refused', 'MODEL_UNKNOWN'],
        ['refused', 'MODEL_REVOKED'],
        ['refused', 'MANUFACTURER_REVOKED'],
        ['refused', 'KEY_INVALID'],
        ['registered', null],
        ['refused', 'DEVICE_EXISTS'],
        ['refused', 'KEY_IN_USE'],
      ],
    );
    for (const [i, [what, row]] of fates.entries()) {
      const publicKey = parseHex(row.publicKey);
      const id = deviceIdOf(nativeCrypto, publicKey);
      const key = { algorithm: EDDSA, publicKey };
      const { label, grade } = row;
      const named = label === undefined ? {} : { label };
      const code = await run('device/register', { id, model: parseHex(row.model), key, grade, ...named });
      const { state, code: said } = answers[i]!;
      assert.equal(code, state === 'new' ? 'OK' : state === 'registered' ? 'DEVICE_EXISTS' : said, what);
    }
    const [again] = await ask([fates[0]![1]]);
    assert.equal(again?.state, 'registered');
  });

  test('a key twice in one file is refused the second time', async () => {
    const row = { publicKey: freshKey(), model: toHex(device.model), grade: 'device' };
    assert.deepEqual(
      (await ask([row, row])).map(({ code }) => code),
      [null, 'DEVICE_EXISTS'],
    );
  });
});

describe('rows that mean nothing are refused alone', () => {
  const row = { publicKey: 'ab'.repeat(32), model: 'cd'.repeat(32), grade: 'device' };
  const bad: readonly (readonly [what: string, line: string, code: string])[] = [
    ['no JSON', '{"publicKey":', 'REQUEST_INVALID'],
    ['no object', '[]', 'REQUEST_INVALID'],
    ['null', 'null', 'REQUEST_INVALID'],
    ['no key', JSON.stringify({ ...row, publicKey: undefined }), 'REQUEST_INVALID'],
    ['a key in capitals', JSON.stringify({ ...row, publicKey: 'AB'.repeat(32) }), 'REQUEST_INVALID'],
    ['another grade', JSON.stringify({ ...row, grade: 'self' }), 'REQUEST_INVALID'],
    ['a field too many', JSON.stringify({ ...row, admin: true }), 'REQUEST_INVALID'],
    ['a prototype', '{"__proto__":{"a":1}}', 'REQUEST_INVALID'],
    ['a label of 66 bytes', JSON.stringify({ ...row, label: 'ä'.repeat(33) }), 'LENGTH_WRONG'],
    ['a label without letters', JSON.stringify({ ...row, label: '' }), 'LENGTH_WRONG'],
    ['a label with a control', JSON.stringify({ ...row, label: 'a\u0007' }), 'TEXT_INVALID'],
  ];
  for (const [what, line, code] of bad)
    test(`${what}: ${code}`, async () => {
      const answers = await ask([line, { publicKey: freshKey(), model: toHex(device.model), grade: 'device' }]);
      assert.deepEqual(
        answers.map((answer) => [answer.row, answer.state, answer.code]),
        [
          [0, 'refused', code],
          [1, 'new', null],
        ],
      );
    });
});

describe('what is no file of rows', () => {
  const one = JSON.stringify({ publicKey: 'ab'.repeat(32), model: 'cd'.repeat(32), grade: 'device' });
  const bad: readonly (readonly [what: string, ask: () => Promise<Response>, status: number, code: string])[] = [
    ['without dryRun: nobody here signs', () => send(one, ''), 400, 'REQUEST_INVALID'],
    ['dryRun=false', () => send(one, '?dryRun=false'), 400, 'REQUEST_INVALID'],
    ['another parameter', () => send(one, '?dryRun=true&force=1'), 400, 'REQUEST_INVALID'],
    ['no body', () => send(''), 400, 'REQUEST_INVALID'],
    ['no UTF-8', () => send(new Uint8Array([0x22, 0xff, 0x22])), 400, 'REQUEST_INVALID'],
    ['another type', () => send(one, '?dryRun=true', 'text/csv'), 415, 'MEDIA_TYPE_WRONG'],
    ['1,001 rows', () => send(`${one}\n`.repeat(1_001)), 413, 'TOO_LARGE'],
    ['too many bytes', () => send(`${' '.repeat(1_000_000)}\n`), 413, 'TOO_LARGE'],
  ];
  for (const [what, request, status, code] of bad)
    test(`${what}: ${code}`, async () => {
      const answer = await request();
      const problem = (await answer.json()) as { readonly code: string };
      assert.deepEqual([answer.status, problem.code], [status, code]);
    });

  test('1,000 rows are taken, each with its answer', async () => {
    const rows = Array.from({ length: 1_000 }, () => ({ publicKey: freshKey(), model: toHex(device.model), grade: 'device' }));
    const answers = await ask(rows);
    assert.deepEqual([answers.length, answers.every(({ state }) => state === 'new')], [1_000, true]);
  });

  test('asked again with the same Idempotency-Key it is made anew: no stranger fills the disk with answers', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'dry' }, body: '{}' };
    const again = (): Promise<Response> => fetch(`${doors.gateway.http}/api/v1/devices:import?dryRun=true`, init);
    const first = await again();
    const second = await again();
    assert.deepEqual([first.status, second.status, second.headers.get('idempotency-replayed')], [200, 200, null]);
  });

  test('the description names it', async () => {
    const { paths } = (await (await fetch(`${doors.gateway.http}/openapi.json`)).json()) as { readonly paths: object };
    assert.ok('/api/v1/devices:import' in paths, Object.keys(paths).join(' '));
  });
});

test('programs of devices are served as the documentation has them', async () => {
  for (const name of ['device.py', 'device.sh']) {
    const answer = await fetch(`${doors.gateway.http}/docs/${name}`);
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8'));
  }
});
