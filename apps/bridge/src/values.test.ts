import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readUplink, valuesOf } from './uplink.ts';
import { makeValue, NUMBER_TYPES, type NumberType, readNumber } from './values.ts';

test('a value is scaled in decimal, as the settings say it', () => {
  assert.deepEqual(makeValue({ sensor: 'level', unit: 'm', scale: 0.001 }, 1_423), { sensor: 'level', unit: 'm', value: 1.423 });
  assert.deepEqual(makeValue({ sensor: 't', scale: 0.1, offset: -40 }, 615), { sensor: 't', value: 21.5 });
  assert.deepEqual(makeValue({ sensor: 'lid' }, false), { sensor: 'lid', value: false });
  assert.deepEqual(makeValue({ sensor: 'state' }, 'open'), { sensor: 'state', value: 'open' });
  for (const none of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY, {}, [1], 'x'.repeat(1_025)])
    assert.equal(makeValue({ sensor: 's' }, none), null, String(none));
  assert.equal(makeValue({ sensor: 's', scale: 1e308 }, 1e308), null);
  for (const measured of [{ unit: 'm' }, { scale: 0.001 }, { offset: -40 }])
    assert.equal(makeValue({ sensor: 's', ...measured }, 'n/a'), null, 'no text is a measure');
});

test('numbers of every type are read where they stand, in both orders, and nothing beyond the end', () => {
  const types = Object.keys(NUMBER_TYPES) as NumberType[];
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.nat(6),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (type, at, isLittle, some) => {
        const size = NUMBER_TYPES[type];
        const view = new DataView(new ArrayBuffer(at + size));
        const whole = Math.trunc(some) % 2 ** (8 * size - 1);
        const value = type === 'f32' ? Math.fround(some) : type.startsWith('u') ? Math.abs(whole) : whole;
        const write = {
          u8: 'setUint8',
          i8: 'setInt8',
          u16: 'setUint16',
          i16: 'setInt16',
          u32: 'setUint32',
          i32: 'setInt32',
          f32: 'setFloat32',
        } as const;
        view[write[type]](at, value, isLittle);
        const bytes = new Uint8Array(view.buffer);
        assert.equal((readNumber(bytes, at, type, isLittle) ?? Number.NaN) + 0, value + 0);
        assert.equal(readNumber(bytes, at + 1, type, isLittle), null);
      },
    ),
  );
});

test('fields of decoded objects are looked up among their own, never among what objects inherit', () => {
  const uplink = readUplink(
    JSON.stringify({ deviceInfo: { devEui: '70b3d57ed0001234' }, object: { a: { b: 7 }, list: [1, 2] } }),
    'up',
  );
  assert.ok(uplink !== null);
  const look = (field: string): unknown => valuesOf(uplink, [{ field, sensor: 's' }])[0]?.value;
  assert.deepEqual(['a.b', 'a', 'a.c', 'list.1', 'list.length', 'constructor.name', '__proto__', 'a.b.toString'].map(look), [
    7,
    undefined,
    undefined,
    2,
    2,
    undefined,
    undefined,
    undefined,
  ]);
});

test('whatever is posted, it is an uplink, nothing, or UPLINK_INVALID', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        readUplink(text, 'up');
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'UPLINK_INVALID');
      }
    }),
  );
});
