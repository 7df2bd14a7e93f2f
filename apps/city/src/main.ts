/**
 * The simulated town: devices of a dozen kinds that nobody built, each with its own key, talking to a city over its network as
 * strangers do. Their models say on the ledger that they are simulated.
 *
 *   node main.ts --api http://127.0.0.1:8420 --mqtt mqtt://127.0.0.1:8421 --folder DIR [--speed 1] [--seed 1] [--devices 120]
 *     [--plan FILE] [--interval-ms 10000] [--clock-error-ms 1000]
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { FIRST_KEY_NUMBER, type Model, makeTransaction, type NewDevice } from '@oppidum/device/actions';
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
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import { modelCommandsKind } from '@oppidum/formats/state-devices';
import { Chronicle } from './chronicle.ts';
import {
  type Maker,
  readDeviceKey,
  readEnrolled,
  readMaker,
  readOrPinPolicy,
  readTown,
  takeSpeedWish,
  writeEnrolled,
  writeTown,
} from './city-folder.ts';
import { drawPlan } from './draw-plan.ts';
import { Fleet, type Pace, townTimeOf } from './fleet.ts';
import type { DeviceKind } from './kinds/kind.ts';
import type { KindName } from './kinds.ts';
import { DESCRIPTIONS, describeModel } from './machine-models.ts';
import { parsePlan } from './parse-plan.ts';
import { makePlan, type Plan, planToGeoJson } from './plan.ts';
import { labelOf, makeTown, type Post, skyOf } from './town.ts';
import { isSpeed, isUtc, periodOf, setClock, townTime } from './town-clock.ts';
import { TroubleLog } from './trouble-log.ts';
import { draftZones, encodeDrafts } from './zone-drafts.ts';
import { type Keyed, Zones } from './zones.ts';

const USAGE =
  'usage: main.ts --api URL --mqtt URL --folder DIR [--speed N] [--seed N] [--devices N] [--plan FILE] [--interval-ms N] [--clock-error-ms N]';
/** Between two readings of a device, in town time, while that is not too many. */
const INTERVAL_MS = 10_000;
const DEVICE_COUNT = 120;
/** Of all devices together, a second of UTC: a fast town measures less often in its own time. */
const READINGS_PER_SECOND_MAX = 60;
/** How often it is looked whether another speed is wished, and what happens in the town: told on standard output. */
const LOOK_EVERY_MS = 1_000;
/** Every so many of these looks the zones' documents and the traffic are asked for. */
const ZONES_EVERY = 3;
/** Of a new town and of all that its devices measure. */
const SEED = 1;
const DEVICE_COUNT_MAX = 1_000;
/** One device that nobody lets in must not fill the outbox of all. */
const SENDER_SIZE_MAX = 4 * 1024 * 1024;
/** What every reading says of its time: simulated devices take the clock of this machine, and we believe it to a second. */
const CLOCK_ERROR_MS = 1_000;
/** Beyond this a clock counts as unknown, and nothing would ever be signed. */
const CLOCK_ERROR_MAX_MS = 60_000;
const ZONES_FILE = 'zones.json';
const MODEL_LABEL = encodeUtf8('oppidum/simulated-model/v1\n');

type Options = {
  readonly api: string;
  readonly mqtt: string;
  readonly folder: string;
  readonly intervalMs: number;
  readonly deviceCount: number;
  readonly speed: number;
  /** Null: the town's own. */
  readonly seed: number | null;
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
      speed: { type: 'string', default: '1' },
      seed: { type: 'string' },
      plan: { type: 'string' },
      'clock-error-ms': { type: 'string', default: String(CLOCK_ERROR_MS) },
    },
  });
  const { api, mqtt, folder } = values;
  const [intervalMs, deviceCount] = [Number(values['interval-ms']), Number(values.devices)];
  const [speed, clockErrorMs] = [Number(values.speed), Number(values['clock-error-ms'])];
  const seed = values.seed === undefined ? null : Number(values.seed);
  const isWhole = Number.isSafeInteger(intervalMs) && intervalMs >= 100 && Number.isSafeInteger(deviceCount);
  if (api === undefined || mqtt === undefined || folder === undefined || !isWhole) return null;
  if (deviceCount < 1 || deviceCount > DEVICE_COUNT_MAX || !URL.canParse(api) || !URL.canParse(mqtt)) return null;
  if (seed !== null && (!Number.isSafeInteger(seed) || seed < 0)) return null;
  if (!isSpeed(speed)) return null;
  if (!Number.isSafeInteger(clockErrorMs) || clockErrorMs < 0 || clockErrorMs > CLOCK_ERROR_MAX_MS) return null;
  return { api, mqtt, folder, intervalMs, deviceCount, speed, seed, plan: values.plan ?? null, clockErrorMs };
}

