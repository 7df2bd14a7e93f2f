/**
 * The devices that a bridge speaks for: each has a key of its own, of grade `bridge`, in the bridge's folder, so that a verdict names the
 * device and says that a bridge signed. All share one outbox: what the city does not take now waits on disk.
 *
 *   keys/NAME.seed   outbox.sqlite   shard-keys/
 */

import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { FIRST_KEY_NUMBER } from '@oppidum/device/actions';
import { TimeKeeper } from '@oppidum/device/agree-time';
import { CityApi } from '@oppidum/device/city-api';
import { DeviceClock, type TimeSource } from '@oppidum/device/clock';
import { Device } from '@oppidum/device/device';
import { HttpLink } from '@oppidum/device/http-link';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { ntpTime } from '@oppidum/device/ntp-time';
import { openOutbox } from '@oppidum/device/outbox';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { openShardKeys } from '@oppidum/device/shard-keys';
import { systemMonotonic, systemTime } from '@oppidum/device/system-time';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf } from '@oppidum/formats/ids';
import type { ClockSettings } from './common-settings.ts';

/** One device that nobody lets in must not fill the outbox of all. */
const SENDER_SIZE_MAX = 8 * 1024 * 1024;

/** Tells people what happens, one event a line. */
export type Log = (event: string, facts: Readonly<Record<string, string | number>>) => void;

type BridgeOptions = {
  readonly folder: string;
  readonly api: string;
  /** The bytes of `city.policy`. */
  readonly policy: Bytes;
  readonly clock: ClockSettings;
  readonly whenFull?: 'refuse-new' | 'drop-oldest';
  readonly names: readonly string[];
  readonly log: Log;
};

/** What a kind of bridge works with. */
export type Bridge = {
  /** The device of a name in the settings. */
  readonly device: (name: string) => Device;
  readonly log: Log;
  readonly close: () => Promise<void>;
};

/** The key of a device, made at the first call. */
export async function readBridgeKey(folder: string, name: string): Promise<Signer> {
  return ed25519Signer(await readOrMakeSeed(join(folder, 'keys', `${name}.seed`)));
}

/** Opens the folder and starts sending what waits in it. Throws as `openOutbox`, `readOrMakeSeed` and `parseCityPolicy` do. */
export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const { folder, log } = options;
  const api = new CityApi(options.api);
  const records = new ProvenRecords(nativeCrypto, options.policy, api);
  const shardKeys = await openShardKeys(records, join(folder, 'shard-keys'));
  const outbox = openOutbox({
    path: join(folder, 'outbox.sqlite'),
    crypto: nativeCrypto,
    audience: records.audience,
    senderSizeMax: SENDER_SIZE_MAX,
    whenFull: options.whenFull ?? 'refuse-new',
    onDropped: ({ sequence }) => log('dropped', { sequence }),
  });
  const clock = new DeviceClock({ monotonic: systemMonotonic() });
  const onTrouble = ({ source, code }: { readonly source: string; readonly code: string }): void =>
    log('trouble', { source, code });
  const keeper = new TimeKeeper({ clock, sources: sourcesOf(options.clock), onTrouble });
  const devices = new Map<string, Device>();
  const nameOf = new Map<Device, string>();
  for (const name of options.names) {
    const signer = await readBridgeKey(folder, name);
    const id = deviceIdOf(nativeCrypto, signer.publicKey);
    const onUndated = ({ code }: { readonly code: string }): void => log('lost', { device: name, code });
    const key = { crypto: nativeCrypto, id, keyNumber: FIRST_KEY_NUMBER, signer };
    const device = new Device({ ...key, outbox, issuers: shardKeys, clock, onUndated });
    devices.set(name, device);
    nameOf.set(device, name);
  }
  const link = new HttpLink(api, [...devices.values()], {
    shardKeys,
    onTrouble: ({ device, code }) => log('trouble', { device: nameOf.get(device) ?? '', code }),
    onSettled: ({ device, code }) =>
      log(code === null ? 'kept' : 'refused', { device: nameOf.get(device) ?? '', ...(code === null ? {} : { code }) }),
  });
  await keeper.start();
  link.start();
  return {
    log,
    device: (name) => {
      const device = devices.get(name);
      if (device === undefined) throw new Error(`the settings name no device ${name}`);
      return device;
    },
    close: async () => {
      keeper.stop();
      await link.stop();
      outbox.close();
      api.close();
    },
  };
}

function sourcesOf(clock: ClockSettings): readonly TimeSource[] {
  return 'ntp' in clock ? clock.ntp.map((host) => ntpTime({ host })) : [systemTime(clock.errorMs)];
}
