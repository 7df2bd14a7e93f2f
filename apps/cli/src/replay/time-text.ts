/**
 * Times as files write them: ISO 8601, seconds or milliseconds since 1970, or a pattern such as `DD/MM/YY HH`. A time without its own
 * offset is read in the zone given: an offset, or a name of the IANA time zone database.
 */

import { usageFailure } from '../failure.ts';

/** Milliseconds since 1970-01-01T00:00:00Z of a text, or null when it is no such time. */
export type TimeReader = (text: string) => number | null;

type Civil = { readonly year: number; readonly month: number; readonly day: number; readonly timeMs: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const TOKENS: Readonly<Record<string, string>> = {
  YYYY: '(?<YYYY>\\d{4})',
  YY: '(?<YY>\\d{2})',
  MM: '(?<MM>\\d{1,2})',
  DD: '(?<DD>\\d{1,2})',
  HH: '(?<HH>\\d{1,2})',
  mm: '(?<mm>\\d{2})',
  ss: '(?<ss>\\d{2}(?:\\.\\d{1,9})?)',
};

/** Patterns that are tried when none is given; `iso` first. */
export const TIME_FORMATS: readonly string[] = [
  'iso',
  'epoch-ms',
  'epoch-s',
  ...['DD/MM', 'MM/DD'].flatMap((day) => ['YYYY', 'YY'].flatMap((year) => dayPatterns(`${day}/${year}`))),
  ...dayPatterns('DD.MM.YYYY'),
  ...dayPatterns('YYYY/MM/DD'),
];

function dayPatterns(day: string): string[] {
  return [day, `${day} HH`, `${day} HH:mm`, `${day} HH:mm:ss`];
}

/** How finely such texts tell the time, milliseconds: the coarsest of them counts. What the file measured may be coarser still. */
export function resolutionOf(format: string, texts: readonly string[]): number {
  if (format === 'epoch-ms') return 1;
  if (format === 'epoch-s') return 1_000;
  if (format === 'iso') return Math.max(...texts.map((text) => resolutionOfParts(ISO.exec(text)?.groups ?? {})));
  return resolutionOfParts(Object.fromEntries((format.match(/HH|mm|ss/g) ?? []).map((token) => [token, token])));
}

function resolutionOfParts({ HH, mm, ss }: Readonly<Record<string, string | undefined>>): number {
  if (ss !== undefined) return 1_000;
  if (mm !== undefined) return MINUTE_MS;
  return HH === undefined ? 24 * HOUR_MS : HOUR_MS;
}

/** Reads times of one format (`iso`, `epoch-s`, `epoch-ms` or a pattern) in one zone. Throws exit code 2 for what is neither. */
export function timeReader(format: string, zone: string): TimeReader {
  const toUtc = zoneReader(zone);
  if (format === 'epoch-s') return (text) => (/^\d{9,10}(\.\d+)?$/.test(text) ? Math.round(1_000 * Number(text)) : null);
  if (format === 'epoch-ms') return (text) => (/^\d{12,13}$/.test(text) ? Number(text) : null);
  if (format === 'iso') return (text) => readIso(text, toUtc);
  const form = patternForm(format);
  return (text) => {
    const civil = civilOf(form.exec(text)?.groups);
    return civil === null ? null : toUtc(civil);
  };
}

const ISO =
  /^(?<YYYY>\d{4})-(?<MM>\d{2})-(?<DD>\d{2})(?:[T ](?<HH>\d{2})(?::(?<mm>\d{2})(?::(?<ss>\d{2}(?:\.\d{1,9})?))?)?)?(?<offset>Z|[+-]\d{2}:?\d{2})?$/;

function readIso(text: string, toUtc: (civil: Civil) => number | null): number | null {
  const groups = ISO.exec(text)?.groups;
  const civil = civilOf(groups);
  if (civil === null) return null;
  const offset = groups?.['offset'];
  return offset === undefined ? toUtc(civil) : utcOf(civil) - (offsetOf(offset) ?? 0);
}

function patternForm(format: string): RegExp {
  const source = format
    .split(/(YYYY|YY|MM|DD|HH|mm|ss)/)
    .map((part) => TOKENS[part] ?? part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('');
  const isWhole = /YY/.test(format) && /MM/.test(format) && /DD/.test(format);
  if (
    !isWhole ||
    new Set(format.match(/YYYY|YY|MM|DD|HH|mm|ss/g)).size !== (format.match(/YYYY|YY|MM|DD|HH|mm|ss/g) ?? []).length
  )
    throw usageFailure(`${format} is no time format`, 'Use iso, epoch-s, epoch-ms, or a pattern of YYYY YY MM DD HH mm ss');
  return new RegExp(`^${source}$`);
}

/** A day that exists, and the time in it; two digits of a year mean 1970 to 2069. */
function civilOf(groups: Readonly<Record<string, string | undefined>> | undefined): Civil | null {
  if (groups === undefined) return null;
  const number = (name: string): number => Number(groups[name] ?? 0);
  const short = number('YY');
  const year = groups['YYYY'] === undefined ? (short < 70 ? 2_000 : 1_900) + short : number('YYYY');
  const [month, day, hour, minute, second] = [number('MM'), number('DD'), number('HH'), number('mm'), number('ss')];
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour > 24 || minute > 59 || second >= 60 || (hour === 24 && minute + second > 0)) return null;
  return { year, month, day, timeMs: hour * HOUR_MS + minute * MINUTE_MS + Math.round(second * 1_000) };
}

function utcOf({ year, month, day, timeMs }: Civil): number {
  return Date.UTC(year, month - 1, day) + timeMs;
}

/** ±hh:mm in milliseconds, or null. */
function offsetOf(text: string): number | null {
  if (text === 'Z' || text === 'UTC') return 0;
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(text);
  if (match === null || Number(match[2]) > 18 || Number(match[3]) > 59) return null;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * HOUR_MS + Number(match[3]) * MINUTE_MS);
}

