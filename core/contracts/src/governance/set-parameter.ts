/** The council changes a number that the rules of the city read. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { reject } from '@oppidum/formats/errors';
import { parameterKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil } from '../authority.ts';
import { isParameterName, PARAMETERS, type ParameterName, parameterId } from './parameters.ts';

/**
 * Sets a parameter, from the next action on.
 * Refuses, in this order: NOT_AUTHORIZED, PARAMETER_UNKNOWN, NUMBER_RANGE.
 */
export const setParameter = defineAction({
  kind: 'parameter/set',
  body: ACTION_FIELDS['parameter/set'],
  dangerous: true,

  check({ name, value }, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    if (!isParameterName(name)) return reject('PARAMETER_UNKNOWN', { name });
    const { min, max } = PARAMETERS[name];
    return value >= min && value <= max ? null : reject('NUMBER_RANGE', { name, min, max });
  },

  // COMMIT POINT
  apply({ name, value }, city) {
    city.write(at(parameterKind, parameterId(city, name as ParameterName)), { name, value, from: city.height });
    city.emit('parameter/set', { name, value });
  },
});
