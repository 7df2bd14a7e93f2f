/**
 * The simulated city: devices of a dozen kinds that nobody built, each with its own key, talking to a city over its network as
 * strangers do. Their models say on the ledger that they are simulated.
 *
 *   node main.ts --api http://127.0.0.1:8420 --mqtt mqtt://127.0.0.1:8421 --folder DIR [--interval-ms 10000] [--devices 120] [--seed 1] [--plan FILE] [--clock-error-ms 1000]
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Model, NewDevice } from '@oppidum/device/actions';
import { FIRST_KEY_NUMBER } from '@oppidum/device/actions';
import { TimeKeeper } from '@oppidum/device/agree-time';
import { Backoff } from '@oppidum/device/backoff';
import { CityApi } from '@oppidum/device/city-api';
import { DeviceClock } from '@oppidum/device/clock';
import { Device } from '@oppidum/device/device';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { enrolDevices } from '@oppidum/device/enrol';
import { type Outbox, openOutbox } from '@oppidum/device/outbox';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { openShardKeys, type ShardKeys } from '@oppidum/device/shard-keys';
import { systemMonotonic, systemTime } from '@oppidum/device/system-time';
import { type Bytes, concatBytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import { readDeviceKey, readEnrolledCount, readMaker, readOrPinPolicy, writeEnrolledCount } from './city-folder.ts';
import { Fleet, type Member } from './fleet.ts';
import type { DeviceKind } from './kinds/kind.ts';
import { makePlan, parsePlan, planToGeoJson } from './plan.ts';
import { makePosts, type Post } from './sites.ts';
import { TroubleLog } from './trouble-log.ts';

const USAGE =
  'usage: main.ts --api URL --mqtt URL --folder DIR [--interval-ms N] [--devices N] [--seed N] [--plan FILE] [--clock-error-ms N]';
const INTERVAL_MS = 10_000;
const DEVICE_COUNT = 120;
/** Of the town and of all that its devices measure. */
const SEED = 1;
const DEVICE_COUNT_MAX = 1_000;
/** One device that nobody lets in must not fill the outbox of all. */
const SENDER_SIZE_MAX = 4 * 1024 * 1024;
/** What every reading says of its time: simulated devices take the clock of this machine, and we believe it to a second. */
const CLOCK_ERROR_MS = 1_000;
/** Beyond this a clock counts as unknown, and nothing would ever be signed. */
const CLOCK_ERROR_MAX_MS = 60_000;
const MODEL_LABEL = encodeUtf8('oppidum/simulated-model/v1\n');

type Options = {
  readonly api: string;
  readonly mqtt: string;
  readonly folder: string;
  readonly intervalMs: number;
  readonly deviceCount: number;
  readonly seed: number;
  /** GeoJSON of a real place, or null for the town that is nowhere. */
  readonly plan: string | null;
  readonly clockErrorMs: number;
};

/** A device before it is one: its place in the city and its key. */
type Draft = { readonly post: Post; readonly entry: NewDevice };

function log(line: string): void {
  process.stderr.write(`simulated city: ${line}\n`);
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      api: { type: 'string' },
      mqtt: { type: 'string' },
      folder: { type: 'string' },
      'interval-ms': { type: 'string', default: String(INTERVAL_MS) },
      devices: { type: 'string', default: String(DEVICE_COUNT) },
      seed: { type: 'string', default: String(SEED) },
      plan: { type: 'string' },
      'clock-error-ms': { type: 'string', default: String(CLOCK_ERROR_MS) },
    },
  });
  const { api, mqtt, folder } = values;
  const [intervalMs, deviceCount] = [Number(values['interval-ms']), Number(values.devices)];
  const [seed, clockErrorMs] = [Number(values.seed), Number(values['clock-error-ms'])];
  const isWhole = Number.isSafeInteger(intervalMs) && intervalMs >= 100 && Number.isSafeInteger(deviceCount);
  if (api === undefined || mqtt === undefined || folder === undefined || !isWhole) return null;
  if (deviceCount < 1 || deviceCount > DEVICE_COUNT_MAX || !URL.canParse(api) || !URL.canParse(mqtt)) return null;
  if (!Number.isSafeInteger(seed) || seed < 0) return null;
  if (!Number.isSafeInteger(clockErrorMs) || clockErrorMs < 0 || clockErrorMs > CLOCK_ERROR_MAX_MS) return null;
  return { api, mqtt, folder, intervalMs, deviceCount, seed, plan: values.plan ?? null, clockErrorMs };
}

