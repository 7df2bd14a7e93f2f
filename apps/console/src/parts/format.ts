/** Times and numbers in the reader's language. */

import type { RecordJson } from '@oppidum/gateway/api/readings';
import { plainText } from '@oppidum/pages/plain-text';

/** A time in the reader's language and time zone; the machine-readable one stands in `dateTime`. */
export function formatTime(timeMs: number, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: 'short', timeStyle: 'medium' }).format(timeMs);
}

/** A number in the reader's language: six decimals (a degree to 11 cm), smaller ones to four digits, so that none but 0 shows as 0, which has no sign. */
export function formatNumber(value: number, tag: string): string {
  const isSmall = value !== 0 && Math.abs(value) < 0.001;
  const digits = isSmall ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 6 };
  return new Intl.NumberFormat(tag, digits).format(unsigned(value));
}

/** Differences that were rounded leave -0, of which a reader sees the sign. */
function unsigned(value: number): number {
  return value === 0 ? 0 : value;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A stretch of time in words, in its largest whole unit: "1 hour". */
export function formatSpan(spanMs: number, tag: string): string {
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(spanMs) >= ms) ?? ['second', 1_000];
  return formatUnit(Math.round(Math.abs(spanMs) / unitMs), unit, tag, 'long');
}

/** A count with its unit of ECMA-402: "12 ms", or in whole words "12 milliseconds". */
export function formatUnit(count: number, unit: string, tag: string, unitDisplay: 'short' | 'long'): string {
  return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay }).format(count);
}

/** SenML units (RFC 8428 §12.1) whose names are not what people write; what is no unit to a reader is nothing. */
const UNIT_SIGNS: ReadonlyMap<string, string> = new Map([
  ['/', ''],
  ['count', ''],
  ['Cel', '°C'],
  ['lat', '°'],
  ['lon', '°'],
  ['deg', '°'],
  ['1/s', '/s'],
  ['1/min', '/min'],
  ['m2', 'm²'],
  ['m3', 'm³'],
  ['m3/s', 'm³/s'],
  ['m/s2', 'm/s²'],
  ['W/m2', 'W/m²'],
  ['kg/m3', 'kg/m³'],
  ['Ohm', 'Ω'],
  ['%RH', '% RH'],
]);

/** The unit as people write it, with no unit for a ratio, which is a share of a hundred, or a count; any other is the device's own word. */
export function unitText(unit: string | null): string {
  return UNIT_SIGNS.get(unit ?? '') ?? unit ?? '';
}

/** A measured number without its unit, as `formatNumber` has it; a ratio ("/") is a percentage. */
export function formatMeasured(value: number, unit: string | null, tag: string): string {
  if (unit === '/') return new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 4 }).format(unsigned(value));
  return formatNumber(value, tag);
}

/** A measured number with its unit; a rate or degrees stand right behind it. */
export function formatAmount(value: number, unit: string | null, tag: string): string {
  const sign = unitText(unit);
  return `${formatMeasured(value, unit, tag)}${/^[/°]/.test(sign) && sign !== '°C' ? '' : ' '}${sign}`.trim();
}

/** In the larger unit from one of it on, with as many digits as are worth reading. */
export function formatInUnits(value: number, count: number, [small, large]: readonly [string, string], tag: string): string {
  const isLarge = Math.abs(value) >= count;
  return formatAmount(Math.round((100 * value) / (isLarge ? count : 1)) / 100, isLarge ? large : small, tag);
}

/** Money in cents; less than half of one is none. */
export function formatEuros(value: number, tag: string): string {
  return new Intl.NumberFormat(tag, { style: 'currency', currency: 'EUR' }).format(unsigned(Math.round(100 * value) / 100));
}

/** What a record says, with its unit. Words of the device are plain; a number of ours keeps the marks of direction that its language writes it with. */
export function formatRecord({ value, unit, sum, data }: RecordJson, tag: string, lengthMax: number): string {
  const shown = value ?? (data === null ? sum : `${data.length} base64`);
  if (typeof shown === 'number') return formatAmount(shown, unit === null ? null : plainText(unit, lengthMax), tag);
  return plainText(`${shown ?? '–'} ${unitText(unit)}`.trim(), lengthMax);
}
