/** Writes vectors/trust/*.json: `node tools/trust-vectors.ts`; specs/ledger.md says how to read them. The keys are test keys. */

import { activation, deviceId, deviceSigner, enrol, newDevice, rotation } from '../test/support/devices.ts';
import { namedId, type TestCity } from '../test/support/ledger.ts';
import { attestation, DEMAND, image, makeTrustCity, mark, running } from '../test/support/trust.ts';
import { type Case, renderLedgerVectors, type Step, type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';

const id = deviceId('lamp');
const enrolled: Step = (city) => enrol(city, 'lamp');
const registered: Step = (city) => city.act('maker', 'device/register', { model: namedId('lamp'), ...newDevice('lamp') });
const done =
  (by: string | readonly string[], kind: string, body: object): Step =>
  (city) =>
    city.act(by, kind, body);
const act = (why: string, by: string | readonly string[], kind: string, body: object, ...before: Step[]): Case => [
  why,
  before,
  () => [by, kind, body],
];
const later = (why: string, kind: string, body: (city: TestCity) => object, ...before: Step[]): Case => [
  why,
  before,
  (city) => ['rival', kind, body(city)],
];

const toOwner = { id, owner: namedId('owner') };
const toBuyer = { id, link: 0, owner: namedId('buyer') };
const vouched = done('maker', 'device/vouch', toOwner);
const sold = done('owner', 'device/transfer', toBuyer);
const VOUCHERS: readonly Case[] = [
  act('a maker hands a device to its first owner', 'maker', 'device/vouch', toOwner, enrolled),
  act('another maker does not', 'rival', 'device/vouch', toOwner, enrolled),
  act('nor an everyday key', 'maker/1', 'device/vouch', toOwner, enrolled),
  act('once', 'maker', 'device/vouch', toOwner, enrolled, vouched),
  act('the owner sells it on', 'owner', 'device/transfer', toBuyer, enrolled, vouched),
  act('and the buyer again', 'buyer', 'device/transfer', { id, link: 1, owner: namedId('owner') }, enrolled, vouched, sold),
  act('no link is extended twice', 'owner', 'device/transfer', { ...toBuyer, owner: namedId('maker') }, enrolled, vouched, sold),
  act('the maker sells nothing that was sold', 'maker', 'device/transfer', toBuyer, enrolled, vouched),
  act('a link that is not there is not extended', 'owner', 'device/transfer', { ...toBuyer, link: 1 }, enrolled, vouched),
  act('the new owner suspends it', 'buyer', 'device/suspend', { id, reason: 'moves' }, enrolled, vouched, sold),
  act('the former one does not', 'owner', 'device/suspend', { id, reason: 'moves' }, enrolled, vouched, sold),
];

const asked = done('operator', 'model/require-attestation', DEMAND);
const attested: Step = (city) => city.act('rival', 'device/attest', attestation(city, 'lamp'));
const ATTESTATIONS: readonly Case[] = [
  act('the operator asks devices of a model to attest', 'operator', 'model/require-attestation', DEMAND),
  act('their maker does not', 'maker', 'model/require-attestation', DEMAND),
  later('a device attests', 'device/attest', (city) => attestation(city, 'lamp'), asked, registered),
  later('twice with a challenge each', 'device/attest', (city) => attestation(city, 'lamp'), asked, registered, attested),
  later(
    'a token answers the present challenge',
    'device/attest',
    (city) => attestation(city, 'lamp', { 10: namedId('another') }),
    asked,
    registered,
  ),
  later('names its device', 'device/attest', (city) => attestation(city, 'lamp', { 256: namedId('x') }), asked, registered),
  later('is not over', 'device/attest', (city) => attestation(city, 'lamp', { 4: 1_000 }), asked, registered),
  later('claims what is asked', 'device/attest', (city) => attestation(city, 'lamp', { 263: 1 }), asked, registered),
  later(
    'under a key that is asked for',
    'device/attest',
    (city) => attestation(city, 'lamp', {}, deviceSigner('lamp')),
    asked,
    registered,
  ),
  later('where nobody asks, nobody attests', 'device/attest', (city) => attestation(city, 'lamp'), registered),
  later('no device is activated before', 'device/activate', (city) => activation(city, 'lamp'), asked, registered),
  later('but afterwards', 'device/activate', (city) => activation(city, 'lamp'), asked, registered, attested),
  later(
    'nor when more is asked since',
    'device/activate',
    (city) => activation(city, 'lamp'),
    asked,
    registered,
    attested,
    asked,
  ),
];

const permitted = done('maker', 'model/permit-firmware', image('1'));
const withdrawal = { id: namedId('lamp'), digest: image('1').digest, reason: 'hangs' };
const withdrawn = done('operator', 'model/withdraw-firmware', withdrawal);
const reported =
  (version: string, counter: number): Step =>
  (city) =>
    city.act('rival', 'device/report-firmware', running(city, 'lamp', version, counter));
const rotated: Step = (city) => city.act('rival', 'device/rotate-key', rotation(city, 'lamp', 1));
const report = (why: string, version: string, counter: number, ...before: Step[]): Case =>
  later(why, 'device/report-firmware', (city) => running(city, 'lamp', version, counter), enrolled, permitted, ...before);
const FIRMWARE: readonly Case[] = [
  act('a maker permits an image', 'maker', 'model/permit-firmware', image('1')),
  act('not with an everyday key', 'maker/1', 'model/permit-firmware', image('1')),
  act('once', 'maker', 'model/permit-firmware', image('1'), permitted),
  act('the operator withdraws it', 'operator', 'model/withdraw-firmware', withdrawal, permitted),
  act('what was not permitted is not withdrawn', 'operator', 'model/withdraw-firmware', withdrawal),
  act('nor twice', 'maker', 'model/withdraw-firmware', withdrawal, permitted, withdrawn),
  act('it is never permitted again', 'maker', 'model/permit-firmware', image('1'), permitted, withdrawn),
  report('a device reports what it runs', '1', 1),
  report('an unknown image sets it apart', '2', 1),
  report('a withdrawn one, too', '1', 1, withdrawn),
  report('numbers rise', '1', 1, reported('1', 1)),
  later(
    'those of the next key begin anew',
    'device/report-firmware',
    (city) => running(city, 'lamp', '1', 1, 1),
    enrolled,
    permitted,
    reported('1', Number.MAX_SAFE_INTEGER),
    rotated,
  ),
  later(
    'the device signs',
    'device/report-firmware',
    (city) => ({ ...running(city, 'lamp', '1', 1), counter: 2 }),
    enrolled,
    permitted,
  ),
];

const marks = (by: string | readonly string[], penalty: number) => done(by, 'device/mark', mark('lamp', 'photo', penalty));
const ofTwo: Step = (city) => city.decide('parameter/set', { name: 'trust/mark-quorum', value: 2 });
const AUDITORS = ['auditor-a', 'auditor-b', 'auditor-c'];
const counted = marks(AUDITORS, 700);
const complaint = { id, evidence: namedId('photo'), reason: 'the sun shone into it' };
const appealed = done('maker', 'device/appeal', complaint);
const decided =
  (outcome: string): Step =>
  (city) =>
    city.decide('device/decide-appeal', { ...complaint, outcome });
const MARKS: readonly Case[] = [
  act('an auditor marks a device', 'auditor-a', 'device/mark', mark('lamp', 'photo', 700), enrolled),
  act('nobody else does', 'operator', 'device/mark', mark('lamp', 'photo', 700), enrolled),
  act('once', 'auditor-a', 'device/mark', mark('lamp', 'photo', 1), enrolled, marks('auditor-a', 700)),
  act('two are no quorum', 'auditor-b', 'device/mark', mark('lamp', 'photo', 600), enrolled, marks('auditor-a', 700)),
  act(
    'with a third it counts, with the penalty in the middle',
    'auditor-c',
    'device/mark',
    mark('lamp', 'photo', 650),
    ...[enrolled, marks('auditor-a', 1_000), marks('auditor-b', 1)],
  ),
  act('three sign at once', AUDITORS, 'device/mark', mark('lamp', 'photo', 700), enrolled),
  act(
    'of two in the middle their mean, rounded down',
    'auditor-b',
    'device/mark',
    mark('lamp', 'photo', 1_000),
    ...[enrolled, ofTwo, marks('auditor-a', 3)],
  ),
  act('what counts takes no more marks', 'auditor-c', 'device/mark', mark('lamp', 'photo', 1), enrolled, counted),
  act('another mark weighs besides', AUDITORS, 'device/mark', mark('lamp', 'note', 50), enrolled, counted),
  act('the owner appeals', 'maker', 'device/appeal', complaint, enrolled, counted),
  act('nobody else does', 'rival', 'device/appeal', complaint, enrolled, counted),
  act('not before it counts', 'maker', 'device/appeal', complaint, enrolled, marks('auditor-a', 700)),
  act('once', 'maker', 'device/appeal', complaint, enrolled, counted, appealed),
  act(
    'the council alone decides',
    'operator',
    'device/decide-appeal',
    { ...complaint, outcome: 'reversed' },
    enrolled,
    counted,
    appealed,
  ),
  act(
    'reversed, a mark weighs no more',
    AUDITORS,
    'device/mark',
    mark('lamp', 'note', 50),
    enrolled,
    counted,
    appealed,
    decided('reversed'),
  ),
  act(
    'confirmed, it weighs on',
    AUDITORS,
    'device/mark',
    mark('lamp', 'note', 50),
    enrolled,
    counted,
    appealed,
    decided('confirmed'),
  ),
];

/** File name and text of every vector file. */
export function renderTrustVectors(): readonly VectorFile[] {
  const files = { vouchers: VOUCHERS, attestations: ATTESTATIONS, firmware: FIRMWARE, marks: MARKS };
  return renderLedgerVectors(makeTrustCity, files);
}

if (import.meta.main) writeLedgerVectors('trust', renderTrustVectors());
