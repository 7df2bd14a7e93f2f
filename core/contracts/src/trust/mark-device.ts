/** Auditors say what they found of a device; it counts once enough of them did. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { type AuditCaseRecord, auditCaseKind, type CountedMark, MARK_COUNT_MAX, QUORUM_MAX } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkRole, holdersOf } from '../authority.ts';
import { readStanding } from '../devices/standing.ts';
import { parameterValue } from '../governance/parameters.ts';
import { checkInUse } from './owners.ts';
import { partsLeft, scoreOf } from './score.ts';
import { readTrust, writeTrust } from './trust-record.ts';

/**
 * Marks a device for what this evidence shows; every signer who is an auditor marks it, once for each evidence.
 * Rule: nothing happens before `trust/mark-quorum` auditors marked it for the same evidence; the median of their penalties then counts, so
 * that of three or more no single one, lenient or harsh, takes it beyond what the others found (decisions/0040).
 * Refuses, in this order: NOT_AUTHORIZED, DEVICE_UNKNOWN, DEVICE_REVOKED, CASE_COUNTED, MARK_EXISTS.
 */
export const markDevice = defineAction({
  kind: 'device/mark',
  body: ACTION_FIELDS['device/mark'],

  check({ id: device, evidence }, city) {
    const refused = checkRole(city, 'auditor');
    if (refused !== null) return refused;
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const known = city.read(at(auditCaseKind, device, evidence));
    return checkInUse(standing, device) ?? checkNew(city, known);
  },

  // COMMIT POINT
  apply({ id: device, evidence, penalty, reason }, city) {
    const before = city.read(at(auditCaseKind, device, evidence))?.marks ?? [];
    const auditors = holdersOf(city, 'auditor').map(({ account }) => account);
    const marks = [...before, ...auditors.map((auditor) => ({ auditor, penalty, reason }))];
    const quorum = parameterValue(city, 'trust/mark-quorum');
    city.emit('device/marked', { device, evidence, penalty, marks: marks.length, quorum });
    if (marks.length < quorum) return void city.write(at(auditCaseKind, device, evidence), { marks });
    const kept = marks.slice(0, QUORUM_MAX);
    const median = medianOf(kept.map((mark) => mark.penalty));
    const { height, timeMs: atMs } = city;
    city.write(at(auditCaseKind, device, evidence), {
      marks: kept,
      counted: { penalty: median, at: height, atMs },
    });
    applyMark(city, device, { evidence, penalty: median, atMs });
  },
});

/** The penalty in the middle; of two in the middle their mean, rounded down. */
export function medianOf(penalties: readonly number[]): number {
  const ascending = penalties.toSorted((a, b) => a - b);
  const [low, high] = [ascending[(ascending.length - 1) >> 1], ascending[ascending.length >> 1]];
  if (low === undefined || high === undefined) throw new Error('a case that counts has marks');
  return Math.floor((low + high) / 2);
}

function checkNew(city: City, known: AuditCaseRecord | null): Rejection | null {
  if (known === null) return null;
  if (known.counted !== undefined) return reject('CASE_COUNTED', { at: known.counted.at, penalty: known.counted.penalty });
  const again = holdersOf(city, 'auditor').find(({ account }) => known.marks.some((mark) => equalBytes(mark.auditor, account)));
  return again === undefined ? null : reject('MARK_EXISTS', { auditor: toHex(again.account) });
}

/** A mark begins to weigh. Where there is no room, the one that weighs least by now goes, of equal ones the oldest. */
function applyMark(city: City, device: Bytes, mark: CountedMark): void {
  const record = readTrust(city, device);
  const halfLifeMs = parameterValue(city, 'trust/half-life-ms');
  const weights = record.marks.map((one) => partsLeft(one, city.timeMs, halfLifeMs));
  const lightest = record.marks.length < MARK_COUNT_MAX ? -1 : weights.indexOf(Math.min(...weights));
  const marks = [...record.marks.filter((_, position) => position !== lightest), mark];
  writeTrust(city, device, { ...record, marks });
  city.emit('device/mark-counted', {
    device,
    evidence: mark.evidence,
    penalty: mark.penalty,
    score: scoreOf(city, { ...record, marks }),
  });
}
