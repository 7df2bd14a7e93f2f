/** Writes vectors/orders/*.json: `node tools/order-vectors.ts`; specs/orders.md says how to read them. The keys are test keys. */

import { writeFileSync } from 'node:fs';
import { type Bytes, concatBytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type CompactOrder, encodeCompactOrder, type Issuance } from '@oppidum/formats/compact-order';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { encodeOrder } from '@oppidum/formats/order-statement';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { encodeEvents } from '@oppidum/formats/result';
import type { StatementSignature, StatementUse } from '@oppidum/formats/statement';
import { encodeKeySet, encodeZoneDocument, type KeySet } from '@oppidum/formats/zone-statements';
import { makeChallengeTree } from '@oppidum/proofs/challenge-tree';
import { nodeCrypto as crypto } from '../test/support/crypto.ts';
import { deviceId } from '../test/support/devices.ts';
import { testPolicy, testValidators } from '../test/support/evidence.ts';
import { OrderedZone } from '../test/support/issued-orders.ts';
import { namedId } from '../test/support/ledger.ts';
import { newKeySet, newOrder, signAs } from '../test/support/orders.ts';
import { HOLDERS } from '../test/support/zones.ts';

type VectorFile = readonly [name: string, text: string];
/** What a device has pinned, where it is not what all cases have. */
type Pinned = {
  readonly device?: Bytes;
  readonly keySet?: KeySet;
  readonly envelope?: Envelope;
  /** The newest policy it knows. */
  readonly policy?: Policy;
};
type Case = readonly [why: string, code: string | null, order: CompactOrder | Bytes, pinned?: Pinned];

const zone = new OrderedZone(4);
const { city } = zone;
const genesis = city.rules.genesis;
const pins = zone.pins();
const gateAt = (challenge: string) => ({ target: { device: deviceId('gate'), challenge: namedId(challenge) } });
const opening = { command: 'gate/move', arguments: [1] };
const closing = { command: 'gate/move', arguments: [0] };

const one = zone.parsed(zone.order(gateAt('one')));
const many = zone.parsed(zone.orderForAll());
const dangerous = zone.parsed(zone.order({ ...gateAt('open'), ...opening }), ['anna', 'clara']);
const safe = zone.parsed(zone.order({ ...gateAt('close'), ...closing, lifetimeMs: 600_000 }));
const glass = zone.parsed(zone.order({ ...gateAt('glass'), ...closing, mode: 'break-glass' }));
const glassForAll = zone.parsed(zone.orderForAll({ ...closing, mode: 'break-glass' }));
const boldGlass = zone.parsed(zone.order({ ...gateAt('bold'), ...opening, mode: 'break-glass' }), ['anna', 'ben']);
const stripped = zone.parsed(zone.order({ ...gateAt('stripped'), ...closing }));
const issuanceOf = ({ issuance }: CompactOrder): Issuance => {
  if (issuance === null) throw new Error('an ordinary one');
  return issuance;
};
const proof = issuanceOf(one);
const { checkpoint } = proof;
const [first, ...others] = checkpoint.cosignatures as [Cosignature, ...Cosignature[]];
type Cosignature = (typeof checkpoint.cosignatures)[number];

const withProof = (changes: Partial<Issuance>): CompactOrder => ({ ...one, issuance: { ...proof, ...changes } });
const withCosignatures = (cosignatures: Cosignature[]) => withProof({ checkpoint: { ...checkpoint, cosignatures } });
const placeOf = ({ place }: CompactOrder) => {
  if (place === null) throw new Error('for many');
  return place;
};
const withPlace = (changes: Partial<ReturnType<typeof placeOf>>): CompactOrder => ({
  ...many,
  place: { ...placeOf(many), ...changes },
});
/** The items of an order, with one of them another. */
const withItem = (order: CompactOrder, i: number, item: CborValue): Bytes =>
  encodeCbor((parseCbor(encodeCompactOrder(order)) as CborValue[]).with(i, item));
const otherKeys = newKeySet(genesis, ['dora', 'emil', 'frida']);
const lamp = { device: deviceId('lamp') };
const events = (kind: string, body: Readonly<Record<string, CborValue>>) =>
  withProof({ events: encodeEvents([{ kind, body: new Map(Object.entries(body)) }]) });
