/** A sensor of a device becomes visible to contracts: interlocks may read it. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { isSensorName } from '@oppidum/formats/model-description';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';
import { readStanding } from '../devices/standing.ts';
import { sensorAt } from './sensors.ts';

/**
 * Declares an interlock sensor. Its readings ride along with anchors from then on; the state keeps round(value × 10^decimals).
 * Rule: readings about people never enter the ledger.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, DEVICE_UNKNOWN, MODEL_PERSONAL, TEXT_INVALID, SENSOR_EXISTS.
 */
export const declareSensor = defineAction({
  kind: 'telemetry/declare-sensor',
  body: ACTION_FIELDS['telemetry/declare-sensor'],

  check({ device, name }, city) {
    const refused = checkRole(city, 'operator', 'full');
    if (refused !== null) return refused;
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    if (standing.model.personal) return reject('MODEL_PERSONAL', { device: toHex(device) });
    if (!isSensorName(name)) return reject('TEXT_INVALID', { want: 'letters, digits and - : . / _' });
    const known = city.read(sensorAt(city, device, name)) !== null;
    return known ? reject('SENSOR_EXISTS', { device: toHex(device), name }) : null;
  },

  // COMMIT POINT
  apply({ device, name, decimals }, city) {
    city.write(sensorAt(city, device, name), { name, decimals, from: city.height });
    city.emit('telemetry/sensor-declared', { device, name, decimals });
  },
});