async function run(options: Options, stopped: Promise<void>): Promise<void> {
  const { folder, deviceCount, intervalMs } = options;
  const troubles = new TroubleLog(log);
  const api = new CityApi(options.api);
  const maker = await readMaker(folder);
  const policy = await untilReached(() => readOrPinPolicy(folder, api), troubles, stopped);
  if (policy === null) return;
  const records = new ProvenRecords(nativeCrypto, policy, api);
  const plan = options.plan === null ? makePlan(options.seed) : parsePlan(await readFile(options.plan, 'utf8'));
  const posts = makePosts(plan, options.seed, deviceCount);
  await writeFileDurably(join(folder, 'map.geojson'), encodeUtf8(JSON.stringify(planToGeoJson(plan))));
  const kinds = [...new Set(posts.map(({ kind }) => kind))];
  const models = kinds.map((kind) => makeModel(maker.manufacturer, kind));
  const drafts = await makeDrafts(folder, maker.manufacturer, posts);
  if ((await readEnrolledCount(folder, records.audience)) < deviceCount) {
    const enrolment = {
      api,
      records,
      manufacturer: maker.manufacturer,
      maker: maker.by,
      models,
      devices: drafts.map(({ entry }) => entry),
    };
    const enrolled = await untilReached(() => enrolDevices(enrolment).then(() => true), troubles, stopped);
    if (enrolled === null) return;
    await writeEnrolledCount(folder, records.audience, deviceCount);
  }
  const shardKeys = await openShardKeys(records, join(folder, 'shard-keys'));
  const outbox = openOutbox({
    path: join(folder, 'outbox.sqlite'),
    crypto: nativeCrypto,
    audience: records.audience,
    senderSizeMax: SENDER_SIZE_MAX,
  });
  const clock = new DeviceClock({ monotonic: systemMonotonic(), errorMaxMs: CLOCK_ERROR_MAX_MS });
  const keeper = new TimeKeeper({ clock, sources: [systemTime(options.clockErrorMs)] });
  await keeper.start();
  const members = drafts.map((draft) => makeMember(draft, { outbox, issuers: shardKeys, clock }));
  const fleet = new Fleet(members, { mqttUrl: options.mqtt, shardKeys, intervalMs, log: troubles });
  fleet.start();
  log(`${deviceCount} devices of ${kinds.length} kinds, a reading of each every ${intervalMs / 1_000} s; none of them is real`);
  await stopped;
  keeper.stop();
  await fleet.stop();
  outbox.close();
  api.close();
}

/** The kind's model; its id follows from the maker's, so that a second start finds it again. */
function makeModel(manufacturer: Bytes, { name, modelName }: DeviceKind): Model {
  const id = nativeCrypto.sha256(concatBytes(MODEL_LABEL, manufacturer, encodeUtf8(name)));
  return { id, name: modelName, deviceType: name, personal: false, simulated: true };
}

async function makeDrafts(folder: string, manufacturer: Bytes, posts: readonly Post[]): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const post of posts) {
    const label = `${post.kind.name}-${String(post.number).padStart(2, '0')}`;
    const signer = await readDeviceKey(folder, label);
    const id = deviceIdOf(nativeCrypto, signer.publicKey);
    const { id: model } = makeModel(manufacturer, post.kind);
    drafts.push({ post, entry: { id, model, signer, grade: 'device', label } });
  }
  return drafts;
}

type Equipment = { readonly outbox: Outbox; readonly issuers: ShardKeys; readonly clock: DeviceClock };

function makeMember({ post, entry }: Draft, equipment: Equipment): Member {
  const { id, signer } = entry;
  const device = new Device({ crypto: nativeCrypto, id, keyNumber: FIRST_KEY_NUMBER, signer, ...equipment });
  return { device, kind: post.kind, site: post.site };
}

/** Tries until the city answers; null when told to stop first. Throws any refusal that waiting cannot change. */
async function untilReached<T>(work: () => Promise<T>, troubles: TroubleLog, stopped: Promise<void>): Promise<T | null> {
  const backoff = new Backoff(10_000);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FormatError) || !WAITING_HELPS.has(error.code)) throw error;
      troubles.trouble(error.code, 'the city cannot be reached yet');
    }
    if (await sleepUnless(stopped, backoff.next())) return null;
  }
}

const WAITING_HELPS: ReadonlySet<string> = new Set(['CITY_UNREACHABLE', 'OVERLOADED']);

/** True when told to stop before the time is over. */
async function sleepUnless(stopped: Promise<void>, durationMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), durationMs);
  });
  try {
    return await Promise.race([stopped.then(() => true), over]);
  } finally {
    clearTimeout(timer);
  }
}

const options = readOptions();
if (options === null) {
  log(USAGE);
  process.exitCode = 2;
} else {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  try {
    await run(options, stopped);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    log(error.message);
    process.exitCode = 1;
  }
}