const [ofOne] = one.signatures as [StatementSignature];
const idOfOne = crypto.sha256(one.statement);

const OBEYED: readonly Case[] = [
  ['an order to one device', null, one],
  ['one to many: the device, its place and its path', null, many],
  ['the same to the other device', null, { ...many, place: zone.placeOf(lamp.device) }, lamp],
  ['a dangerous one, with two signatures', null, dangerous],
  ['a dangerous command in a safe direction is not dangerous: one signature, a long lifetime', null, safe],
  ['break-glass in a safe direction needs no issuance', null, glass],
  ['break-glass to many', null, glassForAll],
];
const MEANT: readonly Case[] = [
  ['for another city', 'WRONG_CITY', one, { keySet: { ...pins.keySet, city: namedId('other') } }],
  ['for another zone', 'ZONE_FOREIGN', one, { keySet: { ...pins.keySet, zone: namedId('other') } }],
  ['for another device', 'ORDER_FOREIGN', one, lamp],
  ['the place of another device', 'ROOT_MISMATCH', { ...many, place: zone.placeOf(lamp.device) }],
  ['another challenge than that of the leaf', 'ROOT_MISMATCH', withPlace({ challenge: namedId('older') })],
  ['outside of the tree', 'NUMBER_RANGE', withPlace({ index: 2 })],
  ['a path that is too short', 'PROOF_LENGTH_WRONG', withPlace({ path: [] })],
];
const SIGNED: readonly Case[] = [
  ['under a key set that was replaced', 'ZONE_KEYS_VERSION', one, { keySet: { ...pins.keySet, version: 2 } }],
  ['by the keys of nobody whom it knows', 'SIGNATURE_INVALID', one, { keySet: otherKeys }],
  ['by a key that is not in the set', 'KEY_UNKNOWN', { ...one, signatures: [{ ...ofOne, key: 9 }] }],
  ['a signature of another order', 'SIGNATURE_INVALID', { ...one, signatures: dangerous.signatures }],
  ['a signature in the name of another key', 'SIGNATURE_INVALID', { ...one, signatures: [{ ...ofOne, key: 2 }] }],
  ['fewer signatures than any order needs', 'SIGNATURES_FEW', one, { keySet: { ...pins.keySet, threshold: 2 } }],
  [
    'under another envelope',
    'ZONE_ENVELOPE_VERSION',
    one,
    { envelope: { ...pins.envelope, version: 2, previous: namedId('e') } },
  ],
  ['a dangerous one with one signature', 'SIGNATURES_FEW', { ...dangerous, signatures: dangerous.signatures.slice(1) }],
  [
    'good for longer than the envelope allows',
    'LIFETIME_TOO_LONG',
    one,
    { envelope: { ...pins.envelope, lifetimeMsMax: 29_999, dangerousLifetimeMsMax: 20_000 } },
  ],
  [
    'a dangerous one for longer than such may be',
    'LIFETIME_TOO_LONG',
    dangerous,
    { envelope: { ...pins.envelope, dangerousLifetimeMsMax: 29_999 } },
  ],
  ['break-glass in no safe direction', 'DIRECTION_UNSAFE', boldGlass],
];
const ISSUED: readonly Case[] = [
  [
    'under a policy that is not its newest',
    'POLICY_UNKNOWN',
    one,
    { policy: testPolicy(zone.proven.origin, testValidators('next', 4)) },
  ],
  ['the proof of another order', 'ORDER_NOT_ISSUED', { ...one, issuance: dangerous.issuance }],
  ['no event at all', 'ORDER_NOT_ISSUED', withProof({ events: encodeEvents([]) })],
  ['an event of another kind', 'ORDER_NOT_ISSUED', events('order/awaiting', { order: idOfOne, zone: one.order.zone })],
  ['an event of another zone', 'ORDER_NOT_ISSUED', events('order/issued', { order: idOfOne, zone: namedId('other') })],
  ['an event with more in it', 'ORDER_NOT_ISSUED', events('order/issued', { order: idOfOne, zone: one.order.zone, more: 1 })],
  ['events that are none', 'WRONG_TYPE', withProof({ events: Uint8Array.of(0) })],
  ['the event, but of no leaf', 'ROOT_MISMATCH', withProof({ transaction: namedId('other') })],
  ['another height', 'ROOT_MISMATCH', withProof({ height: proof.height + 1 })],
  ['another position', 'ROOT_MISMATCH', withProof({ position: proof.position + 1 })],
  ['outside of the log', 'NUMBER_RANGE', withProof({ index: checkpoint.size })],
  ['a path with a hash missing', 'PROOF_LENGTH_WRONG', withProof({ path: proof.path.slice(1) })],
  ['another root', 'ROOT_MISMATCH', withProof({ checkpoint: { ...checkpoint, root: namedId('root') } })],
  ['signed by another log key', 'SIGNATURE_INVALID', withProof({ checkpoint: { ...checkpoint, log: 1 } })],
  ['signed by a log key that there is not', 'KEY_UNKNOWN', withProof({ checkpoint: { ...checkpoint, log: 63 } })],
  ['too few validators', 'QUORUM_MISSING', withCosignatures(others)],
  [
    'another time than that of the cosignature',
    'SIGNATURE_INVALID',
    withCosignatures([{ ...first, timeS: first.timeS + 1 }, ...others]),
  ],
  ['a cosignature in the name of another', 'SIGNATURE_INVALID', withCosignatures([...others, { ...first, validator: 3 }])],
  ['a validator that there is not', 'KEY_UNKNOWN', withCosignatures([...others, { ...first, validator: 63 }])],
];
const signatureItems = (list: readonly StatementSignature[]): CborValue => list.map(({ key, signature }) => [key, signature]);
const FORMS: readonly Case[] = [
  ['an ordinary one without its issuance', 'WRONG_TYPE', withItem(stripped, 4, null)],
  [
    'break-glass with an issuance',
    'WRONG_TYPE',
    withItem(glass, 4, (parseCbor(encodeCompactOrder(one)) as CborValue[])[4] as CborValue),
  ],
  ['one for many without a place', 'WRONG_TYPE', withItem(many, 3, null)],
  [
    'one for one with a place',
    'WRONG_TYPE',
    withItem(one, 3, (parseCbor(encodeCompactOrder(many)) as CborValue[])[3] as CborValue),
  ],
  ['another version', 'NUMBER_RANGE', withItem(one, 0, 2)],
  ['signed by nobody', 'LENGTH_WRONG', withItem(one, 2, [])],
  ['a key that signs twice', 'DUPLICATE_KEY', withItem(one, 2, signatureItems([ofOne, ofOne]))],
  ['keys that do not ascend', 'UNSORTED', withItem(dangerous, 2, signatureItems(dangerous.signatures.toReversed()))],
  ['an item missing', 'LENGTH_WRONG', encodeCbor((parseCbor(encodeCompactOrder(one)) as CborValue[]).slice(0, 4))],
  [
    'a statement with a field too many',
    'UNKNOWN_FIELD',
    withItem(one, 1, encodeCbor(new Map([...(parseCbor(one.statement) as Map<string, CborValue>), ['more', 1]]))),
  ],
  ['bytes after it', 'TRAILING_BYTES', concatBytes(encodeCompactOrder(one), Uint8Array.of(0))],
  ['too large', 'TOO_LARGE', new Uint8Array(4_097)],
];