async function run(options: Options, stopped: Promise<void>): Promise<void> {
  const { folder } = options;
  const troubles = new TroubleLog(log);
  const api = new CityApi(options.api);
  const maker = await readMaker(folder);
  const seed = await seedOfTown(options);
  const policy = await untilReached(() => readOrPinPolicy(folder, api), troubles, stopped);
  if (policy === null) return;
  const records = new ProvenRecords(nativeCrypto, policy, api);
  const plan = options.plan === null ? makePlan(seed) : parsePlan(await readFile(options.plan, 'utf8'));
  const posts = makeTown(plan, seed, options.deviceCount);
  await writeFileDurably(join(folder, 'map.geojson'), encodeUtf8(JSON.stringify(planToGeoJson(plan))));
  await writeFileDurably(join(folder, 'plan.svg'), encodeUtf8(drawPlan(plan, posts)));
  const drafts = await makeDrafts(folder, maker.manufacturer, posts);
  const enrolled = await untilReached(() => enrol({ api, records, maker, folder, drafts }), troubles, stopped);
  if (enrolled === null) return;
  const placed = drafts.map(({ post, entry }) => ({ post, id: entry.id }));
  await writeFileDurably(join(folder, ZONES_FILE), encodeDrafts(draftZones(placed, skyOf(plan, seed))));
  for (const line of placesOf(plan)) log(line);
  await work({ options, seed, drafts, records, api, troubles }, stopped);
  api.close();
}

type Enrolling = {
  readonly api: CityApi;
  readonly records: ProvenRecords;
  readonly maker: Maker;
  readonly folder: string;
  readonly drafts: readonly Draft[];
};

/** Makes sure that all of them are on the ledger; true then. Throws what the city refuses, and CITY_UNREACHABLE. */
async function enrol({ api, records, maker, folder, drafts }: Enrolling): Promise<true> {
  const { manufacturer, by } = maker;
  const known = await readEnrolled(folder, records.audience);
  const kinds = [...new Set(drafts.map(({ post }) => post.kind))];
  if (!drafts.every(({ post }) => known.has(labelOf(post)))) {
    const models = kinds.map((kind) => makeModel(manufacturer, kind));
    await enrolDevices({ api, records, manufacturer, maker: by, models, devices: drafts.map(({ entry }) => entry) });
    await writeEnrolled(folder, records.audience, new Set([...known, ...drafts.map(({ post }) => labelOf(post))]));
  }
  // The file is written once all of this is done.
  if (!existsSync(join(folder, ZONES_FILE))) await describe({ api, records, maker }, kinds);
  return true;
}

/** Makes sure that the ledger knows what machines can be asked to do, also of a town that was enrolled before machines took orders. */
async function describe({ api, records, maker }: Pick<Enrolling, 'api' | 'records' | 'maker'>, kinds: readonly DeviceKind[]) {
  const models = kinds.flatMap((kind) => {
    const description = DESCRIPTIONS[kind.name as KindName];
    return description === undefined ? [] : [{ id: makeModel(maker.manufacturer, kind).id, description }];
  });
  const known = await Promise.all(models.map(({ id }) => records.read(modelCommandsKind, [id])));
  const actions = models.filter((_, i) => known[i] === null).map(({ id, description }) => describeModel(id, description));
  if (actions.length === 0) return;
  const { code } = await api.submit(makeTransaction(records.audience, actions, [maker.by]));
  if (code !== 'OK') throw formatError('ENROLMENT_REFUSED', { code });
}

type Work = {
  readonly options: Options;
  readonly seed: number;
  readonly drafts: readonly Draft[];
  readonly records: ProvenRecords;
  readonly api: CityApi;
  readonly troubles: TroubleLog;
};

