/**
 * Whether a command may be given now (specs/interlocks.md §3): a pure, total function of the command, the envelope, block time and what
 * each sensor last said. Whoever issues an order chooses none of the last three.
 */

import { toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { type Envelope, isInDirection, isWithin, type Quantity, type Rule, type Sensor } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import type { Distrust } from '../devices/trusted-sensor.ts';

/** Why a sensor is not believed: its device is not, or the key that signed its newest value has ended or is of too low a grade. */
export type Doubt = Distrust | 'key-ended' | 'key-grade';

/** What the ledger knows of a sensor: its newest value with its signed time, nothing, or that it is not to be believed and why. */
export type SensorView =
  | { readonly state: 'speaks'; readonly value: number; readonly signedMs: number }
  | { readonly state: 'silent' }
  | { readonly state: 'quarantined'; readonly because: Doubt };

/** The view of one sensor of a quantity. */
export type Look = (sensor: Sensor, quantity: Quantity) => SensorView;

/**
 * Refuses a command that the envelope does not allow now, for the first rule that fails and names it:
 * INTERLOCK_ARGUMENTS, INTERLOCK_FORBIDDEN, INTERLOCK_SILENT or INTERLOCK_QUARANTINED (the first sensor that does not count, when fewer
 * than `least` do), INTERLOCK_CONTRADICTION, INTERLOCK_LIMIT.
 */
export function evaluateInterlocks(envelope: Envelope, given: Command, nowMs: number, look: Look): Rejection | null {
  const refused = checkArgumentCount(envelope, given);
  if (refused !== null) return refused;
  // Several rules may need one quantity: its sensors are looked at once.
  const spans = new Map<string, Span | Rejection>();
  for (const rule of envelope.rules) {
    if (!isInDirection(rule, given)) continue;
    const failed = evaluateRule(rule, (name) => {
      const span = spans.get(name) ?? measure(quantityOf(envelope, name), nowMs, look);
      spans.set(name, span);
      return span;
    });
    if (failed !== null) return failed;
  }
  return null;
}

/** The lowest and the highest value that counts. */
type Span = { readonly lowest: number; readonly highest: number };

/** A command with another number of arguments would slip past the rules about it. */
function checkArgumentCount({ rules, safe }: Envelope, given: Command): Rejection | null {
  const known = [...rules, ...safe].find(({ command }) => command === given.command);
  if (known === undefined || known.arguments.length === given.arguments.length) return null;
  const { command } = given;
  return reject('INTERLOCK_ARGUMENTS', { command, want: known.arguments.length, got: given.arguments.length });
}

function evaluateRule({ name: rule, needs }: Rule, spanOf: (quantity: string) => Span | Rejection): Rejection | null {
  if (needs === undefined) return reject('INTERLOCK_FORBIDDEN', { rule });
  const { quantity, ...bounds } = needs;
  const span = spanOf(quantity);
  if ('code' in span) return reject(span.code, { rule, quantity, ...span.details });
  const { lowest, highest } = span;
  return isWithin(bounds, lowest) && isWithin(bounds, highest)
    ? null
    : reject('INTERLOCK_LIMIT', { rule, quantity, lowest, highest, ...bounds });
}

function quantityOf({ quantities }: Envelope, name: string): Quantity {
  const quantity = quantities.find((quantity) => quantity.name === name);
  if (quantity === undefined) throw new Error(`no quantity ${name} in a parsed envelope`);
  return quantity;
}

/** The span of the values that count, when enough do and agree; else why not, of silence and doubt that of the first sensor. */
function measure(quantity: Quantity, nowMs: number, look: Look): Span | Rejection {
  const { sensors, least, agreeWithin } = quantity;
  let [count, lowest, highest] = [0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  let first: Rejection | null = null;
  for (const sensor of sensors) {
    const value = checkView(quantity, sensor, look(sensor, quantity), nowMs);
    if (typeof value === 'number') {
      count++;
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    } else first ??= value;
  }
  if (first !== null && count < least) return first;
  return highest - lowest > agreeWithin
    ? reject('INTERLOCK_CONTRADICTION', { lowest, highest, agreeWithin })
    : { lowest, highest };
}

/** The value of a view that counts, else why it does not. A time ahead of the block's, which an anchor bounds, is fresh. */
function checkView({ freshMs }: Quantity, { device, name }: Sensor, view: SensorView, nowMs: number): number | Rejection {
  const facts = () => ({ device: toHex(device), sensor: name });
  if (view.state === 'quarantined') return reject('INTERLOCK_QUARANTINED', { ...facts(), because: view.because });
  if (view.state === 'silent') return reject('INTERLOCK_SILENT', facts());
  const ageMs = nowMs - view.signedMs;
  return ageMs > freshMs ? reject('INTERLOCK_SILENT', { ...facts(), ageMs, freshMs }) : view.value;
}
