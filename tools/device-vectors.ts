/** Writes vectors/devices/*.json: `node tools/device-vectors.ts`; specs/ledger.md says how to read them. The keys are test keys. */

import {
  activation,
  deviceId,
  deviceSigner,
  enrol,
  makeDeviceCity,
  newDevice,
  newModel,
  rotation,
  signedReading,
} from '../test/support/devices.ts';
import { namedId, publicKeyOf, type TestCity } from '../test/support/ledger.ts';
import { makeTrusteeCity } from '../test/support/trustees.ts';
import { type Case, renderLedgerVectors, type Step, type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';
import { TRUSTEE_CASES, TRUSTEE_COUNT } from './trustee-cases.ts';

const id = deviceId('lamp');
const enrolled: Step = (city) => enrol(city, 'lamp');
const lamp = { model: namedId('lamp'), ...newDevice('lamp') };
const zeros = { algorithm: -8, publicKey: new Uint8Array(32) };
const registered: Step = (city) => city.act('maker', 'device/register', lamp);
const done =
  (by: string, kind: string, body: object): Step =>
  (city) =>
    city.act(by, kind, body);
const suspended = done('operator', 'device/suspend', { id, reason: 'flickers' });
const revoked = done('operator', 'device/revoke', { id, reason: 'stolen' });
const act = (why: string, by: string, kind: string, body: object, ...before: Step[]): Case => [
  why,
  before,
  () => [by, kind, body],
];
const later = (why: string, kind: string, body: (city: TestCity) => object, ...before: Step[]): Case => [
  why,
  before,
  (city) => ['registrar', kind, body(city)],
];

const mills = { id: namedId('mills'), name: 'The mills', account: namedId('maker') };
const works = { id: namedId('works'), reason: 'recall' };
const MAKERS: readonly Case[] = [
  act('a registrar admits a maker', 'registrar', 'manufacturer/create', mills),
  act('nobody else does', 'operator', 'manufacturer/create', mills),
  act('an id is used once', 'registrar', 'manufacturer/create', { ...mills, id: works.id }),
  act('a maker acts through an account', 'registrar', 'manufacturer/create', { ...mills, account: namedId('nobody') }),
  act('which is not a person’s', 'registrar', 'manufacturer/create', { ...mills, account: namedId('anna') }),
  act('a maker announces a model', 'maker', 'model/create', newModel('mill', 'works', { simulated: true })),
  act('not for another', 'rival', 'model/create', newModel('mill', 'works')),
  act('not twice', 'maker', 'model/create', newModel('lamp', 'works')),
  act(
    'nor after it was revoked',
    'maker',
    'model/create',
    newModel('mill', 'works'),
    done('operator', 'manufacturer/revoke', works),
  ),
  act('the operator revokes a maker', 'operator', 'manufacturer/revoke', works),
  act('but not by an everyday key', 'operator/1', 'manufacturer/revoke', works),
  act('the maker revokes a model', 'maker', 'model/revoke', { id: namedId('lamp'), reason: 'recall' }),
  act('another maker does not', 'rival', 'model/revoke', { id: namedId('lamp'), reason: 'recall' }),
  later(
    'with a model its devices are revoked',
    'device/activate',
    (city) => activation(city, 'lamp'),
    registered,
    done('maker', 'model/revoke', { id: namedId('lamp'), reason: 'recall' }),
  ),
  later(
    'with a maker, too',
    'device/rotate-key',
    (city) => rotation(city, 'lamp', 1),
    enrolled,
    done('operator', 'manufacturer/revoke', works),
  ),
];

const level = { name: 'light/level', parameters: [{ name: 'level', min: 0, max: 100, unit: '%' }] };
const described = { id: namedId('lamp'), commands: [level], sensors: [{ name: 'power', unit: 'W', decimals: 1 }] };
const [parameter] = level.parameters;
const withParameters = (...parameters: object[]) => ({ ...described, commands: [{ ...level, parameters }] });
const DESCRIPTIONS: readonly Case[] = [
  act('a maker describes its model', 'maker', 'model/describe', described),
  act('and again', 'maker', 'model/describe', { ...described, sensors: [] }, done('maker', 'model/describe', described)),
  act('another maker does not', 'rival', 'model/describe', described),
  act('nor an everyday key', 'maker/1', 'model/describe', described),
  act('a command has its form', 'maker', 'model/describe', { ...described, commands: [{ ...level, name: 'Light' }] }),
  act('arguments have names of their own', 'maker', 'model/describe', withParameters({ ...parameter }, { ...parameter })),
  act('and ranges with numbers', 'maker', 'model/describe', withParameters({ ...parameter, min: 101 })),
];

const many = (...names: string[]) => ({ model: namedId('lamp'), devices: names.map((name) => newDevice(name)) });
const REGISTRATIONS: readonly Case[] = [
  act('a maker registers a device', 'maker', 'device/register', { ...lamp, label: 'corner' }),
  act('not of another’s model', 'rival', 'device/register', lamp),
  act('a key of zeros is none', 'maker', 'device/register', { ...lamp, key: zeros }),
  act('the id follows from the key', 'maker', 'device/register', { ...lamp, id: namedId('lamp') }),
  act('a device is registered once', 'maker', 'device/register', lamp, registered),
  act('several at once', 'maker', 'device/register-many', many('a', 'b', 'c')),
  act('all or none', 'maker', 'device/register-many', many('a', 'lamp', 'c'), registered),
  act('each once', 'maker', 'device/register-many', many('a', 'b', 'a')),
  later('a device proves that it holds its key', 'device/activate', (city) => activation(city, 'lamp'), registered),
  later('once', 'device/activate', (city) => activation(city, 'lamp'), enrolled),
  later('for this city', 'device/activate', (city) => activation(city, 'lamp', { genesis: namedId('another') }), registered),
  later(
    'for this registration',
    'device/activate',
    (city) => activation(city, 'lamp', { registration: namedId('another') }),
    registered,
  ),
  later('by its own key', 'device/activate', (city) => ({ ...activation(city, 'other'), id }), registered),
  later('a device that nobody registered proves nothing', 'device/activate', (city) => activation(city, 'lamp')),
  later('nor does one that was revoked', 'device/activate', (city) => activation(city, 'lamp'), registered, revoked),
];

const ROTATIONS: readonly Case[] = [
  later('the old key hands over to the new one', 'device/rotate-key', (city) => rotation(city, 'lamp', 1), enrolled),
  later(
    'again',
    'device/rotate-key',
    (city) => rotation(city, 'lamp', 2),
    enrolled,
    (city) => city.act('maker', 'device/rotate-key', rotation(city, 'lamp', 1)),
  ),
  later('under the next number', 'device/rotate-key', (city) => rotation(city, 'lamp', 1, { keyNumber: 2 }), enrolled),
  later(
    'signed by the old key',
    'device/rotate-key',
    (city) => ({ ...rotation(city, 'lamp', 1), oldProof: new Uint8Array(64) }),
    enrolled,
  ),
  later(
    'signed by the new key',
    'device/rotate-key',
    (city) => ({ ...rotation(city, 'lamp', 1), newProof: new Uint8Array(64) }),
    enrolled,
  ),
  later(
    'to a key that is nobody’s yet',
    'device/rotate-key',
    (city) => ({ ...rotation(city, 'lamp', 1), key: publicKeyOf(deviceSigner('lamp')) }),
    enrolled,
  ),
  later('of the same grade', 'device/rotate-key', (city) => ({ ...rotation(city, 'lamp', 1), grade: 'bridge' }), enrolled),
  [
    'unless the maker signs',
    [enrolled],
    (city) => ['maker', 'device/rotate-key', { ...rotation(city, 'lamp', 1), grade: 'bridge' }],
  ],
  later('not before it is active', 'device/rotate-key', (city) => rotation(city, 'lamp', 1), registered),
  later('nor while it is suspended', 'device/rotate-key', (city) => rotation(city, 'lamp', 1), enrolled, suspended),
];

const reading = (city: TestCity, v: number, changes: object = {}, name = 'lamp') =>
  signedReading(city, name, { sequence: 7, records: [{ bt: 1_750_000_000, n: 'power', v }], ...changes });
const clone = (why: string, second: (city: TestCity) => Uint8Array, ...before: Step[]): Case => [
  why,
  [enrolled, ...before],
  (city) => ['rival', 'device/report-clone', { first: reading(city, 1), second: second(city) }],
];
const reported: Step = (city) => city.act('rival', 'device/report-clone', { first: reading(city, 1), second: reading(city, 2) });
const resumed = done('operator', 'device/resume', { id });
const STANDINGS: readonly Case[] = [
  act('the operator suspends a device', 'operator', 'device/suspend', { id, reason: 'flickers' }, enrolled),
  act('not twice', 'maker', 'device/suspend', { id, reason: 'flickers' }, enrolled, suspended),
  act('only what is active', 'operator', 'device/suspend', { id, reason: 'flickers' }, registered),
  act('the operator resumes it', 'operator', 'device/resume', { id }, enrolled, suspended),
  act('its maker does not', 'maker', 'device/resume', { id }, enrolled, suspended),
  act('what is not suspended is not resumed', 'operator', 'device/resume', { id }, enrolled),
  act('a device is revoked', 'maker', 'device/revoke', { id, reason: 'broken' }, enrolled),
  act('not by an everyday key', 'maker/1', 'device/revoke', { id, reason: 'broken' }, enrolled),
  act('once', 'operator', 'device/revoke', { id, reason: 'broken' }, enrolled, revoked),
  act('nothing comes back from it', 'operator', 'device/resume', { id }, enrolled, suspended, revoked),
  clone('two payloads under one number are a clone', (city) => reading(city, 2)),
  clone('other random bytes are not', (city) => reading(city, 1, { nonce: new Uint8Array(16) })),
  clone('nor another number', (city) => reading(city, 2, { sequence: 8 })),
  clone('nor a stranger’s signature', (city) => reading(city, 2, { signer: deviceSigner('other') })),
  clone('a number counts once', (city) => reading(city, 3), reported, resumed),
  [
    'readings about people stay off the ledger',
    [(city) => enrol(city, 'badge', 'badge')],
    (city) => {
      const [first, second] = [reading(city, 1, {}, 'badge'), reading(city, 2, {}, 'badge')];
      return ['rival', 'device/report-clone', { first, second }];
    },
  ],
];

const setApart = done('operator', 'device/quarantine', { id, reason: 'drifts' });
const QUARANTINES: readonly Case[] = [
  act('the operator sets a device apart', 'operator/1', 'device/quarantine', { id, reason: 'drifts' }, enrolled),
  act('its maker does, too', 'maker/1', 'device/quarantine', { id, reason: 'drifts' }, enrolled),
  act('another maker does not', 'rival', 'device/quarantine', { id, reason: 'drifts' }, enrolled),
  act('not twice', 'operator', 'device/quarantine', { id, reason: 'drifts' }, enrolled, setApart),
  act('the operator releases it', 'operator', 'device/release', { id }, enrolled, setApart),
  act('not with an everyday key', 'operator/1', 'device/release', { id }, enrolled, setApart),
  act('its maker does not', 'maker', 'device/release', { id }, enrolled, setApart),
  act('what was not set apart is not released', 'operator', 'device/release', { id }, enrolled),
  act(
    'of seventeen quarantines the first two become one',
    'operator',
    'device/quarantine',
    { id, reason: 'again' },
    enrolled,
    (city) => {
      for (let n = 0; n < 16; n++) {
        setApart(city);
        city.act('operator', 'device/release', { id });
      }
    },
  ),
];

/** File name and text of every vector file. */
export function renderDeviceVectors(): readonly VectorFile[] {
  const files = {
    makers: MAKERS,
    registrations: REGISTRATIONS,
    descriptions: DESCRIPTIONS,
    rotations: ROTATIONS,
    standings: STANDINGS,
    quarantines: QUARANTINES,
  };
  const ofTrustees = renderLedgerVectors(() => makeTrusteeCity(TRUSTEE_COUNT), { trustees: TRUSTEE_CASES });
  return [...renderLedgerVectors(makeDeviceCity, files), ...ofTrustees];
}

if (import.meta.main) writeLedgerVectors('devices', renderDeviceVectors());
