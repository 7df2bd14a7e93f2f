/**
 * A change of a zone in words: whatever would differ from what is in force, to the last field, so that nobody signs what he has not read. What
 * may kill somebody, two streams that could be green together, is said first and aloud.
 */

import { type Bytes, toHex } from './bytes.ts';
import { parseBy } from './common-schemas.ts';
import { type Envelope, envelopeSchema } from './envelope.ts';
import { LIGHTING_CABINETS, lightingCabinetsSchema } from './lighting-cabinets.ts';
import { LIGHTING_PROGRAMME, lightingProgrammeSchema } from './lighting-programme.ts';
import { describeDirection, describeDuration, describeRule } from './order-words.ts';
import type { Json, Schema } from './schema.ts';
import { parseSignalMatrix, type SignalMatrix, signalMatrixSchema } from './signal-matrix.ts';
import { signalPlansSchema } from './signal-plan.ts';
import type { KeySet, ZoneDocument } from './zone-statements.ts';

/** Fields by which an item of a list is known again in its next version. */
const NAMES = ['number', 'phase', 'name', 'command', 'fromMinute', 'fromMs', 'fromDay', 'device'] as const;
/** What differs in every version of a statement, and is said elsewhere. */
const OF_EVERY_VERSION: ReadonlySet<string> = new Set(['city', 'zone', 'version', 'previous']);

/** The next key set against the one in force. */
export function describeKeySetChange(before: KeySet, next: KeySet): string[] {
  const [old, fresh] = [before.keys.map(toHex), next.keys.map(toHex)];
  const { threshold, dangerousThreshold } = next;
  return [
    ...old.filter((key) => !fresh.includes(key)).map((key) => `No longer an order key: ${key}`),
    ...fresh.filter((key) => !old.includes(key)).map((key) => `NEW ORDER KEY: ${key}`),
    `Of ${fresh.length} keys ${threshold} must sign an order (before ${before.threshold} of ${old.length})`,
    `${dangerousThreshold} must sign what is dangerous and every change of the zone (before ${before.dangerousThreshold})`,
  ];
}

/** The next envelope against the one in force. */
export function describeEnvelopeChange(before: Envelope, next: Envelope): string[] {
  const { safe: oldSafe, dangerous: oldDangerous, rules: oldRules, ...former } = envelopeSchema.toJson(before) as Fields;
  const { safe, dangerous, rules, ...others } = envelopeSchema.toJson(next) as Fields;
  const safeBefore: Listed = [textsOf(oldSafe), before.safe.map(describeDirection)];
  const rulesBefore: Listed = [textsOf(oldRules), before.rules.map(describeRule)];
  return orSame([
    ...listed('safe whatever is known', safeBefore, [textsOf(safe), next.safe.map(describeDirection)]),
    ...listed('dangerous', [textsOf(oldDangerous), before.dangerous], [textsOf(dangerous), next.dangerous]),
    ...listed('a rule', rulesBefore, [textsOf(rules), next.rules.map(describeRule)]),
    // Their order is that in which they are evaluated, so two orders of the same rules are not the same.
    ...(isReordered(textsOf(oldRules), textsOf(rules)) ? ['Rules are evaluated in another order'] : []),
    ...differences(former, others, ''),
  ]);
}

/** What each item is, to the last field, and its words: those of two that differ may be the same. */
type Listed = readonly [items: readonly string[], words: readonly string[]];

function listed(what: string, [old, oldWords]: Listed, [fresh, freshWords]: Listed): string[] {
  return [
    ...old.flatMap((item, i) => (fresh.includes(item) ? [] : [`No longer ${what}: ${oldWords[i]}`])),
    ...fresh.flatMap((item, i) => (old.includes(item) ? [] : [`Now ${what}: ${freshWords[i]}`])),
  ];
}

function textsOf(items: Json | undefined): readonly string[] {
  return Array.isArray(items) ? items.map((item) => JSON.stringify(item)) : [];
}

/** What is in both stands in another order; no list has anything twice. */
function isReordered(old: readonly string[], fresh: readonly string[]): boolean {
  const stayed = fresh.filter((item) => old.includes(item));
  return old.filter((item) => fresh.includes(item)).some((item, i) => item !== stayed[i]);
}

/** The next version of a document against the body in force, null where there is none. Throws FormatError for a body that is none. */
export function describeDocumentChange({ name, body }: Pick<ZoneDocument, 'name' | 'body'>, before: Bytes | null): string[] {
  if (name === 'matrix') return describeMatrixChange(parseSignalMatrix(body), before === null ? null : parseSignalMatrix(before));
  const after = documentJson({ name, body });
  if (after === null) return [`${body.length} bytes that have no words here; before ${before?.length ?? 0}`];
  if (before !== null) return orSame(differences(documentJson({ name, body: before }), after, ''));
  return ['The first of its name', ...differences(null, after, '')];
}

/** A document as it is, with nothing to compare it to. Throws FormatError for a body that is none. */
export function describeDocument({ name, body }: Pick<ZoneDocument, 'name' | 'body'>): string[] {
  if (name === 'matrix') return describeMatrix(parseSignalMatrix(body));
  const json = documentJson({ name, body });
  return json === null ? [`${body.length} bytes that have no words here`] : differences(null, json, '');
}

/** A document as people write it, or null for one that has no such form here. Throws FormatError for a body that is none. */
export function documentJson({ name, body }: Pick<ZoneDocument, 'name' | 'body'>): Json | null {
  const schema = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
  return schema === undefined ? null : schema.toJson(parseBy(schema, body));
}