/** All devices measure and send until told to stop. */
async function work({ options, seed, drafts, records, api, troubles }: Work, stopped: Promise<void>): Promise<void> {
  const { folder, speed } = options;
  const shardKeys = await openShardKeys(records, join(folder, 'shard-keys'));
  const outbox = openOutbox({
    path: join(folder, 'outbox.sqlite'),
    crypto: nativeCrypto,
    audience: records.audience,
    senderSizeMax: SENDER_SIZE_MAX,
  });
  const deviceClock = new DeviceClock({ monotonic: systemMonotonic(), errorMaxMs: CLOCK_ERROR_MAX_MS });
  const keeper = new TimeKeeper({ clock: deviceClock, sources: [systemTime(options.clockErrorMs)] });
  await keeper.start();
  const members = drafts.map((draft) => makeMember(draft, { outbox, issuers: shardKeys, clock: deviceClock }));
  let pace = await setPace(options, seed, speed);
  const fleet = new Fleet(members, { mqttUrl: options.mqtt, shardKeys, pace, log: troubles });
  const townMs = (): number => townTime(pace.clock, Date.now());
  const also = () => townTimeOf(pace.clock, townMs());
  const zones = new Zones({ folder, api, records, fleet, members, townMs, also, log });
  // Machines take over before anything is measured: no counter falls at a restart.
  await zones.look();
  fleet.start();
  for (const line of introduce(drafts, pace)) log(line);
  const chronicle = new Chronicle(drafts.map(({ post }) => post));
  for (let looks = 1; !(await sleepUnless(stopped, LOOK_EVERY_MS)); looks++) {
    if (looks % ZONES_EVERY === 0) zones.lookSoon();
    const wish = await takeSpeedWish(folder);
    if (wish !== null && isSpeed(wish)) {
      pace = await setPace(options, seed, wish);
      fleet.setPace(pace);
    }
    for (const line of chronicle.news(townTime(pace.clock, Date.now()))) process.stdout.write(`${line}\n`);
  }
  keeper.stop();
  await zones.stop();
  await fleet.stop();
  // While it is stopped, the town's clock goes on as everyone's.
  await setPace(options, seed, 1);
  outbox.close();
}

/** Sets the town's clock and remembers it. */
async function setPace({ folder, intervalMs, deviceCount }: Options, seed: number, speed: number): Promise<Pace> {
  const clock = setClock(await readTown(folder), speed, Date.now());
  await writeTown(folder, { seed, ...clock });
  return { clock, periodMs: periodOf(intervalMs, deviceCount, speed, READINGS_PER_SECOND_MAX) };
}

/** A town keeps its seed: with another one its counters would run backwards. Throws TOWN_SEED_FIXED. */
async function seedOfTown({ folder, seed }: Options): Promise<number> {
  const town = await readTown(folder);
  if (town !== null && seed !== null && seed !== town.seed) throw formatError('TOWN_SEED_FIXED', { seed: town.seed });
  return town?.seed ?? seed ?? SEED;
}

/** What people should know of the devices. */
function introduce(drafts: readonly Draft[], { clock, periodMs }: Pace): readonly string[] {
  const kindCount = new Set(drafts.map(({ post }) => post.kind)).size;
  const everyS = Math.round(periodMs / clock.speed / 100) / 10;
  const first = `${drafts.length} devices of ${kindCount} kinds, a reading of each every ${everyS} s; none of them is real`;
  if (isUtc(clock)) return [first];
  const at = new Date(townTime(clock, clock.utcMs)).toISOString();
  return [first, `in the town it is ${at}, and time runs ${clock.speed} times as fast: each reading says its town-time`];
}

/** How much of a real place is known; nothing of a town that is nowhere. */
function placesOf({ lamps, junctions, crossings }: Plan): readonly string[] {
  if (lamps.length + crossings.length === 0) return [];
  const known = `${lamps.length} lamps, ${junctions.length} junctions and ${crossings.length} crossings`;
  return [`within 4 km of the middle of the map: ${known}; devices stand at some of them`];
}

/** The kind's model; its id follows from the maker's, so that a second start finds it again. */
function makeModel(manufacturer: Bytes, { name, modelName }: DeviceKind): Model {
  const id = nativeCrypto.sha256(concatBytes(MODEL_LABEL, manufacturer, encodeUtf8(name)));
  return { id, name: modelName, deviceType: name, personal: false, simulated: true };
}

async function makeDrafts(folder: string, manufacturer: Bytes, posts: readonly Post[]): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const post of posts) {
    const label = labelOf(post);
    const signer = await readDeviceKey(folder, label);
    const id = deviceIdOf(nativeCrypto, signer.publicKey);
    const { id: model } = makeModel(manufacturer, post.kind);
    drafts.push({ post, entry: { id, model, signer, grade: 'device', label } });
  }
  return drafts;
}

type Equipment = { readonly outbox: Outbox; readonly issuers: ShardKeys; readonly clock: DeviceClock };

function makeMember({ post, entry }: Draft, equipment: Equipment): Keyed {
  const { id, signer } = entry;
  const device = new Device({ crypto: nativeCrypto, id, keyNumber: FIRST_KEY_NUMBER, signer, ...equipment });
  return { device, post, signer };
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
    process.exitCode = ERRORS[error.code].exitCode;
  }
}
