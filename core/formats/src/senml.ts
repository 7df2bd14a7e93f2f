/**
 * SenML packs (RFC 8428): one model for the JSON and the CBOR representation, and the resolution of records (§4.6).
 * `senml-json.ts` and `senml-cbor.ts` read and write packs, `reading-pack.ts` is the strict profile of signed readings.
 */

import type { Bytes } from './bytes.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';

/** A value: number = v, string = vs, boolean = vb, bytes = vd. */
export type SenmlValue = number | string | boolean | Bytes;

/** One record as sent, under the labels of RFC 8428 §4.3. Times in seconds, sums in unit × seconds. */
export type SenmlRecord = {
  readonly bn?: string;
  readonly bt?: number;
  readonly bu?: string;
  readonly bv?: number;
  readonly bs?: number;
  readonly bver?: number;
  readonly n?: string;
  readonly u?: string;
  readonly v?: number;
  readonly vs?: string;
  readonly vb?: boolean;
  readonly vd?: Bytes;
  readonly s?: number;
  readonly t?: number;
  readonly ut?: number;
  /** Labels that RFC 8428 does not define, kept and not interpreted (§4.4). */
  readonly extensions?: ReadonlyMap<string, SenmlValue>;
};

/** At least one record, at most `LIMITS.senmlRecordCountMax`. */
export type SenmlPack = readonly SenmlRecord[];

/** A record that stands for itself: absolute name and time, no base values (§4.6). */
export type ResolvedRecord = {
  readonly name: string;
  readonly unit: string | null;
  /** POSIX time in seconds. */
  readonly timeS: number;
  /** Null only beside a sum (§4.2). */
  readonly value: SenmlValue | null;
  readonly sum: number | null;
  readonly updateTimeS: number | null;
  readonly extensions: ReadonlyMap<string, SenmlValue>;
};

export type SenmlLabel = Exclude<keyof SenmlRecord, 'extensions'>;
type FieldType = 'number' | 'string' | 'boolean' | 'bytes';

/** RFC 8428 §4.3 and §6, table 4: text label, CBOR label, type. The table is conclusive: no other integers will come. */
export const SENML_FIELDS: readonly { readonly label: SenmlLabel; readonly cborLabel: number; readonly type: FieldType }[] = [
  { label: 'bver', cborLabel: -1, type: 'number' },
  { label: 'bn', cborLabel: -2, type: 'string' },
  { label: 'bt', cborLabel: -3, type: 'number' },
  { label: 'bu', cborLabel: -4, type: 'string' },
  { label: 'bv', cborLabel: -5, type: 'number' },
  { label: 'bs', cborLabel: -6, type: 'number' },
  { label: 'n', cborLabel: 0, type: 'string' },
  { label: 'u', cborLabel: 1, type: 'string' },
  { label: 'v', cborLabel: 2, type: 'number' },
  { label: 'vs', cborLabel: 3, type: 'string' },
  { label: 'vb', cborLabel: 4, type: 'boolean' },
  { label: 's', cborLabel: 5, type: 'number' },
  { label: 't', cborLabel: 6, type: 'number' },
  { label: 'ut', cborLabel: 7, type: 'number' },
  { label: 'vd', cborLabel: 8, type: 'bytes' },
];
const FIELD_OF_LABEL = new Map(SENML_FIELDS.map((field) => [field.label as string, field]));

/** The version this code understands (§4.4). */
const VERSION = 10;
/** Times below this are relative to now (§4.5.3). */
const ABSOLUTE_TIME_MIN_S = 2 ** 28;
/** §4.5.1. */
const NAME_FORM = /^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/;
/** §11, CDDL `label`. */
const LABEL_FORM = /^[A-Za-z0-9][-_:.A-Za-z0-9]*$/;

/**
 * Makes a record of labels and values that a representation has read.
 * Throws WRONG_TYPE, SENML_LABEL_UNKNOWN (a label ending in `_`, §4.4), SENML_VALUE_COUNT (more than one value), TEXT_INVALID (a label's form).
 */
export function makeSenmlRecord(fields: Iterable<readonly [string, SenmlValue]>, at: string): SenmlRecord {
  const record: Record<string, SenmlValue> = {};
  const extensions = new Map<string, SenmlValue>();
  for (const [label, value] of fields) {
    const field = FIELD_OF_LABEL.get(label);
    if (field !== undefined) {
      if (typeOf(value) !== field.type) throw formatError('WRONG_TYPE', { at: `${at}/${label}`, want: field.type });
      record[label] = value;
      continue;
    }
    if (!LABEL_FORM.test(label)) throw formatError('TEXT_INVALID', { at, want: 'a label of RFC 8428' });
    if (label.endsWith('_')) throw formatError('SENML_LABEL_UNKNOWN', { at, label });
    extensions.set(label, value);
  }
  const made = (extensions.size === 0 ? record : { ...record, extensions }) as SenmlRecord;
  if (valuesOf(made).length > 1) throw formatError('SENML_VALUE_COUNT', { at });
  return made;
}

