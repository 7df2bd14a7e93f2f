/**
 * The safety envelope of a zone (specs/interlocks.md): what is measured there and by which sensors, what must be so before a command is
 * given, which directions are safe whatever is known, which commands are dangerous, and how long orders live. Whole numbers throughout.
 */

import { type Bytes, compareBytes, toHex } from './bytes.ts';
import { type Command, commandArgument, commandName } from './command.ts';
import { id, parseBy } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { type Infer, list, oneOf, optional, type Schema, struct, text, uint } from './schema.ts';

/** A schema whose values also keep a law among their fields; `assert` throws FormatError. */
function lawful<T>(inner: Schema<T>, assert: (value: T, path: string) => void): Schema<T> {
  const checked = (value: T, path: string): T => {
    assert(value, path);
    return value;
  };
  return {
    ...inner,
    parse: (value, path) => checked(inner.parse(value, path), path),
    fromJson: (json, path) => checked(inner.fromJson(json, path), path),
  };
}

/** Bounds that are not given do not bind. */
const rangeFields = { min: optional(commandArgument()), max: optional(commandArgument()) } as const;
const rangeShape = struct(rangeFields);
/** From `min` to `max`, both included. */
export type Range = Infer<typeof rangeShape>;
const range = lawful(rangeShape, assertRange);

function assertRange({ min, max }: Range, path: string): void {
  if (min !== undefined && max !== undefined && min > max) throw formatError('NUMBER_RANGE', { at: path, min, max });
}

/** Commands of one name whose arguments lie in these ranges, one for each argument. */
const directionFields = {
  command: commandName(),
  arguments: list(range, { max: LIMITS.commandArgumentCountMax }),
} as const;
const direction = struct(directionFields);
export type Direction = Infer<typeof direction>;

/** A device, and the name that follows its URN in its records. */
const sensor = struct({ device: id(), name: text(64) });
export type Sensor = Infer<typeof sensor>;

/**
 * Something that several independent sensors measure. Values, `agreeWithin` and the limits of rules are whole numbers of 10^-decimals.
 * Sensors ascend by device: two of one device are not independent.
 */
const quantity = lawful(
  struct({
    name: text(64),
    decimals: uint({ max: 9 }),
    sensors: list(sensor, {
      min: 2,
      max: LIMITS.quantitySensorCountMax,
      order: (a: Sensor, b: Sensor) => compareBytes(a.device, b.device),
    }),
    /** How many of the sensors must speak. */
    least: uint({ min: 2, max: LIMITS.quantitySensorCountMax }),
    /** How far the highest of their values may be from the lowest. */
    agreeWithin: uint(),
    /** How long ago, by block time, a reading may have been signed. */
    freshMs: uint({ min: 1, max: LIMITS.interlockFreshMsMax }),
  }),
  ({ least, sensors }, path) => {
    if (least > sensors.length) throw formatError('NUMBER_RANGE', { at: `${path}/least`, min: 2, max: sensors.length });
  },
);
export type Quantity = Infer<typeof quantity>;

const need = lawful(struct({ quantity: text(64), ...rangeFields }), (value, path) => {
  assertRange(value, path);
  if (value.min === undefined && value.max === undefined) throw formatError('MISSING_FIELD', { at: `${path}/min` });
});

/** Commands in this direction need the quantity to lie in the range; without `needs` they are forbidden. */
const rule = struct({ name: text(64), ...directionFields, needs: optional(need) });
export type Rule = Infer<typeof rule>;

/** By UTF-16 code units. */
function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

