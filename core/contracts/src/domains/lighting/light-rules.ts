/** What of the lamps of a zone may be ordered (specs/lighting.md §5), given its programme and what is known of its street. */

import { type Rejection, reject } from '@oppidum/formats/errors';
import { FULL_LEVEL, type LightDemand, type LightSituation, levelForClass, lightDemand } from '@oppidum/formats/lighting-level';
import { readLightCommand } from '@oppidum/formats/lighting-orders';
import type { LightingProgramme, LightingSection } from '@oppidum/formats/lighting-programme';

/** Of the lamps that an order dims it must reach so many, in ‰: the rest may be dead or away, and those burn fully. */
const REACHED_LEAST = 900;
const PERMILLE_OF_PERCENT = 10;

/** An order as these rules see it: `lampCount` is how many devices of the zone it goes to, null for a single named one. */
export type LightOrder = {
  readonly command: string;
  readonly arguments: readonly number[];
  readonly lampCount: number | null;
};

/**
 * Refuses what the street does not allow. In this order: COMMAND_UNKNOWN, ARGUMENT_RANGE, then for levels LIGHT_PROGRAMME_MISSING,
 * LIGHT_SECTION_UNKNOWN, and section by section LIGHT_BY_DAY, LIGHT_BELOW_CLASS, LIGHT_UNEVEN.
 */
export function checkLightOrder(
  order: LightOrder,
  programme: LightingProgramme | null,
  situationOf: (section: LightingSection) => LightSituation,
): Rejection | null {
  const command = readLightCommand(order.command, order.arguments);
  if ('code' in command) return command;
  if (command.name !== 'level') return null;
  if (programme === null) return reject('LIGHT_PROGRAMME_MISSING', { command: order.command });
  const { section: number, percent } = command;
  const meant = number === null ? programme.sections : programme.sections.slice(number, number + 1);
  if (meant.length === 0) return reject('LIGHT_SECTION_UNKNOWN', { section: number ?? 0, count: programme.sections.length });
  for (const section of meant) {
    const refused = checkLevel(percent, section, lightDemand(programme, section, situationOf(section)));
    if (refused !== null) return refused;
  }
  return checkTogether(percent, meant, order.lampCount);
}

function checkLevel(percent: number, section: LightingSection, demand: LightDemand): Rejection | null {
  const { level, phase, lost } = demand;
  if (phase === 'day') return reject('LIGHT_BY_DAY', { section: section.name });
  if (percent * PERMILLE_OF_PERCENT >= level) return null;
  const leastPercent = Math.ceil(level / PERMILLE_OF_PERCENT);
  const facts = { section: section.name, class: demand.class, percent, leastPercent };
  return reject('LIGHT_BELOW_CLASS', lost === null ? facts : { ...facts, lost });
}

/** What is dimmer than the normal class needs goes to the lamps of a section together. */
function checkTogether(percent: number, sections: readonly LightingSection[], reached: number | null): Rejection | null {
  const dimmed = sections.find(
    (section) => percent * PERMILLE_OF_PERCENT < Math.min(FULL_LEVEL, levelForClass(section, section.class)),
  );
  if (dimmed === undefined) return null;
  const lampCount = sections.reduce((sum, section) => sum + section.lampCount, 0);
  const leastCount = Math.ceil((lampCount * REACHED_LEAST) / 1_000);
  if (reached !== null && reached >= leastCount) return null;
  return reject('LIGHT_UNEVEN', { section: dimmed.name, percent, reached: reached ?? 1, leastCount });
}
