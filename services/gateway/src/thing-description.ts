/**
 * A W3C Thing Description (WoT TD 1.1) of a model, made from what its maker says on the ledger: a property for each sensor, an action for
 * each command. It stands for every device of the model: which one is meant is the variable `device` of its addresses (TD §5.3.4.2).
 */

import { toHex } from '@oppidum/formats/bytes';
import type { ModelCommand } from '@oppidum/formats/model-description';
import type { ModelRecord } from '@oppidum/formats/state-devices';
import type { ThingDescriptionJson } from './api/trust.ts';

type Sensor = { readonly name: string; readonly unit?: string | undefined; readonly decimals: number };

/** What a description is made of; `height`: of the block whose state says so. */
export type DescribedModel = {
  readonly id: Uint8Array;
  readonly record: ModelRecord;
  readonly commands: readonly ModelCommand[];
  readonly sensors: readonly Sensor[];
  readonly height: number;
  /** Where the city's API is, with its scheme. */
  readonly base: string;
};

/** The description. Names of affordances are those of the ledger: `light/level`. */
export function describeThing({ id, record, commands, sensors, height, base }: DescribedModel): ThingDescriptionJson {
  const about = record.simulated ? ' No machine stands behind it: it is simulated.' : '';
  return {
    '@context': ['https://www.w3.org/2022/wot/td/v1.1', { htv: 'http://www.w3.org/2011/http#' }],
    '@type': record.deviceType,
    id: `urn:oppidum:model:${toHex(id)}`,
    title: record.name,
    description: `What every device of this model measures and can be asked to do, as its maker says on the ledger.${about}`,
    base,
    version: { instance: `block-${height}` },
    security: 'apiKey',
    securityDefinitions: { apiKey: { scheme: 'bearer', in: 'header', name: 'authorization' } },
    uriVariables: { device: { type: 'string', pattern: '^[0-9a-f]{64}$' } },
    properties: Object.fromEntries(sensors.map((sensor) => [sensor.name, propertyOf(sensor)])),
    actions: Object.fromEntries(commands.map((command) => [command.name, actionOf(command)])),
  };
}

/** Readings are signed by devices and read from the city: nobody writes or observes them at the device. */
function propertyOf({ name, unit, decimals }: Sensor): ThingDescriptionJson['properties'][string] {
  const href = `/api/v1/readings/values{?device}&name=${encodeURIComponent(name)}`;
  return {
    title: name,
    type: decimals === 0 ? 'integer' : 'number',
    ...(decimals === 0 ? {} : { multipleOf: Number(`1e-${decimals}`) }),
    ...(unit === undefined ? {} : { unit }),
    readOnly: true,
    observable: false,
    forms: [{ href, op: ['readproperty'], contentType: 'application/json', 'htv:methodName': 'GET' }],
  };
}

function actionOf({ name, parameters }: ModelCommand): ThingDescriptionJson['actions'][string] {
  const properties = parameters.map(({ name: argument, min, max, unit }) => [
    argument,
    { type: 'integer' as const, minimum: min, maximum: max, ...(unit === undefined ? {} : { unit }) },
  ]);
  return {
    title: name,
    description:
      'An order: signed by the order keys of the device’s zone, put on the ledger as a transaction, and obeyed by the device only with proof of that. The input is what stands in its statement (specs/orders.md).',
    safe: false,
    idempotent: false,
    input: {
      type: 'object',
      properties: Object.fromEntries(properties),
      required: parameters.map(({ name: argument }) => argument),
    },
    forms: [
      {
        href: '/api/v1/transactions',
        op: ['invokeaction'],
        contentType: 'application/cose; cose-type="cose-sign"',
        'htv:methodName': 'POST',
      },
    ],
  };
}