const envelopeShape = struct({
  city: id(),
  zone: id(),
  version: uint({ min: 1 }),
  /** SHA-256 of the statement before; zeros for version 1. */
  previous: id(),
  /** What two sensors of one quantity may not have in common. */
  independence: oneOf('device', 'model', 'maker'),
  /** The lowest grade of key whose readings count; an imported reading never does. */
  grade: oneOf('device', 'bridge'),
  quantities: list(quantity, {
    max: LIMITS.quantityCountMax,
    order: (a: Quantity, b: Quantity) => compareTexts(a.name, b.name),
  }),
  /** In the order in which they are evaluated. */
  rules: list(rule, { max: LIMITS.interlockRuleCountMax }),
  safe: list(direction, { max: LIMITS.safeDirectionCountMax }),
  dangerous: list(commandName(), { max: LIMITS.dangerousCommandCountMax, order: compareTexts }),
  lifetimeMsMax: uint({ min: 1, max: LIMITS.orderLifetimeMsMax }),
  dangerousLifetimeMsMax: uint({ min: 1, max: LIMITS.dangerousLifetimeMsMax }),
});
export type Envelope = Infer<typeof envelopeShape>;
/** What the zone's order keys sign. */
export const envelopeSchema = lawful(envelopeShape, assertEnvelope);

function assertEnvelope(envelope: Envelope, path: string): void {
  const isFirst = envelope.previous.every((byte) => byte === 0);
  if (isFirst !== (envelope.version === 1)) throw formatError('NUMBER_RANGE', { at: `${path}/version`, isFirst });
  const { lifetimeMsMax, dangerousLifetimeMsMax } = envelope;
  if (dangerousLifetimeMsMax > lifetimeMsMax)
    throw formatError('NUMBER_RANGE', { at: `${path}/dangerousLifetimeMsMax`, min: 1, max: lifetimeMsMax });
  assertSensors(envelope.quantities, path);
  assertRules(envelope.rules, envelope.quantities, path);
  assertArgumentCounts(envelope, path);
}

/** A sensor measures one quantity. Throws DUPLICATE_KEY. */
function assertSensors(quantities: readonly Quantity[], path: string): void {
  const known = new Set<string>();
  for (const [i, { sensors }] of quantities.entries()) {
    for (const [j, { device, name }] of sensors.entries()) {
      const key = `${toHex(device)}:${name}`;
      if (known.has(key)) throw formatError('DUPLICATE_KEY', { at: `${path}/quantities/${i}/sensors/${j}` });
      known.add(key);
    }
  }
}

/** A rule is told by its name, and needs what the envelope describes. Throws DUPLICATE_KEY, QUANTITY_UNKNOWN. */
function assertRules(rules: readonly Rule[], quantities: readonly Quantity[], path: string): void {
  const known = new Set<string>();
  for (const [i, { name, needs }] of rules.entries()) {
    if (known.has(name)) throw formatError('DUPLICATE_KEY', { at: `${path}/rules/${i}/name` });
    known.add(name);
    if (needs !== undefined && !quantities.some((quantity) => quantity.name === needs.quantity))
      throw formatError('QUANTITY_UNKNOWN', { at: `${path}/rules/${i}/needs/quantity` });
  }
}

/** A command has one number of arguments, so directions compare range by range. Throws LENGTH_WRONG. */
function assertArgumentCounts({ rules, safe }: Pick<Envelope, 'rules' | 'safe'>, path: string): void {
  const counts = new Map<string, number>();
  for (const [where, directions] of Object.entries({ rules, safe })) {
    for (const [i, { command, arguments: ranges }] of directions.entries()) {
      const want = counts.get(command) ?? ranges.length;
      if (want !== ranges.length)
        throw formatError('LENGTH_WRONG', { at: `${path}/${where}/${i}/arguments`, want, got: ranges.length });
      counts.set(command, want);
    }
  }
}

/** Strict parse of a statement. Throws FormatError. */
export function parseEnvelope(data: Bytes): Envelope {
  return parseBy(envelopeSchema, data);
}

/** True when the value lies between the bounds that are given. */
export function isWithin({ min, max }: Range, value: number): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}

/** True for a command of this name, with as many arguments, each in its range. */
export function isInDirection({ command, arguments: ranges }: Direction, given: Command): boolean {
  if (command !== given.command || ranges.length !== given.arguments.length) return false;
  return ranges.every((range, i) => isWithin(range, given.arguments[i] as number));
}

/** True for a command that is safe whatever is known: break-glass may give it. */
export function isSafe({ safe }: Pick<Envelope, 'safe'>, given: Command): boolean {
  return safe.some((direction) => isInDirection(direction, given));
}
