/** How what a conflict monitor told is marked: a monitor that said nothing is neither well nor tripped. */

import type { SampleJson } from '@oppidum/gateway/api/readings';

/** The state of its badge; null: it said nothing, and has none. */
export function monitorBadge(trip: SampleJson['value']): 'active' | 'revoked' | null {
  if (trip === null) return null;
  return trip === 'none' ? 'active' : 'revoked';
}