/** Orders as a device gets them, what it has pinned, and why it does not obey. */
function renderOrders(): string {
  const policyText = (policy: Policy) => parseUtf8(encodePolicy(crypto, policy));
  const pinned = ({ device, keySet, envelope, policy }: Pinned) => ({
    ...(device === undefined ? {} : { device: toHex(device) }),
    ...(keySet === undefined ? {} : { keySet: toHex(encodeKeySet(keySet)) }),
    ...(envelope === undefined ? {} : { envelope: toHex(encodeBy(envelopeSchema, envelope)) }),
    ...(policy === undefined ? {} : { policy: policyText(policy) }),
  });
  const cases = [...OBEYED, ...MEANT, ...SIGNED, ...ISSUED, ...FORMS].map(([why, code, order, changes]) => {
    const file = order instanceof Uint8Array ? order : encodeCompactOrder(order);
    const challenge = code === null && !(order instanceof Uint8Array) ? challengeHex(order) : null;
    return { why, ...(changes === undefined ? {} : { pinned: pinned(changes) }), order: toHex(file), code, challenge };
  });
  const { device, keySet, envelope } = pins;
  return `${JSON.stringify({ pinned: pinned({ device, keySet, envelope, policy: zone.proven.policy }), cases }, null, 2)}\n`;
}

