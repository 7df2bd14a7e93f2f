/**
 * Everything that a device of one process needs, put together: key, outbox, proofs, clock and link, all kept in one folder. Whoever needs
 * another arrangement (many devices, a secure element, another store) puts the parts together alike.
 *
 *   key.seed   the private key, made at the first start (`device-folder.ts`)      outbox.sqlite   what no receipt has settled
 *   shard-keys/   whose receipts to believe                                       zone.cbor   whose orders to obey, for actuators
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { TimeKeeper } from './agree-time.ts';
import { CityApi } from './city-api.ts';
import { cityTime } from './city-time.ts';
import { DeviceClock, type TimeSource } from './clock.ts';
import { Device } from './device.ts';
import { readKeyHolder } from './device-folder.ts';
import { DeviceReports, type ReportLink } from './device-reports.ts';
import { HttpLink } from './http-link.ts';
import { HttpOrderLink } from './http-order-link.ts';
import { HttpZoneLink } from './http-zone-link.ts';
import { type ImagePermission, type ImageQuestion, openPermission } from './image-permission.ts';
import { MqttLink } from './mqtt-link.ts';
import type { Actuator } from './orders/actuator.ts';
import { Challenges } from './orders/challenges.ts';
import { holdSafe, isOutside } from './orders/hold-safe.ts';
import { OrderAgent, type OrderOutcome } from './orders/order-agent.ts';
import { type OrderStore, openOrderState, ZONE_FILE } from './orders/order-state.ts';
import { ledgerSource, OrderTrust } from './orders/order-trust.ts';
import type { ZoneDocuments } from './orders/zone-follower.ts';
import { openOutbox } from './outbox.ts';
import { ProvenRecords } from './proven-records.ts';
import type { SensorValue } from './reading-pack.ts';
import { openShardKeys } from './shard-keys.ts';
import { systemMonotonic } from './system-time.ts';

type OpenDeviceOptions = {
  readonly folder: string;
  /** The file of the policy to trust. */
  readonly policy: string;
  /** Address of the city's API, or of several of its gateways with commas between them: the next one when one is away. */
  readonly api: string;
  /** Who tells the time; more than half of them must agree. `city`: the times that its quorum signs. */
  readonly time: readonly (TimeSource | 'city')[];
  /** Address of the MQTT door, or of several with commas between them; without it readings go by HTTP. */
  readonly mqttUrl?: string;
  /** A receipt settled a reading; `code` is null when it was kept. Digests are in hex. */
  readonly onSettled?: (settled: { readonly digest: string; readonly code: string | null }) => void;
  /** A machine that takes orders: `zone.cbor` in the folder says whose (`pinZone`). */
  readonly actuator?: Actuator;
  /** The signed documents that it works by. */
  readonly documents?: ZoneDocuments;
  /** What became of each order. */
  readonly onOutcome?: (outcome: OrderOutcome) => void;
  /** Something is in the way and will be tried again; `code` is of the error catalogue or the system's. */
  readonly onTrouble?: (trouble: { readonly code: string }) => void;
};

/** A device at work. */
export type OpenDevice = {
  /** In hex, as the ledger knows it. */
  readonly id: string;
  readonly device: Device;
  readonly clock: DeviceClock;
  /** Measured now: signed as soon as the time is known, sent until a receipt proves that the city has it. */
  readonly measure: (values: readonly SensorValue[]) => Promise<void>;
  /** Takes orders, where there is an actuator. */
  readonly orders: OrderAgent | null;
  /** Judges an image before it is taken, by evidence alone; as `openPermission`. */
  readonly judgeImage: (question: ImageQuestion) => ImagePermission;
  /**
   * Why an actuator takes none: ZONE_UNPINNED, ORDER_STATE_DAMAGED, or what the system says of the file. Then it is in its safe state, says so,
   * and goes on measuring; null where it takes orders.
   */
  readonly held: string | null;
  /** Says by its own key what it attests, that it is active, which image it runs. */
  readonly reports: DeviceReports;
  /** Stops and lets go of the folder; what has no receipt stays in it. */
  readonly close: () => Promise<void>;
};

/**
 * Opens the folder of a device, or makes it, and starts sending. Resolves when the sources of time were asked once, whatever they said.
 * Throws TRUST_MISSING, and as `parseCityPolicy`, `readOrMakeSeed` and `openOutbox` do.
 */
