import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { namedId } from '../../../../test/support/ledger.ts';
import { sharedPath, skipReason } from '../../../../test/support/shared.ts';
import {
  CABINET_CLASS,
  LAMP_CLASS,
  type TalqDevice,
  talqAddress,
  talqCabinet,
  talqClasses,
  talqGroup,
  talqLamp,
} from './logical-devices.ts';
import { readOverride, type TalqBook } from './override-command.ts';

const lamp = namedId('lamp');
const AT_MS = 1_768_435_200_000;
const LAMP = {
  ...{ device: lamp, label: 'Main Road 17', place: { latitude: 48.14, longitude: 11.58 } },
  ...{ levelPercent: 46, aimPercent: 46, powerW: 27.5, isDead: false, atMs: AT_MS },
};
const CABINET = { device: namedId('cabinet'), label: 'Cabinet 3', energyKwh: 1_234.5, powerKw: 2.25, atMs: AT_MS };
const ZONE = toHex(namedId('zone'));
const ZONE_ADDRESS = talqAddress(namedId('zone'));
const BOOK: TalqBook = {
  device: (address) => (address === talqAddress(lamp) ? { device: toHex(lamp) } : null),
  group(address) {
    if (address === ZONE_ADDRESS) return { zone: ZONE };
    return address === talqAddress(namedId('Main Road')) ? { zone: ZONE, section: 0 } : null;
  },
};
const toLamp = { resource: 'devices', address: talqAddress(lamp) };
const toSection = { resource: 'groups', address: talqAddress(namedId('Main Road')) };
const toZone = { resource: 'groups', address: ZONE_ADDRESS };
const level = (value: unknown, more: object = {}) => ({ state: { name: 'LevelState', value }, ...more });

/** The requests as text, or the key of the first error. */
function read(body: unknown): string {
  const answer = readOverride(body, BOOK);
  if ('errors' in answer) return answer.errors[0]?.key ?? 'none';
  return answer
    .map(({ target, command, arguments: values }) => `${Object.keys(target).at(-1)} ${command} [${values}]`)
    .join(', ');
}

