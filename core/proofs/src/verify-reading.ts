/** Evidence of a reading: signed by a device that was entitled when the reading was anchored. */

import { ANCHOR_ACTION, anchorBody } from '@oppidum/formats/action-bodies';
import { type Bytes, encodeBase64, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import type { ErrorCode } from '@oppidum/formats/errors';
import type { AnchorHop, ReadingEvidence } from '@oppidum/formats/evidence';
import { type AllegedReading, parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import type { Json } from '@oppidum/formats/schema';
import type { ResolvedRecord } from '@oppidum/formats/senml';
import {
  type DeviceRecord,
  deviceKeyKind,
  deviceKind,
  manufacturerKind,
  modelKind,
  type Quarantine,
  suspensionKind,
} from '@oppidum/formats/state-devices';
import { type AnyKind, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import type { Verdict } from '@oppidum/formats/verdicts';
import { checkEntitlement, type Entitlement } from './entitlement.ts';
import { openAction, openState, requireAudience } from './hops.ts';
import { checkInclusion } from './merkle.ts';
import { leafHash } from './merkle-hash.ts';
import { verifyReadingSignature } from './reading-signature.ts';
import { type Findings, Refuted, refuteIf } from './report.ts';
import type { CityHead } from './verify-checkpoint.ts';

/** Verifies the reading, its place in the shard, the anchor, the device's records and the signature, in this order. */
export function verifyReading(crypto: Crypto, evidence: ReadingEvidence, head: CityHead, findings: Findings): void {
  findings.begin('reading');
  const reading = parseReading(crypto, evidence.envelope);
  requireAudience(head, reading.audience);
  const records = parseReadingRecords(reading);
  findings.pass(
    `device ${toHex(reading.device)}, sequence number ${reading.sequence}, ${records.length} records, ${describeClock(reading.clockErrorMs)}`,
  );

  const shard = requireAnchored(crypto, head, { ...evidence, entry: reading.digest }, findings);

  findings.begin('device records');
  if (evidence.state.height < evidence.anchor.height) throw new Refuted('HASH_MISMATCH', 'the records are older than the anchor');
  const entitlement = openEntitlement(crypto, head, evidence, reading);
  findings.pass(
    `manufacturer, model, device, key and ${entitlement.suspensions.length} suspensions, complete at block ${evidence.state.height}`,
  );

  requireEntitled(entitlement, evidence, findings);
  const quarantine = quarantineAt(entitlement.device, evidence.anchor.height);
  if (quarantine !== null)
    findings.note(`the device was in quarantine (${quarantine.cause}: ${quarantine.reason}): nothing acts on what it said then`);

  findings.begin('signature');
  if (!verifyReadingSignature(crypto, reading, entitlement.key))
    throw new Refuted('SIGNATURE_INVALID', 'the device’s key did not sign this reading');
  findings.pass(`by key ${reading.keyNumber}, grade ${entitlement.key.grade}: ${GRADE_WORDS[entitlement.key.grade]}`);

  Object.assign(findings.facts, {
    fact: 'reading',
    id: toHex(reading.digest),
    device: toHex(reading.device),
    label: entitlement.device.label ?? null,
    sequence: reading.sequence,
    clockErrorMs: reading.clockErrorMs,
    grade: entitlement.key.grade,
    simulated: entitlement.model.simulated,
    personal: entitlement.model.personal,
    model: entitlement.model.name,
    deviceType: entitlement.model.deviceType,
    ...(quarantine === null ? {} : { quarantine: quarantine.reason }),
    manufacturer: entitlement.manufacturer.name,
    shard: toHex(shard),
    anchoredAtHeight: evidence.anchor.height,
    provenAtHeight: evidence.state.height,
    provenAtMs: evidence.state.timeMs,
    records: records.map(describeRecord),
  });
}

function describeRecord({ name, unit, timeS, value, sum }: ResolvedRecord): Json {
  const shown = value instanceof Uint8Array ? encodeBase64(value) : value;
  return { name, unit, timeS, value: shown, ...(sum === null ? {} : { sum }) };
}

function describeClock(errorMs: number | null): string {
  return errorMs === null ? 'error of the clock not stated' : `clock within ${errorMs / 1_000} s of UTC, as its signer says`;
}

const GRADE_WORDS = {
  device: 'the device itself signed',
  bridge: 'a bridge signed for a device that cannot',
  imported: 'whoever imported a file signed, no device did',
} as const;

/** An entry in a shard's log whose checkpoint was anchored by a transaction that took effect; returns the shard's id. */
export function requireAnchored(
  crypto: Crypto,
  head: CityHead,
  evidence: {
    readonly anchor: AnchorHop;
    readonly shard: { readonly index: number; readonly path: readonly Bytes[] };
    readonly entry: Bytes;
  },
  findings: Findings,
): Bytes {
  findings.begin('anchor in log');
  const body = anchorBody.parse(openAction(crypto, head, evidence.anchor, ANCHOR_ACTION), '');
  const { checkpoint } = parseCheckpointNote(body.checkpoint);
  findings.pass(`block ${evidence.anchor.height} anchored ${checkpoint.origin} at size ${checkpoint.size}`);

  findings.begin('entry in shard');
  const { index, path } = evidence.shard;
  const claim = { index, size: checkpoint.size, leafHash: leafHash(crypto, evidence.entry), proof: path, root: checkpoint.root };
  refuteIf(checkInclusion(crypto, claim), 'NOT_IN_LOG');
  findings.pass(`entry ${index} of ${checkpoint.size}`);
  return body.shard;
}

/**
 * The five records that entitle a device. Which model and which manufacturer follow from the records themselves, and the proof then
 * covers exactly these keys and all suspensions: none can be withheld.
 */
function openEntitlement(crypto: Crypto, head: CityHead, evidence: ReadingEvidence, reading: AllegedReading): Entitlement {
  const [manufacturerBytes, modelBytes, deviceBytes, keyBytes, ...suspensionBytes] = evidence.state.values;
  if (manufacturerBytes === undefined || modelBytes === undefined || deviceBytes === undefined || keyBytes === undefined) {
    throw new Refuted('KEY_UNKNOWN', 'the evidence shows no complete set of device records');
  }
  const device = parseState(deviceKind, deviceBytes);
  const model = parseState(modelKind, modelBytes);
  const range = (kind: unknown, ...segments: (Bytes | number)[]) => prefixRange(kind as AnyKind, segments);
  const ranges = [
    range(manufacturerKind, model.manufacturer),
    range(modelKind, device.model),
    range(deviceKind, reading.device),
    range(deviceKeyKind, reading.device, reading.keyNumber),
    range(suspensionKind, reading.device),
  ];
  const leaves = openState(crypto, head, evidence.state, ranges);
  // Each of the first four values stands under its own single-key range: with as many leaves as values, order decides.
  ranges.slice(0, 4).forEach((single, i) => {
    if (!equalBytes(leaves[i]?.key ?? new Uint8Array(0), single.lo))
      throw new Refuted('KEY_UNKNOWN', 'a device record is absent from the ledger');
  });
  return {
    manufacturer: parseState(manufacturerKind, manufacturerBytes),
    model,
    device,
    key: parseState(deviceKeyKind, keyBytes),
    suspensions: suspensionBytes.map((bytes, i) => ({
      from: parseKey(suspensionKind, (leaves[i + 4] as { key: Bytes }).key)[1],
      ...parseState(suspensionKind, bytes),
    })),
  };
}

function requireEntitled(entitlement: Entitlement, evidence: ReadingEvidence, findings: Findings): void {
  findings.begin('entitled when anchored');
  refuteIf(checkEntitlement(entitlement, evidence.anchor.height), entitlementVerdict);
  findings.pass(`at block ${evidence.anchor.height}`);
  if (checkEntitlement(entitlement, evidence.state.height) !== null) {
    findings.note(`no longer entitled at block ${evidence.state.height}; that does not touch what was anchored before`);
  }
  if (entitlement.model.simulated) findings.note('the model is registered as simulated: no machine stands behind this reading');
}

/** The quarantine that covers a height, or null. */
function quarantineAt({ quarantines = [] }: DeviceRecord, height: number): Quarantine | null {
  return quarantines.find(({ from, to }) => from <= height && (to === undefined || height < to)) ?? null;
}

function entitlementVerdict(code: ErrorCode): Verdict {
  if (code === 'KEY_REVOKED') return 'KEY_REVOKED';
  return code === 'DEVICE_NOT_ACTIVE' || code === 'NOT_YET_VALID' ? 'NOT_YET_VALID' : 'REVOKED';
}
