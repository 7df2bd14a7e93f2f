import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@oppidum/formats/errors';
import fc from 'fast-check';
import { namedId } from '../../../test/support/ledger.ts';
import { checkEntitlement, type Entitlement } from './entitlement.ts';

const id = namedId('anything');
const records: Entitlement = {
  manufacturer: { name: 'Lumen Works', account: id, from: 10 },
  model: { manufacturer: id, name: 'Lamp 3', deviceType: 'street-light', personal: false, simulated: false, from: 20 },
  device: { model: id, status: 'active', keyCount: 1, registration: id, from: 30 },
  key: { algorithm: -8, publicKey: id, grade: 'device', from: 40 },
  suspensions: [],
};
type Part = 'manufacturer' | 'model' | 'device' | 'key';
const until = (part: Part, to: number, base = records): Entitlement =>
  ({ ...base, [part]: { ...base[part], to } }) as Entitlement;
const codeAt = (entitlement: Entitlement, height: number): ErrorCode | null =>
  checkEntitlement(entitlement, height)?.code ?? null;

test('entitled from the height on at which all four records are in force', () => {
  assert.deepEqual(
    [39, 40, 41, 2 ** 50].map((height) => codeAt(records, height)),
    ['NOT_YET_VALID', null, null, null],
  );
});

const OVER = {
  manufacturer: 'MANUFACTURER_REVOKED',
  model: 'MODEL_REVOKED',
  device: 'DEVICE_REVOKED',
  key: 'KEY_REVOKED',
} as const;
for (const [part, code] of Object.entries(OVER) as [Part, ErrorCode][]) {
  test(`${part}: entitled before \`to\`, ${code} from there on`, () => {
    assert.deepEqual(
      [49, 50, 51].map((height) => codeAt(until(part, 50), height)),
      [null, code, code],
    );
  });

  test(`${part}: not before its \`from\``, () => {
    const later = { ...records, [part]: { ...records[part], from: 60 } } as Entitlement;
    assert.deepEqual(
      [59, 60].map((height) => codeAt(later, height)),
      ['NOT_YET_VALID', null],
    );
  });
}

test('a suspension covers the heights from its beginning until before its end', () => {
  const suspended = { ...records, suspensions: [{ from: 50, to: 55 }, { from: 60 }] };
  assert.deepEqual(
    [49, 50, 54, 55, 59, 60, 1_000].map((height) => codeAt(suspended, height)),
    [null, 'DEVICE_SUSPENDED', 'DEVICE_SUSPENDED', null, null, 'DEVICE_SUSPENDED', 'DEVICE_SUSPENDED'],
  );
});

test('no possession proved: DEVICE_NOT_ACTIVE', () => {
  const { from: _, ...key } = records.key;
  assert.equal(codeAt({ ...records, key }, 50), 'DEVICE_NOT_ACTIVE');
  assert.equal(codeAt({ ...records, device: { ...records.device, status: 'registered' } }, 50), 'DEVICE_NOT_ACTIVE');
});

test('the documented order: what is final first, the widest reason first', () => {
  const { from: _, ...key } = records.key;
  let all: Entitlement = { ...records, key: { ...key, to: 50 }, suspensions: [{ from: 45 }] };
  for (const part of ['manufacturer', 'model', 'device'] as const) all = until(part, 50, all);
  for (const part of ['manufacturer', 'model', 'device', 'key'] as const) {
    assert.equal(codeAt(all, 50), OVER[part]);
    const { to: __, ...rest } = all[part];
    all = { ...all, [part]: rest } as Entitlement;
  }
  assert.equal(codeAt(all, 50), 'DEVICE_NOT_ACTIVE');
  all = { ...all, key: { ...key, from: 51 } };
  assert.equal(codeAt(all, 50), 'NOT_YET_VALID');
  all = { ...all, key: { ...key, from: 50 } };
  assert.equal(codeAt(all, 50), 'DEVICE_SUSPENDED');
  assert.equal(codeAt({ ...all, suspensions: [] }, 50), null);
});

test('entitled exactly when every record is in force and no suspension covers the height', () => {
  const height = fc.nat(20);
  const span = fc.record({ from: height, to: fc.option(height, { nil: undefined }) });
  const holds = ({ from, to }: { from: number; to?: number | undefined }, h: number) => from <= h && (to === undefined || h < to);
  fc.assert(
    fc.property(fc.tuple(span, span, span, span), fc.array(span, { maxLength: 3 }), height, (spans, suspensions, h) => {
      const [manufacturer, model, device, key] = (['manufacturer', 'model', 'device', 'key'] as const).map((part, i) => ({
        ...records[part],
        ...spans[i],
      }));
      const entitlement = { manufacturer, model, device, key, suspensions } as unknown as Entitlement;
      const want = spans.every((one) => holds(one, h)) && !suspensions.some((one) => holds(one, h));
      assert.equal(checkEntitlement(entitlement, h) === null, want);
    }),
  );
});