export async function openDevice(options: OpenDeviceOptions): Promise<OpenDevice> {
  const { folder, mqttUrl, onTrouble = () => undefined } = options;
  const api = new CityApi(options.api);
  const records = new ProvenRecords(nativeCrypto, readPolicy(options.policy), api);
  const { id, keyNumber, signer } = await readKeyHolder(folder);
  const shardKeys = await openShardKeys(records, join(folder, 'shard-keys'));
  const outbox = openOutbox({ path: join(folder, 'outbox.sqlite'), crypto: nativeCrypto, audience: records.audience });
  const clock = new DeviceClock({ monotonic: systemMonotonic() });
  const onUndated = onTrouble;
  const device = new Device({ crypto: nativeCrypto, id, keyNumber, signer, outbox, issuers: shardKeys, clock, onUndated });
  const signed = cityTime({ crypto: nativeCrypto, policy: records.policy, clock, checkpoint: () => api.checkpoint() });
  const sources = options.time.map((source) => (source === 'city' ? signed : source));
  const keeper = new TimeKeeper({ clock, sources, onTrouble });
  const onSettled = ({ digest, code }: { readonly digest: Uint8Array; readonly code: string | null }): void =>
    options.onSettled?.({ digest: toHex(digest), code });
  const carrier = { shardKeys, onTrouble, onSettled };
  const mqtt = mqttUrl === undefined ? null : new MqttLink(mqttUrl, device, carrier);
  const link = mqtt ?? new HttpLink(api, [device], carrier);
  const store = openStore(folder);
  const held = typeof store === 'string' ? store : null;
  const orders = typeof store === 'string' ? null : openOrders(options, { records, device, signer, api, mqtt, store });
  // First: what waits in the outbox makes the city sign, and so tell the time.
  link.start();
  await keeper.start();
  await orders?.agent.start();
  for (const way of orders?.ways ?? []) way.start();
  const { actuator } = options;
  if (held !== null && actuator !== undefined) await holdSafe({ actuator, device, onTrouble }, held);
  return {
    id: toHex(id),
    device,
    clock,
    orders: orders?.agent ?? null,
    judgeImage: (question) => openPermission(nativeCrypto, records, question),
    held: actuator === undefined ? null : held,
    reports: new DeviceReports({ crypto: nativeCrypto, id, keyNumber, signer, records, link: reportLink(api, mqtt) }),
    measure: async (values) => {
      await device.measure(values);
    },
    close: async () => {
      keeper.stop();
      await orders?.agent.stop();
      for (const way of orders?.ways ?? []) await way.stop();
      await link.stop();
      await device.date();
      outbox.close();
      api.close();
    },
  };
}

/** The way that readings go; before a device is active, only HTTP is open to it. */
function reportLink(api: CityApi, mqtt: MqttLink | null): ReportLink {
  const now = (): ReportLink => (mqtt?.isOpen === true ? mqtt : api);
  return { sendReport: (device, message) => now().sendReport(device, message) };
}

type Parts = {
  readonly records: ProvenRecords;
  readonly device: Device;
  readonly signer: Signer;
  readonly api: CityApi;
  /** Orders come the way that readings go. */
  readonly mqtt: MqttLink | null;
  readonly store: OrderStore;
};

/** The state of a machine that takes orders, or why it takes none: a lamp that lost it still gives light and measures. */
function openStore(folder: string): OrderStore | string {
  try {
    return openOrderState(join(folder, ZONE_FILE));
  } catch (error) {
    if (!isOutside(error)) throw error;
    return error.code;
  }
}

/** The agent, and ways of its own where readings go by HTTP; null for what takes no orders. */
function openOrders(
  { actuator, documents, onTrouble, onOutcome }: OpenDeviceOptions,
  { records, device, signer, api, mqtt, store }: Parts,
): { readonly agent: OrderAgent; readonly ways: readonly (HttpOrderLink | HttpZoneLink)[] } | null {
  if (actuator === undefined) return null;
  const told = { ...(onTrouble === undefined ? {} : { onTrouble }), ...(onOutcome === undefined ? {} : { onOutcome }) };
  const orders = mqtt ?? new HttpOrderLink(api, told);
  const news = mqtt ?? new HttpZoneLink(api, device.id, told);
  const agent = new OrderAgent({
    crypto: nativeCrypto,
    device,
    signer,
    store,
    trust: new OrderTrust(nativeCrypto, records.policy, () => api.successors()),
    source: ledgerSource(records),
    challenges: new Challenges(systemMonotonic()),
    actuator,
    link: orders,
    news: { link: news, documents: documents ?? null },
    ...told,
  });
  const ways = [orders, news].filter((way) => way !== mqtt) as (HttpOrderLink | HttpZoneLink)[];
  return { agent, ways };
}

function readPolicy(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw formatError('TRUST_MISSING', { path });
  }
}