test('an address is a UUID of version 8', () => {
  assert.match(talqAddress(lamp), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('what a lamp never said is left out', () => {
  const silent = talqLamp({ ...LAMP, place: null, levelPercent: null, aimPercent: null, powerW: null });
  const names = silent.functions.map((each) => Object.keys(each).slice(2));
  assert.deepEqual(names, [['displayName', 'serial'], ['defaultLightState'], ['lampFailure']]);
});

test('override commands become requests', () => {
  for (const [want, body] of [
    ['device light/full []', { addresses: [toLamp], targetCommand: level(100) }],
    [
      'device light/level [60]',
      { addresses: [{ ...toLamp, address: `${toLamp.address}/actuator/targetLightCommand` }], targetCommand: level(60) },
    ],
    ['section light/section-level [0,60]', { addresses: [toSection], targetCommand: level(60) }],
    ['zone light/level [60], section light/section-level [0,60]', { addresses: [toZone, toSection], targetCommand: level(60) }],
    ['zone light/programme []', { addresses: [toZone] }],
  ] as const)
    assert.equal(read(body), want);
});

test('a request says what the system wanted besides', () => {
  const answer = readOverride(
    { addresses: [toZone], targetCommand: level(60, { start: 's', expiration: 'e', cmsRefId: 'c' }) },
    BOOK,
  );
  assert.ok(!('errors' in answer));
  assert.deepEqual([answer[0]?.start, answer[0]?.expiration, answer[0]?.reference], ['s', 'e', 'c']);
});

for (const [why, key, body] of [
  ['nothing', 'payloadError', null],
  ['a list', 'payloadError', []],
  ['no addresses', 'overrideAddressNotValid', { targetCommand: level(60) }],
  ['an empty list of addresses', 'overrideAddressNotValid', { addresses: [], targetCommand: level(60) }],
  ['an unknown lamp', 'overrideAddressNotValid', { addresses: [{ ...toLamp, address: ZONE_ADDRESS }], targetCommand: level(60) }],
  [
    'an unknown group',
    'overrideAddressNotValid',
    { addresses: [{ ...toZone, address: toLamp.address }], targetCommand: level(60) },
  ],
  [
    'a meter',
    'overrideAddressNotValid',
    { addresses: [{ ...toLamp, address: `${toLamp.address}/meter` }], targetCommand: level(60) },
  ],
  [
    'another resource',
    'overrideAddressNotValid',
    { addresses: [{ ...toLamp, resource: 'calendars' }], targetCommand: level(60) },
  ],
  ['an address of no text', 'overrideAddressNotValid', { addresses: [7], targetCommand: level(60) }],
  ['no state', 'payloadError', { addresses: [toLamp], targetCommand: {} }],
  ['a colour', 'overrideCommandNotValid', { addresses: [toLamp], targetCommand: { state: { name: 'RGBState', value: 3 } } }],
  ['101 %', 'payloadError', { addresses: [toLamp], targetCommand: level(101) }],
  ['half a percent', 'payloadError', { addresses: [toLamp], targetCommand: level(60.5) }],
  ['a text', 'payloadError', { addresses: [toLamp], targetCommand: level('60') }],
  ['darkness', 'overrideCommandNotValid', { addresses: [toLamp], targetCommand: level(0) }],
  ['a ramp of its own', 'overrideCommandNotValid', { addresses: [toLamp], targetCommand: level(60, { rampToLevelTime: 0.1 }) }],
] as const) {
  test(`an override command with ${why} is refused: ${key}`, () => assert.equal(read(body), key));
}

test('whatever comes is read or refused, and asks for nothing but levels', () => {
  fc.assert(
    fc.property(
      fc.record({
        addresses: fc.array(fc.oneof(fc.constantFrom(toLamp, toSection, toZone), fc.anything())),
        targetCommand: fc.anything(),
      }),
      (body) => {
        const answer = readOverride(body, BOOK);
        if ('errors' in answer) assert.ok(answer.errors.length > 0);
        else for (const { command } of answer) assert.match(command, /^light\/(level|section-level|full|programme)$/);
      },
    ),
  );
});

test('devices, groups and classes fit the published data model', { skip: skipReason() }, () => {
  const model = JSON.parse(readFileSync(sharedPath('data/talq/talq-data-model-2-7-1-online.json'), 'utf8')) as Model;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'talq', components: model.components });
  const check = (name: string, value: unknown): void => {
    const fits = ajv.compile({ $ref: `talq#/components/schemas/${name}` });
    assert.ok(fits(value), `${name}: ${JSON.stringify(fits.errors)}`);
  };
  const devices: readonly TalqDevice[] = [
    talqLamp(LAMP),
    talqLamp({ ...LAMP, levelPercent: null, place: null }),
    talqCabinet(CABINET),
  ];
  for (const device of devices) {
    check('Device', device);
    for (const each of device.functions) {
      check(each.type, each);
      const known = model.components.schemas[each.type]?.allOf?.[1]?.properties ?? {};
      for (const [name, attribute] of Object.entries(each)) {
        if (name === 'id') continue;
        assert.ok(Object.hasOwn(known, name), `${each.type} has ${name}`);
        if (typeof attribute !== 'string') check(attribute.type, attribute);
      }
    }
  }
  check('Group', talqGroup({ id: namedId('Main Road'), name: 'Main Road', lamps: [lamp] }, talqAddress(namedId('cms'))));
  for (const described of talqClasses()) check('DeviceClass', described);
  check('OverrideCommand', { addresses: [toLamp, toZone], targetCommand: level(60, { reason: 'override' }) });
});

type Model = { readonly components: { readonly schemas: Readonly<Record<string, { allOf?: { properties?: object }[] }>> } };

test('classes name exactly what devices give', () => {
  const classes = talqClasses() as readonly {
    name: string;
    functions: { functionId: string; type: string; attributes: { name: string }[] }[];
  }[];
  for (const [name, device] of [
    [LAMP_CLASS, talqLamp(LAMP)],
    [CABINET_CLASS, talqCabinet(CABINET)],
  ] as const) {
    const described = classes.find((each) => each.name === name)?.functions ?? [];
    assert.deepEqual(
      described.map(({ functionId, type, attributes }) => [functionId, type, ...attributes.map((each) => each.name).toSorted()]),
      device.functions.map(({ id, type, ...attributes }) => [id, type, ...Object.keys(attributes).toSorted()]),
    );
  }
});