function typeOf(value: SenmlValue): FieldType {
  const type = typeof value;
  return type === 'object' ? 'bytes' : (type as FieldType);
}

/** Throws LENGTH_WRONG for a pack without records (§11), TOO_LARGE beyond the limit. */
export function assertRecordCount(count: number): void {
  if (count === 0) throw formatError('LENGTH_WRONG', { want: 'at least one record' });
  const countMax = LIMITS.senmlRecordCountMax;
  if (count > countMax) throw formatError('TOO_LARGE', { records: count, countMax });
}

/** The values a record gives: none, one, or (never well-formed) more. */
export function valuesOf(record: SenmlRecord): readonly SenmlValue[] {
  return [record.v, record.vs, record.vb, record.vd].filter((value) => value !== undefined);
}

/** True for a record that only sets base values for those after it; it resolves to nothing. */
function isBaseOnly(record: SenmlRecord): boolean {
  return (
    SENML_FIELDS.every(({ label, cborLabel }) => cborLabel < 0 || record[label] === undefined) && record.extensions === undefined
  );
}

type Base = { name: string; timeS: number; unit: string | null; value: number; sum: number | null };

/**
 * Resolves a pack: base values applied, records in chronological order, equal times in the order sent (§4.6).
 * `nowS`, POSIX seconds, is what relative times count from; without it they are refused.
 * Throws SENML_VERSION, SENML_NAME_INVALID, SENML_VALUE_COUNT, SENML_TIME_RELATIVE, NUMBER_RANGE (a sum of times or values overflows).
 */
export function resolveSenml(pack: SenmlPack, nowS?: number): readonly ResolvedRecord[] {
  assertRecordCount(pack.length);
  assertVersion(pack);
  const base: Base = { name: '', timeS: 0, unit: null, value: 0, sum: null };
  const resolved: ResolvedRecord[] = [];
  pack.forEach((record, i) => {
    if (record.bn !== undefined) base.name = record.bn;
    if (record.bt !== undefined) base.timeS = record.bt;
    if (record.bu !== undefined) base.unit = record.bu;
    if (record.bv !== undefined) base.value = record.bv;
    if (record.bs !== undefined) base.sum = record.bs;
    if (!isBaseOnly(record)) resolved.push(resolveRecord(record, base, `/${i}`, nowS));
  });
  return resolved.sort((a, b) => a.timeS - b.timeS); // stable: ECMA-262 §23.1.3.30
}

/** All records have one version, 10 when none is given, and none beyond 10 (§4.4). */
function assertVersion(pack: SenmlPack): void {
  const version = pack[0]?.bver ?? VERSION;
  pack.forEach((record, i) => {
    const own = record.bver ?? version;
    if (own === version && Number.isInteger(own) && own >= 1 && own <= VERSION) return;
    throw formatError('SENML_VERSION', { at: `/${i}`, found: own, first: version });
  });
}

function resolveRecord(record: SenmlRecord, base: Base, at: string, nowS: number | undefined): ResolvedRecord {
  const name = base.name + (record.n ?? '');
  if (!NAME_FORM.test(name)) throw formatError('SENML_NAME_INVALID', { at });
  const [value] = valuesOf(record);
  if (value === undefined && record.s === undefined) throw formatError('SENML_VALUE_COUNT', { at });
  const sum = record.s === undefined ? base.sum : record.s + (base.sum ?? 0);
  return {
    name,
    unit: record.u ?? base.unit,
    timeS: resolveTime(base.timeS + (record.t ?? 0), at, nowS),
    value: typeof value === 'number' ? finite(value + base.value, at) : (value ?? null),
    sum: sum === null ? null : finite(sum, at),
    updateTimeS: record.ut ?? null,
    // Base labels nobody knows cannot be applied; a resolved record has none (§4.6).
    extensions: new Map([...(record.extensions ?? [])].filter(([label]) => !label.startsWith('b'))),
  };
}

function resolveTime(timeS: number, at: string, nowS: number | undefined): number {
  if (finite(timeS, at) >= ABSOLUTE_TIME_MIN_S) return timeS;
  if (nowS === undefined) throw formatError('SENML_TIME_RELATIVE', { at, timeS });
  return nowS + timeS;
}

function finite(value: number, at: string): number {
  if (!Number.isFinite(value)) throw formatError('NUMBER_RANGE', { at });
  return value;
}
