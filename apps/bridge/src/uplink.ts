/**
 * What LoRaWAN network servers post: the events of ChirpStack v4 (integration HTTP, JSON) and the webhooks of The Things Stack v3, both
 * as their documentation describes them. Everything that is no uplink is passed over.
 */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { formatError } from '@oppidum/formats/errors';
import { z } from 'zod';
import type { UplinkField } from './lorawan-settings.ts';
import { makeValue, readNumber } from './values.ts';

/** An uplink of a device. `session` changes when the device joins anew and its counter begins again. */
export type Uplink = {
  readonly devEui: string;
  readonly session: string;
  readonly port: number;
  readonly frameCount: number;
  readonly payload: Uint8Array;
  readonly decoded: unknown;
};

const devEui = z.string().regex(/^[0-9a-fA-F]{16}$/);
const frameCount = z.int().min(0).max(0xffffffff);
const port = z.int().min(0).max(255);
const base64 = z
  .string()
  .max(1_024)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** ChirpStack v4, message UplinkEvent of its `integration.proto` as JSON; zero and empty fields are left out there. */
const chirpstack = z.object({
  deviceInfo: z.object({ devEui }),
  devAddr: z.string().max(16).optional(),
  fCnt: frameCount.default(0),
  fPort: port.default(0),
  data: base64.default(''),
  object: z.unknown().optional(),
});

/** The Things Stack v3, ApplicationUp with `uplink_message`. */
const thingsStack = z.object({
  end_device_ids: z.object({ dev_eui: devEui, dev_addr: z.string().max(16).optional() }),
  uplink_message: z.object({
    session_key_id: z.string().max(64).optional(),
    f_cnt: frameCount.default(0),
    f_port: port.default(0),
    frm_payload: base64.default(''),
    decoded_payload: z.unknown().optional(),
  }),
});

/** Reads what a network server posted; null for an event that is no uplink. Throws UPLINK_INVALID. */
export function readUplink(text: string, event: string | null): Uplink | null {
  if (event !== null && event !== 'up') return null;
  const body = parseJson(text);
  if (typeof body !== 'object' || body === null) throw formatError('UPLINK_INVALID', { want: 'an object' });
  if ('end_device_ids' in body) {
    if (!('uplink_message' in body)) return null;
    const { end_device_ids: ids, uplink_message: up } = check(thingsStack, body);
    const session = up.session_key_id ?? ids.dev_addr ?? '';
    return makeUplink(ids.dev_eui, session, [up.f_port, up.f_cnt], up.frm_payload, up.decoded_payload);
  }
  const up = check(chirpstack, body);
  return makeUplink(up.deviceInfo.devEui, up.devAddr ?? '', [up.fPort, up.fCnt], up.data, up.object);
}

function makeUplink(
  eui: string,
  session: string,
  [fPort, fCnt]: readonly [number, number],
  data: string,
  decoded: unknown,
): Uplink {
  const payload = new Uint8Array(Buffer.from(data, 'base64'));
  return { devEui: eui.toLowerCase(), session, port: fPort, frameCount: fCnt, payload, decoded };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw formatError('UPLINK_INVALID', { want: 'JSON' });
  }
}

function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw formatError('UPLINK_INVALID', { at: `/${parsed.error.issues[0]?.path.join('/')}` });
}

/** The values that an uplink carries by the declared fields; what is absent or no value is left out. */
export function valuesOf(uplink: Uplink, fields: readonly UplinkField[]): readonly SensorValue[] {
  return fields
    .map((field) => {
      const value =
        'field' in field
          ? lookUp(uplink.decoded, field.field)
          : readNumber(uplink.payload, field.at, field.type, field.order === 'little');
      return makeValue(field, value);
    })
    .filter((value) => value !== null);
}

/** Own properties alone, along the dots. */
function lookUp(object: unknown, path: string): unknown {
  let found = object;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return null;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}
