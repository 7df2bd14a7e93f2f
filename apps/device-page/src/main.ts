/** A page that is a device: an example for makers, of the same code that runs in Node. `?clock-error-ms=N` says how far its clock may be off if that is further than usual, `?model=ID` what it is. */

import { TimeKeeper } from '@oppidum/device/agree-time';
import { CityClient } from '@oppidum/device/city-client';
import { DeviceClock } from '@oppidum/device/clock';
import { Device } from '@oppidum/device/device';
import { HttpLink } from '@oppidum/device/http-link';
import { KeyBook } from '@oppidum/device/key-book';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { activationChallenge } from '@oppidum/formats/possession';
import { type DeviceRecord, deviceKind } from '@oppidum/formats/state-devices';
import { DeviceDatabase } from '@oppidum/web-device/database';
import { readOrMakeWebKey, type WebSigner } from '@oppidum/web-device/web-key';
import { openWebOutbox } from '@oppidum/web-device/web-outbox';
import { evidenceStore, sleepWatch, webExchange, webMonotonic, webTime } from '@oppidum/web-device/web-ports';
import { clockErrorAsked } from './clock-error.ts';
import { element, show, showNext, showReading, showTrouble } from './layout.ts';

const STATE_CHECK_MS = 1_000;
const KEY_NUMBER = 0;

/** The policy that this device trusts: the one it saw first, from then on no other. */
async function readOrPinPolicy(database: DeviceDatabase, api: CityClient): Promise<Bytes> {
  const known = await database.read<Bytes>('facts', 'policy');
  if (known !== null) return known;
  const policy = await api.policy();
  await database.write((store) => store('facts').put(policy, 'policy'));
  return policy;
}

type Enrolled = { readonly id: Bytes; readonly signer: WebSigner; readonly records: ProvenRecords };

/** What the ledger says of this device, and what is to be done next; resolves when it is active. */
async function watchState({ id, signer, records }: Enrolled): Promise<void> {
  for (;;) {
    try {
      const record = await records.read(deviceKind, [id]);
      show('state', record?.status ?? 'not registered');
      await showStep(record, { id, signer, records });
      if (record?.status === 'active') return;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      showTrouble(error.code);
    }
    await new Promise((resolve) => setTimeout(resolve, STATE_CHECK_MS));
  }
}

/** The model in the address of this page, or a word for whoever runs the command to replace. */
function modelAsked(): string {
  const asked = new URLSearchParams(location.search).get('model') ?? '';
  return /^[0-9a-f]{64}$/.test(asked) ? asked : 'MODEL';
}

async function showStep(record: DeviceRecord | null, { id, signer, records }: Enrolled): Promise<void> {
  if (record === null) {
    const key = `--public-key ${toHex(signer.publicKey)}`;
    showNext(
      'Let its maker register it:',
      `npx --no-install oppidum device register --model ${modelAsked()} ${key} --label browser`,
    );
  } else if (record.status === 'registered') {
    const place = { genesis: records.audience, device: id, registration: record.registration, keyNumber: KEY_NUMBER };
    const proof = await signer.sign(activationChallenge({ ...place, publicKey: signer.publicKey }));
    showNext(
      'This proves that it holds its key; anybody may hand it in:',
      `npx --no-install oppidum device activate ${toHex(id)} --proof ${toHex(proof)}`,
    );
  } else showNext(null, '');
}

async function start(): Promise<void> {
  const database = await DeviceDatabase.open('device');
  // Without this a browser short of room may clear what waits; it may refuse.
  void navigator.storage.persist();
  const api = new CityClient(location.origin, webExchange);
  const policy = await readOrPinPolicy(database, api);
  show('policy', toHex(nobleCrypto.sha256(policy)));
  const records = new ProvenRecords(nobleCrypto, policy, api);
  const signer = await readOrMakeWebKey(database);
  const id = deviceIdOf(nobleCrypto, signer.publicKey);
  show('device', toHex(id));
  const shardKeys = new KeyBook(records, evidenceStore(database));
  await shardKeys.load();
  const outbox = await openWebOutbox({ database, crypto: nobleCrypto, audience: records.audience });
  const clock = new DeviceClock({ monotonic: webMonotonic() });
  const errorMs = clockErrorAsked(location.search);
  const keeper = new TimeKeeper({ clock, sources: [webTime(errorMs)], onTrouble: ({ code }) => showTrouble(code) });
  const device = new Device({ crypto: nobleCrypto, id, keyNumber: KEY_NUMBER, signer, outbox, issuers: shardKeys, clock });
  const count = (): void => show('waiting', String(device.unsettledCount + device.heldCount));
  const link = new HttpLink(api, [device], {
    shardKeys,
    onTrouble: ({ code }) => showTrouble(code),
    onSettled: ({ digest, code }) => {
      showTrouble(null);
      showReading(toHex(digest), code ?? 'kept');
      count();
    },
  });
  await keeper.start();
  const now = clock.now();
  show('clock', now === null ? 'unknown' : `±${now.errorMs / 1_000} s, as this machine says`);
  for (const { digest } of device.unsent(0, Number.POSITIVE_INFINITY)) showReading(toHex(digest), 'waiting');
  count();
  link.start();
  const hasSlept = sleepWatch();
  element<HTMLFormElement>('measure').addEventListener('submit', (event) => {
    event.preventDefault();
    measure(device, async () => {
      if (hasSlept()) await keeper.agree();
    }).then(count, stop);
  });
  api.city().then(({ name }) => show('city', name), stop);
  await watchState({ id, signer, records });
}

async function measure(device: Device, before: () => Promise<void>): Promise<void> {
  await before();
  const [sensor, unit] = [element<HTMLInputElement>('sensor').value, element<HTMLInputElement>('unit').value];
  const value = element<HTMLInputElement>('value').valueAsNumber;
  const reported = await device.measure([{ sensor, value, ...(unit === '' ? {} : { unit }) }]);
  if (reported !== null) showReading(toHex(reported.digest), 'waiting');
}

/** What this page cannot go on from, in words. */
function stop(error: unknown): void {
  showTrouble(error instanceof FormatError ? error.message : String(error));
  if (!(error instanceof FormatError)) throw error;
}

start().catch(stop);
