/** Writes vectors/orders/drafts.json: `node tools/zone-draft-vectors.ts`; specs/orders.md §11 says how to read it. The keys are test keys. */

import { writeFileSync } from 'node:fs';
import { parseUtf8, toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import type { Segment } from '@oppidum/formats/state-layout';
import { encodeZoneDraft, type ZoneDraft } from '@oppidum/formats/zone-draft';
import { encodeKeySet, encodeZoneDocument } from '@oppidum/formats/zone-statements';
import { nodeCrypto as crypto } from '../test/support/crypto.ts';
import { OrderedZone } from '../test/support/issued-orders.ts';
import { namedId } from '../test/support/ledger.ts';
import { newKeySet, signAs } from '../test/support/orders.ts';
import { HOLDERS, nextEnvelope } from '../test/support/zones.ts';

const NEXT_HOLDERS = ['ben', 'clara', 'dora'] as const;

const ordered = new OrderedZone(4);
const { city, proven } = ordered;
const genesis = city.rules.genesis;
const pins = ordered.pins();
const zone = pins.keySet.zone;
const recordOf = (kind: string, segments: Segment[]) => encodeEvidence(proven.proveState({ kind, segments }));
const records = [
  recordOf('zone', [zone]),
  recordOf('zoneKeys', [zone, 1]),
  recordOf('zoneEnvelope', [zone, 1]),
  recordOf('zoneDocument', [zone]),
];

const unsigned = (use: ZoneDraft['use'], statement: Uint8Array): ZoneDraft => ({
  ...{ use, statement, signatures: [], envelopeSignatures: [], records },
});
const place = { city: genesis, zone };
const plan = { ...place, name: 'plan', version: 1, body: Uint8Array.of(1) };
const document = unsigned('document', encodeZoneDocument(plan));
const { envelope, signatures } = nextEnvelope(city, { lifetimeMsMax: 300_000 });
const keySet = encodeKeySet(newKeySet(genesis, NEXT_HOLDERS, { version: 2 }));
const oneSigned = { ...document, signatures: signAs('document', document.statement, HOLDERS, ['anna']) };
const [anna] = oneSigned.signatures;
if (anna === undefined) throw new Error('anna signed');

const odd = (change: (map: CborMap) => void): Uint8Array => {
  const map = parseCbor(encodeZoneDraft(document)) as Map<string, CborValue>;
  change(map);
  return encodeCbor(map);
};

type Case = readonly [why: string, code: string | null, file: ZoneDraft | Uint8Array];
const CASES: readonly Case[] = [
  ['a document that nobody signed yet', null, document],
  ['a document that one of two signed', null, oneSigned],
  ['an envelope that two signed', null, { ...unsigned('envelope', envelope), signatures }],
  [
    'a key set, signed by two of those in force',
    null,
    { ...unsigned('keys', keySet), signatures: signAs('keys', keySet, HOLDERS, ['anna', 'ben']) },
  ],
  ['of another city', 'WRONG_CITY', unsigned('document', encodeZoneDocument({ ...plan, city: namedId('elsewhere') }))],
  [
    'of another zone than the evidence',
    'DRAFT_UNPROVEN',
    unsigned('document', encodeZoneDocument({ ...plan, zone: namedId('elsewhere') })),
  ],
  ...records.map(
    (_, i): Case => [
      `without its record ${i}`,
      'DRAFT_UNPROVEN',
      { ...document, records: records.filter((_each, at) => at !== i) },
    ],
  ),
  ['a version that is not the next', 'VERSION_NOT_NEXT', unsigned('document', encodeZoneDocument({ ...plan, version: 2 }))],
  ['a key set that is in force', 'VERSION_NOT_NEXT', unsigned('keys', encodeKeySet(pins.keySet))],
  [
    'an envelope that follows another one',
    'ENVELOPE_PREVIOUS',
    unsigned('envelope', nextEnvelope(city, { previous: namedId('other') }).envelope),
  ],
  [
    'a signature in the name of another key',
    'SIGNATURE_INVALID',
    { ...oneSigned, signatures: [{ ...anna, key: (anna.key + 1) % HOLDERS.length }] },
  ],
  ['a signature of a key that is not', 'KEY_UNKNOWN', { ...oneSigned, signatures: [{ ...anna, key: 7 }] }],
  ['a document with signatures over an envelope', 'WRONG_TYPE', { ...oneSigned, envelopeSignatures: oneSigned.signatures }],
  ['its end is missing', 'TRUNCATED', encodeZoneDraft(document).slice(0, -1)],
  ['another format', 'WRONG_TYPE', odd((map) => map.set('format', 'oppidum-signing-request'))],
  ['version 2', 'VERSION_UNSUPPORTED', odd((map) => map.set('version', 2))],
  ['a field more', 'UNKNOWN_FIELD', odd((map) => map.set('comment', 'harmless'))],
];

/** The policy that drafts are judged by, drafts, and the code of the first check that refuses, or null. */
export function renderZoneDraftVectors(): string {
  const policy = parseUtf8(encodePolicy(crypto, proven.policy));
  const cases = CASES.map(([why, code, file]) => ({
    why,
    code,
    draft: toHex(file instanceof Uint8Array ? file : encodeZoneDraft(file)),
  }));
  return `${JSON.stringify({ policy, cases }, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(new URL('../vectors/orders/drafts.json', import.meta.url), renderZoneDraftVectors());
