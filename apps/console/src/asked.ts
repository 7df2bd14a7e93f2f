/** What evidence is asked of, and whether it is about that: a record by its id, records of the state, or a range of readings. */

import { equalBytes, parseHex } from '@oppidum/formats/bytes';
import { parseCompleteRange, startsAsCompleteRange } from '@oppidum/formats/complete-range';
import { FormatError } from '@oppidum/formats/errors';
import { claimDigest, parseEvidenceFile, type StateClaim } from '@oppidum/formats/evidence';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { kindNamed } from '@oppidum/formats/state-registry';
import type { Report } from '@oppidum/proofs/report';

/** `segments` of records: ids as 64 hexadecimal digits, numbers in decimal; none for all of a kind. Times are from (included) to (not included). */
export type Asked =
  | { readonly by: 'id'; readonly id: string }
  | {
      readonly by: 'records';
      readonly kind: string;
      readonly segments: readonly string[];
      readonly from: number | null;
      readonly to: number | null;
    }
  | {
      readonly by: 'readings';
      readonly device: string;
      readonly keyNumber: number;
      readonly fromMs: number;
      readonly toMs: number;
    };

const ID = /^[0-9a-f]{64}$/;
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;
const SPAN = /^([0-9]{0,15})-([0-9]{0,15})$/;

/** Records of a kind under these segments. */
export function recordsOf(kind: string, ...segments: readonly string[]): Asked {
  return { by: 'records', kind, segments, from: null, to: null };
}

/** In an address: the id, `records.KIND.SEGMENT….FROM-TO`, or `readings.DEVICE.KEY.FROM-TO`. */
export function askedText(asked: Asked): string {
  switch (asked.by) {
    case 'id':
      return asked.id;
    case 'records': {
      const { kind, segments, from, to } = asked;
      const span = from === null && to === null ? [] : [`${from ?? ''}-${to ?? ''}`];
      return ['records', kind, ...segments, ...span].join('.');
    }
    case 'readings':
      return `readings.${asked.device}.${asked.keyNumber}.${asked.fromMs}-${asked.toMs}`;
  }
}

/** Null for a text that asks for nothing there is. */
export function parseAsked(text: string): Asked | null {
  if (ID.test(text)) return { by: 'id', id: text };
  const [by, ...parts] = text.split('.');
  if (by === 'records') return parseRecords(parts);
  return by === 'readings' ? parseReadings(parts) : null;
}

function parseRecords([kindName = '', ...parts]: readonly string[]): Asked | null {
  const [, from, to] = SPAN.exec(parts.at(-1) ?? '') ?? [];
  const span = from === undefined || to === undefined ? { from: null, to: null } : { from: numberOf(from), to: numberOf(to) };
  const segments = from === undefined ? parts : parts.slice(0, -1);
  try {
    const kind = kindNamed(kindName);
    const isOfKind = segments.every((segment, i) => (kind.segments[i] === 'id' ? ID : NUMBER).test(segment));
    const isSpan = span.from !== null || span.to !== null;
    const isRanged = segments.length === kind.segments.length - 1 && kind.segments.at(-1) === 'number';
    if (!isOfKind || segments.length > kind.segments.length || (isSpan && !isRanged)) return null;
    return { by: 'records', kind: kindName, segments, ...span };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function parseReadings([device = '', key = '', span = '', ...more]: readonly string[]): Asked | null {
  const [, from, to] = SPAN.exec(span) ?? [];
  const [fromMs, toMs] = [numberOf(from), numberOf(to)];
  if (more.length > 0 || !ID.test(device) || !NUMBER.test(key) || fromMs === null || toMs === null || fromMs >= toMs) return null;
  return { by: 'readings', device, keyNumber: Number(key), fromMs, toMs };
}

function numberOf(digits: string | undefined): number | null {
  return digits === undefined || digits === '' ? null : Number(digits);
}

/** Where the city has evidence of it, and as what it comes. */
export function evidencePathOf(asked: Asked): { readonly path: string; readonly type: string } {
  switch (asked.by) {
    case 'id':
      return { path: `/api/v1/evidence/${asked.id}`, type: 'application/cbor' };
    case 'records': {
      const { kind, segments, from, to } = asked;
      const query = new URLSearchParams({ kind, segments: segments.join(',') });
      if (from !== null) query.set('from', String(from));
      if (to !== null) query.set('to', String(to));
      return { path: `/api/v1/evidence/state?${query}`, type: 'application/cbor' };
    }
    case 'readings': {
      const { device, keyNumber, fromMs, toMs } = asked;
      const query = new URLSearchParams({ device, key: String(keyNumber), from: String(fromMs), to: String(toMs) });
      return { path: `/api/v1/evidence/readings?${query}`, type: 'application/vnd.oppidum.readings+cbor' };
    }
  }
}

/** Whether a file that holds, with these facts, is about what was asked: true evidence of something else would read like an answer. */
export function isAbout(asked: Asked, file: Uint8Array, facts: Report['facts']): boolean {
  switch (asked.by) {
    case 'id':
      return facts['id'] === asked.id || facts['entry'] === asked.id;
    case 'records': {
      const evidence = startsAsCompleteRange(file) ? null : parseEvidenceFile(file);
      return evidence?.fact === 'state' && equalBytes(evidence.claimDigest, claimDigest(crypto, claimOf(asked)));
    }
    case 'readings': {
      if (!startsAsCompleteRange(file)) return false;
      const { device, keyNumber, fromMs, toMs } = parseCompleteRange(file);
      const isOfKey = equalBytes(device, parseHex(asked.device)) && keyNumber === asked.keyNumber;
      return isOfKey && fromMs === asked.fromMs && toMs === asked.toMs;
    }
  }
}

function claimOf({ kind, segments, from, to }: Extract<Asked, { by: 'records' }>): StateClaim {
  const types = kindNamed(kind).segments;
  return {
    kind,
    segments: segments.map((segment, i) => (types[i] === 'id' ? parseHex(segment, 32) : Number(segment))),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
}
