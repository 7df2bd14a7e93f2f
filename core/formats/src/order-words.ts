/**
 * An order in words: the whole effect of a statement, as it stands in its bytes, so that nobody signs what he has not read. Names of zone and
 * device come from whoever asks; what is signed are the ids.
 */

import { toHex } from './bytes.ts';
import type { Command } from './command.ts';
import { type Direction, type Envelope, isSafe, type Rule } from './envelope.ts';
import type { Order } from './order-statement.ts';

/** What a reader may know beside the bytes; none of it is signed. */
export type OrderNames = {
  readonly zone?: string | null;
  readonly device?: string | null;
  /** Of the command's arguments, by position. */
  readonly parameters?: readonly { readonly name: string; readonly unit?: string }[];
};

/** The effect, then what bounds it, one sentence without full stop each. */
export function describeOrder(order: Order, envelope: Pick<Envelope, 'safe' | 'dangerous'>, names: OrderNames = {}): string[] {
  const isDangerous = envelope.dangerous.includes(order.command) && !isSafe(envelope, order);
  const quorum =
    order.mode === 'break-glass'
      ? 'Break-glass: obeyed WITHOUT the city’s validators, in a direction that is safe whatever is known'
      : 'Obeyed only with proof that the city’s validators issued it';
  return [
    `${describeCommand(order, names.parameters)} ${describeTarget(order, names)}`,
    `In zone ${named(toHex(order.zone), names.zone)}, under its key set ${order.keys} and envelope ${order.envelope}`,
    `Obeyed once, within ${describeDuration(order.lifetimeMs)} after the machine drew its challenge`,
    quorum,
    isDangerous ? 'DANGEROUS: the higher threshold of the zone’s keys must sign' : 'Not of a dangerous class',
  ];
}

function describeTarget({ target }: Order, { device }: OrderNames): string {
  if ('device' in target) return `on device ${named(toHex(target.device), device)}`;
  return `on ${target.count} ${target.count === 1 ? 'device' : 'devices'} of the zone at once (tree ${toHex(target.root).slice(0, 16)})`;
}

/** `light/level level=60 %`; arguments by position where their names are not known. */
export function describeCommand(given: Command, parameters: OrderNames['parameters'] = []): string {
  const shown = given.arguments.map((value, i) => {
    const parameter = parameters[i];
    if (parameter === undefined) return String(value);
    return `${parameter.name}=${value}${parameter.unit === undefined ? '' : ` ${parameter.unit}`}`;
  });
  return [given.command, ...shown].join(' ');
}

/** `light/level from 80 to 100`. */
export function describeDirection({ command, arguments: ranges }: Direction): string {
  return [command, ...ranges.map(({ min, max }) => describeRange(min, max))].join(' ');
}

/** `calm-street: light/level to 50 needs wind to 20`. */
export function describeRule(rule: Rule): string {
  const { needs } = rule;
  const what = needs === undefined ? 'is forbidden' : `needs ${needs.quantity} ${describeRange(needs.min, needs.max)}`;
  return `${rule.name}: ${describeDirection(rule)} ${what}`;
}

function describeRange(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return max === undefined ? 'anything' : `up to ${max}`;
  if (max === undefined) return `from ${min}`;
  return min === max ? `exactly ${min}` : `from ${min} to ${max}`;
}

/** `2 min`, `30 s`, `0.500 s`. */
export function describeDuration(durationMs: number): string {
  if (durationMs > 0 && durationMs % 60_000 === 0) return `${durationMs / 60_000} min`;
  const [whole, rest] = [Math.floor(durationMs / 1_000), durationMs % 1_000];
  return rest === 0 ? `${whole} s` : `${whole}.${String(rest).padStart(3, '0')} s`;
}

function named(id: string, name: string | null | undefined): string {
  return name === null || name === undefined ? id : `“${name}” (${id})`;
}
