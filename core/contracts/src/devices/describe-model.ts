/** A maker says what its devices can be asked to do and what they measure. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { isArgumentName, isCommandName, isSensorName, type ModelCommand } from '@oppidum/formats/model-description';
import { modelCommandsKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkAccount } from '../authority.ts';
import { checkMade, readMake } from './makers.ts';

/**
 * Describes a model, or describes it anew: firmware may teach devices more. What no description names, no order asks for.
 * Rule: a full key of its maker, since a wider range reaches every device of the model at once.
 * Refuses, in this order: MODEL_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, MANUFACTURER_REVOKED, MODEL_REVOKED, TEXT_INVALID (a name),
 * DUPLICATE_KEY (two arguments of one name), NUMBER_RANGE (a range without numbers).
 */
export const describeModel = defineAction({
  kind: 'model/describe',
  body: ACTION_FIELDS['model/describe'],

  check({ id: model, commands, sensors }, city) {
    const make = readMake(city, model);
    if ('code' in make) return make;
    const refused = checkAccount(city, make.manufacturer.account, 'full') ?? checkMade(make);
    if (refused !== null) return refused;
    for (const command of commands) {
      const malformed = checkCommand(command);
      if (malformed !== null) return malformed;
    }
    const odd = sensors.find(({ name }) => !isSensorName(name));
    return odd === undefined ? null : reject('TEXT_INVALID', { sensor: odd.name });
  },

  // COMMIT POINT
  apply({ id: model, ...description }, city) {
    city.write(at(modelCommandsKind, model), { ...description, from: city.height });
    city.emit('model/described', { model, commands: description.commands.map(({ name }) => name) });
  },
});

function checkCommand({ name: command, parameters }: ModelCommand): Rejection | null {
  if (!isCommandName(command)) return reject('TEXT_INVALID', { command });
  for (const [position, { name, min, max }] of parameters.entries()) {
    if (!isArgumentName(name)) return reject('TEXT_INVALID', { command, position });
    if (parameters.findIndex((other) => other.name === name) !== position) return reject('DUPLICATE_KEY', { command, position });
    if (min > max) return reject('NUMBER_RANGE', { command, position, min, max });
  }
  return null;
}