const SCHEMAS: Readonly<Record<string, Schema<unknown>>> = {
  matrix: signalMatrixSchema,
  plans: signalPlansSchema,
  [LIGHTING_PROGRAMME]: lightingProgrammeSchema,
  [LIGHTING_CABINETS]: lightingCabinetsSchema,
};

type Fields = { readonly [name: string]: Json };

function describeMatrix(matrix: SignalMatrix): string[] {
  const { compatible: _, ...others } = signalMatrixSchema.toJson(matrix) as Fields;
  const named = (pair: readonly number[]): string => pair.map((number) => nameOf(matrix, number) ?? `${number}`).join(' and ');
  return [...matrix.compatible.map((pair) => `May be green together: ${named(pair)}`), ...differences(null, others, '')];
}

function describeMatrixChange(next: SignalMatrix, before: SignalMatrix | null): string[] {
  const pairsOf = (matrix: SignalMatrix | null): readonly string[] =>
    (matrix?.compatible ?? []).map(([a = 0, b = 0]) => `${a} ${b}`);
  const [old, fresh] = [pairsOf(before), pairsOf(next)];
  const named = (pair: string): string =>
    pair
      .split(' ')
      .map((number) => nameOf(next, Number(number)) ?? nameOf(before, Number(number)) ?? number)
      .join(' and ');
  const { compatible: _n, ...after } = signalMatrixSchema.toJson(next) as Fields;
  const { compatible: _b, ...former } = before === null ? { compatible: [] } : (signalMatrixSchema.toJson(before) as Fields);
  return orSame([
    ...(before === null ? ['The first of its name'] : []),
    ...fresh.filter((pair) => !old.includes(pair)).map((pair) => `MAY NOW BE GREEN TOGETHER: ${named(pair)}`),
    ...old.filter((pair) => !fresh.includes(pair)).map((pair) => `No longer green together: ${named(pair)}`),
    ...differences(before === null ? null : former, after, ''),
  ]);
}

function nameOf(matrix: SignalMatrix | null, number: number): string | null {
  const phase = matrix?.phases.find((each) => each.number === number);
  return phase === undefined ? null : `phase ${number} (${phase.name})`;
}

function orSame(lines: string[]): string[] {
  return lines.length === 0 ? ['Nothing differs but the version'] : lines;
}

/** Line by line where two values differ; what is null in one of them is there in the other alone. */
function differences(before: Json, after: Json, place: string): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isObject(after) && (isObject(before) || before === null)) return fieldDifferences(before ?? {}, after, place);
  if (isObject(before) && after === null) return [`${place}: taken away`];
  if (Array.isArray(after) && (Array.isArray(before) || before === null)) {
    const items = { before: (before ?? []) as readonly Fields[], after: after as readonly Fields[] };
    const told = tellingField(items.before, items.after);
    const mark = before === null ? '' : ' (new)';
    if (told !== null) return itemDifferences(items, told, place, mark);
  }
  const [old, fresh] = [valueText(before, place), valueText(after, place)];
  return [before === null ? `${place}: ${fresh}` : `${place}: ${old} → ${fresh}`];
}

function fieldDifferences(before: Fields, after: Fields, place: string): string[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])].filter(
    (name) => place !== '' || !OF_EVERY_VERSION.has(name),
  );
  return names.flatMap((name) =>
    differences(before[name] ?? null, after[name] ?? null, place === '' ? name : `${place}, ${name}`),
  );
}

/** `told`: the field by which each item of both lists is told from the others of its list; `mark`: what follows one that was not there. */
function itemDifferences(
  { before, after }: Record<'before' | 'after', readonly Fields[]>,
  told: string,
  place: string,
  mark: string,
): string[] {
  const [old, fresh] = [before, after].map((items) => items.map((item) => String(item[told]))) as [string[], string[]];
  return [
    ...old.flatMap((name) => (fresh.includes(name) ? [] : [`${place} ${name}: taken away`])),
    ...(isReordered(old, fresh) ? [`${place}: in another order, ${fresh.join(', ')}`] : []),
    ...after.flatMap((item, i) => {
      const known = old.indexOf(fresh[i] as string);
      const label = `${place} ${fresh[i]}${known < 0 ? mark : ''}`;
      return differences(known < 0 ? null : (before[known] as Json), item, label);
    }),
  ];
}

function isObject(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first field that every item has, and no two items of one list have alike; null: only the lists as wholes can be compared. */
function tellingField(...lists: readonly (readonly Json[])[]): string | null {
  const isTelling = (name: string): boolean =>
    lists.every((items) => {
      const found = items.map((item) => (isObject(item) && Object.hasOwn(item, name) ? String(item[name]) : null));
      return !found.includes(null) && new Set(found).size === found.length;
    });
  return NAMES.find(isTelling) ?? null;
}

/** `12.500 s` of a field in milliseconds; stages of a plan as phases and seconds. */
function valueText(value: Json, place: string): string {
  if (value === null) return 'none';
  if (typeof value === 'number' && /Ms(Max)?$/.test(place)) return describeDuration(value);
  if (!Array.isArray(value)) return isObject(value) ? objectText(value) : String(value);
  return value.length === 0
    ? 'none'
    : `[${value.map((item) => (isObject(item) ? objectText(item) : valueText(item, place))).join('; ')}]`;
}

function objectText(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${valueText(value, name)}`)
    .join(', ');
}
