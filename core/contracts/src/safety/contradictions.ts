/**
 * When an envelope contradicts itself (specs/interlocks.md §4). Ranges are intervals, so looking at pairs is enough: rules of which every
 * two match a common command have a command that all match, and needs of which every two leave a common value have one that all leave
 * (Helly's theorem for boxes). Without such a pair, every safe command passes under all readings, and every other one under some, unless a rule
 * forbids it outright.
 */

import type { Direction, Envelope, Range, Rule } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';

/** The first pair, rule with rule before safe direction with rule: ENVELOPE_CONTRADICTS. */
export function checkContradictions(envelope: Pick<Envelope, 'rules' | 'safe'>): Rejection | null {
  const { rules, safe } = envelope;
  for (const [i, first] of rules.entries()) {
    for (const second of rules.slice(i + 1)) {
      const quantity = excludedBy(first, second);
      if (quantity !== null)
        return reject('ENVELOPE_CONTRADICTS', { first: first.name, second: second.name, quantity, command: first.command });
    }
  }
  for (const [i, direction] of safe.entries()) {
    const rule = rules.find((rule) => overlaps(direction, rule));
    if (rule !== undefined)
      return reject('ENVELOPE_CONTRADICTS', { first: `safe direction ${i}`, second: rule.name, command: rule.command });
  }
  return null;
}

/** The quantity that two rules want to be in two places for a command that both match, or null. */
function excludedBy(first: Rule, second: Rule): string | null {
  if (first.needs === undefined || second.needs === undefined) return null;
  const { quantity } = first.needs;
  if (quantity !== second.needs.quantity || !overlaps(first, second)) return null;
  return meets(first.needs, second.needs) ? null : quantity;
}

/** True when some command is in both directions. */
function overlaps(a: Direction, b: Direction): boolean {
  return a.command === b.command && a.arguments.every((range, i) => meets(range, b.arguments[i] ?? {}));
}

/** True when some value is in both ranges. */
function meets(a: Range, b: Range): boolean {
  const min = Math.max(a.min ?? Number.MIN_SAFE_INTEGER, b.min ?? Number.MIN_SAFE_INTEGER);
  const max = Math.min(a.max ?? Number.MAX_SAFE_INTEGER, b.max ?? Number.MAX_SAFE_INTEGER);
  return min <= max;
}
