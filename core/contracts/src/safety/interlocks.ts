/**
 * Whether a command may be given now (specs/interlocks.md §3): a pure, total function of the command, the envelope, block time and what
 * each sensor last said. Whoever issues an order chooses none of the last three.
 */

import { toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { type Envelope, isInDirection, isWithin, type Quantity, type Rule, type Sensor } from '@oppidum/formats/envelope';
import { type ErrorDetails, type Rejection, reject } from '@oppidum/formats/errors';
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
  for (const rule of envelope.rules) {
    if (!isInDirection(rule, given)) continue;
    const failed = evaluateRule(envelope, rule, nowMs, look);
    if (failed !== null) return failed;
  }
  return null;
}

/** A command with another number of arguments would slip past the rules about it. */
function checkArgumentCount({ rules, safe }: Envelope, given: Command): Rejection | null {
  const known = [...rules, ...safe].find(({ command }) => command === given.command);
  if (known === undefined || known.arguments.length === given.arguments.length) return null;
  const { command } = given;
  return reject('INTERLOCK_ARGUMENTS', { command, want: known.arguments.length, got: given.arguments.length });
}

function evaluateRule({ quantities }: Envelope, { name: rule, needs }: Rule, nowMs: number, look: Look): Rejection | null {
  if (needs === undefined) return reject('INTERLOCK_FORBIDDEN', { rule });
  const quantity = quantities.find(({ name }) => name === needs.quantity);
  if (quantity === undefined) throw new Error(`no quantity ${needs.quantity} in a parsed envelope`);
  const facts = { rule, quantity: quantity.name };
  const values = countingValues(quantity, nowMs, look, facts);
  if ('code' in values) return values;
  const { lowest, highest } = values;
  if (highest - lowest > quantity.agreeWithin)
    return reject('INTERLOCK_CONTRADICTION', { ...facts, lowest, highest, agreeWithin: quantity.agreeWithin });
  return isWithin(needs, lowest) && isWithin(needs, highest)
    ? null
    : reject('INTERLOCK_LIMIT', { ...facts, lowest, highest, ...boundsOf(needs) });
}

function boundsOf({ min, max }: { readonly min?: number; readonly max?: number }): ErrorDetails {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** The span of the values that count, when enough do; else why the first that does not count does not. */
function countingValues(
  quantity: Quantity,
  nowMs: number,
  look: Look,
  facts: ErrorDetails,
): { readonly lowest: number; readonly highest: number } | Rejection {
  const values: number[] = [];
  let first: Rejection | null = null;
  for (const sensor of quantity.sensors) {
    const view = look(sensor, quantity);
    const refused = checkView(quantity, sensor, view, nowMs, facts);
    if (refused === null && view.state === 'speaks') values.push(view.value);
    else first ??= refused;
  }
  if (first !== null && values.length < quantity.least) return first;
  return { lowest: Math.min(...values), highest: Math.max(...values) };
}

/** Refuses a view that does not count. A time ahead of the block's, which an anchor bounds, is fresh. */
function checkView(
  { freshMs }: Quantity,
  { device, name }: Sensor,
  view: SensorView,
  nowMs: number,
  facts: ErrorDetails,
): Rejection | null {
  const known = { ...facts, device: toHex(device), sensor: name };
  if (view.state === 'quarantined') return reject('INTERLOCK_QUARANTINED', { ...known, because: view.because });
  if (view.state === 'silent') return reject('INTERLOCK_SILENT', known);
  const ageMs = nowMs - view.signedMs;
  return ageMs > freshMs ? reject('INTERLOCK_SILENT', { ...known, ageMs, freshMs }) : null;
}
