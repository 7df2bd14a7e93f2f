/**
 * Lamps for management systems that speak TALQ: what they are and do in that shape, and override commands read into requests. Nothing here
 * moves a lamp. A request becomes an order when order keys of its zone sign it, by the same way as every other.
 */

import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { LIMITS } from '@oppidum/formats/limits';
import { type AnyKind, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import { zoneKind } from '@oppidum/formats/state-orders';
import { z } from 'zod';
import type { GatewayContext } from '../gateway-context.ts';
import { findDevices } from '../read-model/device-queries.ts';
import { findZoneDevices } from '../read-model/order-queries.ts';
import { findLatest } from '../read-model/series-queries.ts';
import { type KnownLamp, talqAddress, talqClasses, talqGroup, talqLamp } from '../talq/logical-devices.ts';
import { type OrderRequest, readOverride, type TalqTarget } from '../talq/override-command.ts';
import { inTurns } from '../turns.ts';
import type { App } from './app.ts';
import { readsJson } from './json-body.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, noQuery } from './parameters.ts';

const LIGHTING = 'lighting';
const LAMP_TYPE = 'street-light';
const SERIES_OF_A_LAMP = 50;
const LAMPS_OF_ONE_TURN = 8;
const BODY_SIZE_MAX = 65_536;
const ADDRESS_COUNT_MAX = 100;
/** Of an address the first six bytes are those of the id. */
const KNOWN_DIGITS = 12;
const ID_DIGITS = 64;
/** Ids that begin alike in 48 bits: more than one is chance enough. */
const NEAR_COUNT = 8;

const functionShape = z.looseObject({ id: z.string(), type: z.string() });
const deviceShape = z.object({ address: z.string(), name: z.string(), class: z.string(), functions: z.array(functionShape) });
const devicesAnswer = z.object({ items: z.array(deviceShape), next: z.string().nullable() });
const classesAnswer = z.object({ items: z.array(z.looseObject({ name: z.string() })) });
const groupsAnswer = z.object({ items: z.array(z.looseObject({ address: z.string(), name: z.string() })) });
const targetShape = z.object({ zone: z.string().optional(), section: z.int().optional(), device: z.string().optional() });
const requestShape = z.object({
  target: targetShape,
  command: z.string(),
  arguments: z.array(z.int()),
  start: z.string().nullable(),
  expiration: z.string().nullable(),
  reference: z.string().nullable(),
});
const requestsAnswer = z.object({
  requests: z.array(requestShape),
  /** In TALQ's words, when there are no requests. */
  errors: z.array(z.object({ key: z.string(), description: z.string() })),
});

const overrideBody = z.looseObject({
  addresses: z.array(z.looseObject({ resource: z.string().max(64), address: z.string().max(256) })).max(ADDRESS_COUNT_MAX),
});
type OverrideBody = z.infer<typeof overrideBody>;

/** GET /api/v1/talq/device-classes, /devices, /groups; POST /api/v1/talq/override-commands. */
export function addTalqRoutes(app: App, context: GatewayContext): void {
  const schema = { tags: ['talq'] };
  app.get(
    '/api/v1/talq/device-classes',
    { schema: { ...schema, summary: 'What lamps and cabinets can do', querystring: noQuery, response: answers(classesAnswer) } },
    async () => ({ items: talqClasses() as { name: string }[] }),
  );
  app.get(
    '/api/v1/talq/devices',
    { schema: { ...schema, summary: 'Lamps as TALQ devices, by id', querystring: pageQuery, response: answers(devicesAnswer) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const { database } = context.readModel;
      const after = parseCursor('talq', cursor, ['string'])?.[0] ?? null;
      const { rows, end } = await findDevices(database, { limit: limit + 1, after, type: LAMP_TYPE });
      const lamps = await inTurns(
        rows,
        async ({ id, label }) => ({ id, ...(await knownLamp(context, id, label)) }),
        LAMPS_OF_ONE_TURN,
      );
      const positionOf = ({ id }: { readonly id: string }) => [id];
      return makePage({ request, reply }, { name: 'talq', limit, positionOf, end: end === null ? null : [end] }, lamps, showLamp);
    },
  );
  app.get(
    '/api/v1/talq/groups',
    { schema: { ...schema, summary: 'Zones of lamps as TALQ groups', querystring: noQuery, response: answers(groupsAnswer) } },
    async () => {
      const owner = talqAddress(context.node.genesisHash);
      const show = async (zone: LampZone) => talqGroup({ ...zone, lamps: await lampsOf(context, zone.id) }, owner);
      return { items: await inTurns(lampZones(context), show, 1) };
    },
  );
  app.register(async (scope: App) => {
    readsJson(scope, BODY_SIZE_MAX);
    scope.post(
      '/api/v1/talq/override-commands',
      {
        bodyLimit: BODY_SIZE_MAX,
        schema: {
          ...schema,
          summary: 'Read a TALQ override command into requests for orders: nothing is moved before order keys sign',
          querystring: noQuery,
          body: overrideBody,
          response: answers(requestsAnswer),
        },
      },
      async (request) => {
        const answer = await readWith(context, request.body);
        return 'errors' in answer ? { requests: [], errors: [...answer.errors] } : { requests: answer.map(plain), errors: [] };
      },
    );
  });
}

/** As the schema of the answer has it. */
function showLamp(lamp: KnownLamp) {
  const { functions, ...device } = talqLamp(lamp);
  return { ...device, functions: [...functions] };
}

/** What a lamp signed last: `dimming` as a ratio, `power` in watts, `failure`. */
async function knownLamp({ readModel }: GatewayContext, id: string, label: string | null): Promise<KnownLamp> {
  const { rows } = await findLatest(readModel.database, { limit: SERIES_OF_A_LAMP, after: null, device: id });
  const newest = (name: string) => rows.find((row) => row.name === name);
  const number = (name: string): number | null => newest(name)?.number ?? null;
  const dimming = number('dimming');
  const levelPercent = dimming === null ? null : Math.min(100, Math.max(0, Math.round(dimming * 100)));
  return {
    device: parseHex(id),
    label: label ?? id,
    place: null,
    levelPercent,
    aimPercent: null,
    powerW: number('power'),
    isDead: number('failure') === 1,
    atMs: Math.max(0, ...rows.map((row) => row.time_ms)),
  };
}

/** A group has all its members: TALQ knows no pages of them. */
async function lampsOf({ readModel }: GatewayContext, zone: Bytes): Promise<Bytes[]> {
  const devices = await findZoneDevices(readModel.database, toHex(zone), { limit: LIMITS.zoneOrderDeviceCountMax, after: '' });
  return devices.map(({ device }) => parseHex(device));
}

type LampZone = { readonly id: Bytes; readonly name: string };

/** Zones whose domain is lighting. */
function lampZones({ node }: GatewayContext): readonly LampZone[] {
  return [...node.scan(prefixRange(zoneKind as unknown as AnyKind, []))].flatMap(({ key, value }) => {
    const { name, domain } = parseState(zoneKind, value);
    return domain === LIGHTING ? [{ id: parseKey(zoneKind, key)[0], name }] : [];
  });
}

/** Reads an override command by the devices and zones that there are. */
async function readWith(context: GatewayContext, body: OverrideBody): Promise<ReturnType<typeof readOverride>> {
  const devices = new Map<string, TalqTarget>();
  for (const { resource, address: full } of body.addresses) {
    const [address = ''] = full.split('/');
    if (resource !== 'devices' || devices.has(address)) continue;
    const device = await findAddressed(context, address);
    if (device !== null) devices.set(address, { device });
  }
  const zones = new Map(lampZones(context).map(({ id }) => [talqAddress(id), { zone: toHex(id) }]));
  return readOverride(body, {
    device: (address) => devices.get(address) ?? null,
    group: (address) => zones.get(address) ?? null,
  });
}

/** The lamp with this address: its id begins as the address does, but for the bits of the UUID's version. */
async function findAddressed({ readModel }: GatewayContext, address: string): Promise<string | null> {
  const digits = address.replaceAll('-', '').slice(0, KNOWN_DIGITS);
  if (!/^[0-9a-f]{12}$/.test(digits)) return null;
  const before = `${digits}${'0'.repeat(ID_DIGITS - KNOWN_DIGITS)}`;
  const { rows: near } = await findDevices(readModel.database, { limit: NEAR_COUNT, after: before, type: LAMP_TYPE });
  return near.find(({ id }) => talqAddress(parseHex(id)) === address)?.id ?? null;
}

function plain({ target, arguments: values, ...rest }: OrderRequest) {
  return { ...rest, target: { ...target }, arguments: [...values] };
}
