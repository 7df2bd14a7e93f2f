/**
 * Writes specs/oppidum.cddl (RFC 8610) from the schemas that parse: `node tools/cddl.ts`.
 * A test holds file and schemas together.
 */

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cityRegistry } from '@oppidum/contracts/registry';
import { accountKeySchema } from '@oppidum/formats/account-key';
import { compactOrderSchema } from '@oppidum/formats/compact-order';
import { deviceChallengeSchema } from '@oppidum/formats/device-challenge';
import { deviceReportSchema } from '@oppidum/formats/device-report';
import { enrolmentRequestSchema, invitationSchema } from '@oppidum/formats/enrolment';
import { envelopeSchema } from '@oppidum/formats/envelope';
import { evidenceShapes } from '@oppidum/formats/evidence';
import { genesisSchema } from '@oppidum/formats/genesis';
import { lightingCabinetsSchema } from '@oppidum/formats/lighting-cabinets';
import { powerCurveSchema } from '@oppidum/formats/lighting-power';
import { lightingProgrammeSchema } from '@oppidum/formats/lighting-programme';
import { orderSchema } from '@oppidum/formats/order-statement';
import { passingRefusalSchema } from '@oppidum/formats/passing-refusal';
import { receiptHeadSchema, receiptSchema } from '@oppidum/formats/receipt';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { requestSchema } from '@oppidum/formats/signing-request';
import type { AnyKind } from '@oppidum/formats/state-layout';
import { AREAS, stateKinds } from '@oppidum/formats/state-registry';
import { payloadSchema } from '@oppidum/formats/transaction';
import { zoneDraftSchema } from '@oppidum/formats/zone-draft';
import { zoneHaveSchema, zoneNewsSchema } from '@oppidum/formats/zone-news';
import { keySetSchema, zoneDocumentSchema } from '@oppidum/formats/zone-statements';

const HEAD = `; Oppidum: what is signed, logged and kept (RFC 8610).
; Written from the schemas that parse by \`node tools/cddl.ts\`; do not edit.
; Everything is deterministic CBOR (RFC 8949 section 4.2.1, bytewise order); a reader refuses any second spelling.

hash = bstr .size 32`;

const LEAVES = `; Leaves of the block log (specs/ledger.md).
transaction-leaf = [1, height: uint, position: uint, id: hash, code: tstr, events-digest: hash]
block-leaf = [2, height: uint, time-ms: uint, state-root: hash, validator-set-digest: hash, first-index: uint, count: uint]

; The events of a transaction; events-digest is SHA-256 of this.
events = [* [kind: tstr .size (3..64), body: { * (int / tstr) => any }]]`;

const TRANSACTION = `; A transaction (specs/ledger.md): one signature per signer, in their order.
transaction = #6.98([protected: h'', unprotected: {}, payload: bstr .cbor transaction-payload, signatures: [1*16 transaction-signature]])
transaction-signature = [protected: bstr .cbor signer-header, unprotected: {}, signature: bstr .size 64]
signer-header = { 1 => -8 / -7, 4 => bstr .size 36 } ; alg; kid = account id, key number (4 bytes, big-endian)`;

const READING = `; A signed reading (specs/readings-and-receipts.md); the pack is that of specs/senml.md.
reading = #6.18([protected: bstr .cbor reading-header, unprotected: {}, payload: bstr, signature: bstr .size 64])
reading-header = {
  1 => -8 / -7,          ; alg: EdDSA (Ed25519) or ES256
  3 => 112,              ; content type: application/senml+cbor
  4 => bstr .size 36,    ; kid: device id, key number (4 bytes, big-endian)
  -70001 => hash,        ; audience: genesis hash
  -70002 => 1..9007199254740991, ; sequence number
  -70003 => bstr .size 16, ; random
  ? -70004 => 0..4294967295, ; error of the clock, milliseconds
}`;

const TOKEN = `; What a device shows at the MQTT door (specs/doors.md): a CBOR Web Token (RFC 8392).
connection-token = #6.18([protected: bstr .cbor token-header, unprotected: {}, payload: bstr .cbor token-claims, signature: bstr .size 64])
token-header = {
  1 => -8 / -7,          ; alg: EdDSA (Ed25519) or ES256
  4 => bstr .size 36,    ; kid: device id, key number (4 bytes, big-endian)
  16 => 61,              ; typ: application/cwt
}
token-claims = {
  3 => tstr .size 64,    ; aud: genesis hash, lower-case hex
  4 => uint,             ; exp: 1 to 600 after iat
  6 => uint,             ; iat: seconds since 1970-01-01T00:00:00Z
  7 => bstr .size 16,    ; cti: random
  9 => "mqtt",           ; scope
}`;

const RECEIPT_HEAD = `; The signed head of a group of receipts: COSE_Sign1 by the shard's receipt key.
receipt-signed-head = #6.18([protected: bstr .cbor receipt-header, unprotected: {}, payload: bstr .cbor receipt-head, signature: bstr .size 64])
receipt-header = { 1 => -8, 3 => "application/vnd.oppidum.receipt+cbor" }`;