function challengeHex({ order, place }: CompactOrder): string {
  return toHex('challenge' in order.target ? order.target.challenge : (place?.challenge ?? new Uint8Array(0)));
}

/** Statements of each sort with their signatures, the keys they are judged by, and how many must sign. */
function renderStatements(): string {
  const keySet = newKeySet(genesis, HOLDERS);
  const document = { city: genesis, zone: keySet.zone, name: 'plan', version: 1, body: Uint8Array.of(1) };
  const statements: Readonly<Record<StatementUse, Bytes>> = {
    order: encodeOrder(newOrder(genesis)),
    keys: encodeKeySet({ ...keySet, version: 2 }),
    envelope: encodeBy(envelopeSchema, pins.envelope),
    document: encodeZoneDocument(document),
  };
  const make = (
    use: StatementUse,
    why: string,
    signatures: readonly StatementSignature[],
    count: number,
    code: string | null,
  ) => ({
    why,
    use,
    statement: toHex(statements[use]),
    signatures: signatures.map(({ key, signature }) => ({ key, signature: toHex(signature) })),
    count,
    code,
  });
  const uses = Object.keys(statements) as StatementUse[];
  const good = uses.map((use) => make(use, `two sign ${use}`, signAs(use, statements[use], HOLDERS, ['anna', 'clara']), 2, null));
  const crossed = uses.map((use, i) => {
    const other = uses[(i + 1) % uses.length] as StatementUse;
    return make(use, `${use} signed as ${other}`, signAs(other, statements[use], HOLDERS), 2, 'SIGNATURE_INVALID');
  });
  const [anna, ben] = signAs('order', statements.order, HOLDERS, ['anna', 'ben']) as [StatementSignature, StatementSignature];
  const bad = [
    make('order', 'one where two must', [anna], 2, 'SIGNATURES_FEW'),
    make('order', 'no such key', [{ ...anna, key: 3 }], 1, 'KEY_UNKNOWN'),
    make('order', 'in the name of another key', [{ ...anna, key: ben.key }], 1, 'SIGNATURE_INVALID'),
    make(
      'order',
      'one that is none beside one that is',
      [anna, { ...ben, signature: new Uint8Array(64) }],
      1,
      'SIGNATURE_INVALID',
    ),
  ];
  const keys = keySet.keys.map(toHex);
  return `${JSON.stringify({ keys, cases: [...good, ...crossed, ...bad] }, null, 2)}\n`;
}

/** Trees of challenges: the devices, the root, and each path. */
function renderTrees(): string {
  const cases = [1, 2, 3, 5, 8].map((count) => {
    const devices = Array.from({ length: count }, (_, i) => ({
      device: namedId(`device ${i}`),
      challenge: namedId(`challenge ${i}`),
    }));
    devices.sort((a, b) => (toHex(a.device) < toHex(b.device) ? -1 : 1));
    const tree = makeChallengeTree(crypto, devices);
    return {
      root: toHex(tree.root),
      leaves: devices.map(({ device, challenge }, index) => ({
        device: toHex(device),
        challenge: toHex(challenge),
        path: tree.pathOf(index).map(toHex),
      })),
    };
  });
  return `${JSON.stringify({ cases }, null, 2)}\n`;
}

/** Name and text of each file. */
export function renderOrderVectors(): readonly VectorFile[] {
  return [
    ['orders.json', renderOrders()],
    ['statements.json', renderStatements()],
    ['trees.json', renderTrees()],
  ];
}

if (import.meta.main)
  for (const [name, text] of renderOrderVectors()) writeFileSync(new URL(`../vectors/orders/${name}`, import.meta.url), text);