/** How civil times of a zone become UTC; null for times that a change of clocks leaves out. Of an hour that comes twice, the first. */
function zoneReader(zone: string): (civil: Civil) => number | null {
  const offset = offsetOf(zone);
  if (offset !== null) return (civil) => utcOf(civil) - offset;
  const offsetAt = zoneOffsets(zone);
  return (civil) => {
    const local = utcOf(civil);
    const candidates = [local - offsetAt(local - 24 * HOUR_MS), local - offsetAt(local + 24 * HOUR_MS)];
    const found = candidates.filter((utc) => utc + offsetAt(utc) === local);
    return found.length === 0 ? null : Math.min(...found);
  };
}

/** The offset of a named zone at a moment, in milliseconds. Throws exit code 2 for a zone that nobody knows. */
function zoneOffsets(zone: string): (utcMs: number) => number {
  const formatter = dateFormatter(zone);
  const known = new Map<number, number>();
  return (utcMs) => {
    // Clocks change at whole quarters of an hour.
    const quarter = Math.floor(utcMs / (15 * MINUTE_MS));
    const cached = known.get(quarter);
    if (cached !== undefined) return cached;
    const atMs = quarter * 15 * MINUTE_MS;
    const parts = new Map(formatter.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    if (known.size > 10_000) known.clear();
    known.set(quarter, local - atMs);
    return local - atMs;
  };
}

function dateFormatter(zone: string): Intl.DateTimeFormat {
  const numeric = 'numeric';
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', hourCycle: 'h23', ...fields });
  } catch {
    throw usageFailure(`${zone} is no time zone`, 'Use UTC, an offset such as +02:00, or a name such as Europe/Tallinn');
  }
}

/** A duration such as `5m`, `1h`, `30s` in milliseconds. Throws exit code 2. */
export function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unitMs = { ms: 1, s: 1_000, m: MINUTE_MS, h: HOUR_MS, d: 24 * HOUR_MS }[match?.[2] ?? ''];
  const durationMs = unitMs === undefined ? 0 : Math.round(Number(match?.[1]) * unitMs);
  if (durationMs <= 0) throw usageFailure(`${text} is no duration`, 'Write it as 30s, 5m, 1h or 1d');
  return durationMs;
}
