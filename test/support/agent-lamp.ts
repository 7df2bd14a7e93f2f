/** A lamp by the agent of the SDK, as its maker would build it: state and outbox in a folder, a link over MQTT. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { Device } from '@oppidum/device/device';
import { MqttLink } from '@oppidum/device/mqtt-link';
import { Challenges } from '@oppidum/device/orders/challenges';
import { OrderAgent } from '@oppidum/device/orders/order-agent';
import { type OrderState, openOrderState, pinZone } from '@oppidum/device/orders/order-state';
import { OrderTrust } from '@oppidum/device/orders/order-trust';
import { openOutbox } from '@oppidum/device/outbox';
import type { SensorValue } from '@oppidum/device/reading-pack';
import { openShardKeys } from '@oppidum/device/shard-keys';
import { systemMonotonic } from '@oppidum/device/system-time';
import { toHex } from '@oppidum/formats/bytes';
import { parsePolicy } from '@oppidum/formats/policy';
import type { Street, StreetLamp } from './street.ts';

/** A lamp at work. */
export type AgentLamp = {
  /** What it did, in order, over all its lives. */
  readonly done: string[];
  /** Order and code of what it refused. */
  readonly refused: string[];
  readonly troubles: string[];
  /** Whom it obeys, as it stands on its disk. */
  readonly pins: () => Pick<OrderState, 'keys' | 'envelope'>;
  /** Hands it bytes as if they had come from outside. */
  readonly receive: (order: Uint8Array) => Promise<void>;
  /** As a power cut would: nothing but its folder stays. */
  readonly stop: () => Promise<void>;
};

/** Starts it, pinned to the zone at its first start. `policy`: the file that it trusts; `mqtt`: doors with commas between them. */
export async function startLamp(
  {
    folder,
    policy,
    mqtt,
    street,
    lamp,
    login,
  }: {
    readonly folder: string;
    readonly policy: string;
    readonly mqtt: string;
    readonly street: Street;
    readonly lamp: StreetLamp;
    /** Of a broker that is not the city's. */
    readonly login?: { readonly username: string; readonly password: string };
  },
  before: Pick<AgentLamp, 'done' | 'refused' | 'troubles'> = { done: [], refused: [], troubles: [] },
): Promise<AgentLamp> {
  const own = join(folder, lamp.hex);
  const state = join(own, 'orders.cbor');
  const isNew = mkdirSync(own, { recursive: true }) !== undefined;
  if (isNew) await pinZone(state, { keys: street.keySet, envelope: street.envelope });
  const shardKeys = await openShardKeys(street.records, null);
  const outbox = openOutbox({ path: join(own, 'outbox.sqlite'), crypto: nativeCrypto, audience: street.records.audience });
  const device = new Device({ crypto: nativeCrypto, id: lamp.id, keyNumber: 0, signer: lamp.signer, outbox, issuers: shardKeys });
  const { done, refused, troubles } = before;
  const told = { shardKeys, onTrouble: ({ code }: { readonly code: string }) => troubles.push(code) };
  const link = new MqttLink(mqtt, device, login === undefined ? told : { ...told, login });
  const measure = (values: readonly SensorValue[]) => device.report(values.map((value) => ({ ...value, timeMs: Date.now() })));
  const agent = new OrderAgent({
    crypto: nativeCrypto,
    device: { id: device.id, keyNumber: device.keyNumber, audience: device.audience, measure },
    signer: lamp.signer,
    store: openOrderState(state),
    trust: new OrderTrust(nativeCrypto, parsePolicy(nativeCrypto, new Uint8Array(readFileSync(policy))), null),
    source: null,
    challenges: new Challenges(systemMonotonic()),
    actuator: {
      dangerous: new Set(),
      veto: () => null,
      act: async ({ command }) => {
        done.push(command);
      },
      state: () => [],
    },
    link,
    news: { link, documents: null },
    onTrouble: ({ code }) => troubles.push(code),
    onOutcome: ({ order, code }) => {
      if (code !== null) refused.push(`${toHex(order)} ${code}`);
    },
  });
  link.start();
  await agent.start();
  const stop = async (): Promise<void> => {
    await agent.stop();
    await link.stop();
    outbox.close();
  };
  return { done, refused, troubles, pins: () => openOrderState(state).read(), receive: (bytes) => agent.receive(bytes), stop };
}