/** Evidence by fact, with the parts that several facts share under names of their own. */
function renderEvidence(): readonly string[] {
  const { parts, facts } = evidenceShapes();
  const named = (cddl: string, known: readonly (readonly [string, string])[]) =>
    known.reduce((text, [name, part]) => text.replaceAll(part, name), cddl);
  const all = Object.entries(parts);
  return [
    `; Evidence (specs/evidence.md).\nevidence = ${facts.map(([fact]) => `evidence-${fact}`).join(' / ')}`,
    ...facts.map(([fact, cddl]) => `evidence-${fact} = ${spread(named(cddl, all))}`),
    ...all.map(([name, cddl], i) => `${name} = ${spread(named(cddl, all.slice(i + 1)))}`),
    'erasure-leaf = [salt: bstr .size 16, shard: hash, index: uint]',
  ];
}

/** The text of specs/oppidum.cddl. */
export function renderCddl(): string {
  const definitions = [...cityRegistry.actions.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const actions = definitions.map(({ kind, body, dangerous }) => {
    const note = dangerous ? '; only by a proposal\n' : '';
    return `${note}${ruleName(kind)} = ["${kind}", ${spread(body.cddl)}]`;
  });
  const sections = [
    HEAD,
    `; The first document of a city.\ngenesis = ${spread(genesisSchema.cddl)}`,
    `; What a transaction's signers sign.\ntransaction-payload = ${spread(payloadSchema.cddl)}`,
    TRANSACTION,
    LEAVES,
    READING,
    `; A receipt (specs/readings-and-receipts.md).\nreceipt = ${spread(receiptSchema.cddl)}`,
    RECEIPT_HEAD,
    TOKEN,
    `; What is said on a device's topic \`down\` where no receipt can be given (specs/doors.md).\npassing-refusal = ${spread(passingRefusalSchema.cddl)}`,
    `; What a device reports of itself (specs/trust.md): of device/attest, device/activate, device/report-firmware, in this order.\ndevice-report = ${deviceReportSchema.cddl}`,
    `; What an actuator sends up (specs/doors.md).\ndevice-challenge = ${spread(deviceChallengeSchema.cddl)}`,
    `receipt-head = ${spread(receiptHeadSchema.cddl)}`,
    `; How a person's key comes onto the ledger (specs/enrolment.md).\nenrolment-request = ${spread(enrolmentRequestSchema.cddl)}`,
    `invitation = ${spread(invitationSchema.cddl)}`,
    `; Signing apart (specs/signing.md): what a key file locks, and a request.\naccount-key = ${spread(accountKeySchema.cddl)}`,
    `signing-request = ${spread(requestSchema.cddl)}`,
    `; Traffic signals (specs/signals.md): bodies of the zone documents \`matrix\` and \`plans\`.\nsignal-matrix = ${spread(signalMatrixSchema.cddl)}`,
    `signal-plans = ${spread(signalPlansSchema.cddl)}`,
    `; What a zone permits (specs/interlocks.md).\nzone-envelope = ${spread(envelopeSchema.cddl)}`,
    `; Street lighting (specs/lighting.md): the body of the zone document programme, and what a lamp takes at its levels.\nlighting-programme = ${spread(lightingProgrammeSchema.cddl)}`,
    `; The body of the zone document cabinets.\nlighting-cabinets = ${spread(lightingCabinetsSchema.cddl)}`,
    `power-curve = ${powerCurveSchema.cddl}`,
    ...renderEvidence(),
    `; Statements of order keys (specs/orders.md): what an actuator is told, who may tell it, and by which documents it works.\norder-statement = ${spread(orderSchema.cddl)}`,
    `zone-key-set = ${spread(keySetSchema.cddl)}`,
    `zone-document = ${spread(zoneDocumentSchema.cddl)}`,
    `zone-draft = ${spread(zoneDraftSchema.cddl)}`,
    `zone-have = ${spread(zoneHaveSchema.cddl)}`,
    `zone-news = ${spread(zoneNewsSchema.cddl)}`,
    `; What an actuator is given (specs/orders.md).\ncompact-order = ${compactOrderSchema.cddl}`,
    `; Actions, as they stand in a transaction or a proposal.\naction = ${definitions.map(({ kind }) => ruleName(kind)).join(' /\n  ')}`,
    ...actions,
    '; Records of the state map; the comment is the layout of the key.',
    ...stateKinds.map(renderKind),
  ];
  return `${sections.join('\n\n')}\n`;
}

function ruleName(kind: string): string {
  return `action-${kind.replaceAll('/', '-')}`;
}

function renderKind({ name, area, kind, segments, value }: AnyKind): string {
  const byte = (n: number) => n.toString(16).padStart(2, '0');
  const key = [byte(area), byte(kind), ...segments.map((segment) => (segment === 'id' ? 'id (32)' : 'number (8)'))].join(' ');
  return `; ${AREAS[area] ?? ''}: ${key}\nstate-${name} = ${spread(value.cddl)}`;
}

/** One field of the outermost map per line. */
function spread(cddl: string): string {
  if (!cddl.startsWith('{ ') || !cddl.endsWith(' }')) return cddl;
  const fields: string[] = [];
  let depth = 0;
  let field = '';
  for (const character of cddl.slice(2, -2)) {
    if ('{[('.includes(character)) depth++;
    if ('}])'.includes(character)) depth--;
    if (character === ',' && depth === 0) {
      fields.push(field.trim());
      field = '';
    } else field += character;
  }
  const last = field.trim();
  if (last !== '') fields.push(last);
  return fields.length === 0 ? '{}' : `{\n${fields.map((line) => `  ${line},\n`).join('')}}`;
}

if (import.meta.main) writeFileSync(join(resolve(import.meta.dirname, '..'), 'specs/oppidum.cddl'), renderCddl());
