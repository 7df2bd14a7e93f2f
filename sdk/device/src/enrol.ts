/**
 * Brings devices onto the ledger: models created, devices registered, then each activated by proof of possession.
 * What is to be done follows from proven records alone, so it may be interrupted at any point and begun again; nothing is made twice.
 */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { type DeviceRecord, deviceKind, modelKind } from '@oppidum/formats/state-devices';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import { activateDevice, createModel, type Model, makeTransaction, type NewDevice, registerDevices } from './actions.ts';
import type { CityClient } from './city-client.ts';
import type { ProvenRecords } from './proven-records.ts';

export type Enrolment = {
  readonly api: CityClient;
  readonly records: ProvenRecords;
  /** The manufacturer, and who signs for its account. */
  readonly manufacturer: Bytes;
  readonly maker: TransactionSigner;
  readonly models: readonly Model[];
  readonly devices: readonly NewDevice[];
  /** After each step: how many devices are active. */
  readonly onProgress?: (activeCount: number) => void;
};

/** Questions asked at once. */
const CONCURRENCY = 8;
/** Bytes of one registration with its label; a transaction of this many stays below its limit with room to spare. */
const REGISTRATION_SIZE_MAX = 256;
const REGISTER_COUNT_MAX = Math.min(
  LIMITS.bulkRegisterCountMax,
  Math.floor((LIMITS.transactionSizeMax - 4_096) / REGISTRATION_SIZE_MAX),
);
/** A record proven by the newest checkpoint may be a moment behind what was executed. */
const ROUND_COUNT_MAX = 3;
const ROUND_MS = 250;

/**
 * Resolves when every device is active. Throws the code with which the ledger refused, DEVICE_REVOKED and DEVICE_SUSPENDED for devices
 * that are so, and as `CityApi` and `ProvenRecords` do; whatever was done stays done.
 */
export async function enrolDevices(enrolment: Enrolment): Promise<void> {
  await createModels(enrolment);
  const waiting = new Map(enrolment.devices.map((device) => [toHex(device.id), device]));
  for (let round = 0; waiting.size > 0; round++) {
    if (round > 0) await sleep(ROUND_MS);
    const states = await readStates(enrolment, [...waiting.values()]);
    for (const { device, record } of states) if (record?.status === 'active') waiting.delete(toHex(device.id));
    const refusals = [...(await activateAll(enrolment, states, waiting)), ...(await registerAll(enrolment, states, waiting))];
    enrolment.onProgress?.(enrolment.devices.length - waiting.size);
    if (round >= ROUND_COUNT_MAX && refusals[0] !== undefined) throw formatError('ENROLMENT_REFUSED', { code: refusals[0] });
  }
}

/** Creates the models that are not there. A second creation at the same moment is refused, and what is then read decides. */
async function createModels({ api, records, manufacturer, maker, models }: Enrolment): Promise<void> {
  let missing: readonly Model[] = models;
  for (let round = 0; ; round++) {
    const known = await inOrder(missing, (model) => records.read(modelKind, [model.id]));
    missing = missing.filter((_, i) => known[i] === null);
    if (missing.length === 0) return;
    const actions = missing.map((model) => createModel(manufacturer, model));
    const { code } = await api.submit(makeTransaction(records.audience, actions, [maker]));
    if (code === 'OK') return;
    if (round >= ROUND_COUNT_MAX) throw formatError('ENROLMENT_REFUSED', { code });
    await sleep(ROUND_MS);
  }
}

type DeviceState = { readonly device: NewDevice; readonly record: DeviceRecord | null };

async function readStates({ records }: Enrolment, devices: readonly NewDevice[]): Promise<readonly DeviceState[]> {
  const found = await inOrder(devices, (device) => records.read(deviceKind, [device.id]));
  return devices.map((device, i) => {
    const record = found[i] ?? null;
    if (record?.status === 'revoked') throw formatError('DEVICE_REVOKED', { device: toHex(device.id) });
    if (record?.status === 'suspended') throw formatError('DEVICE_SUSPENDED', { device: toHex(device.id) });
    return { device, record };
  });
}

/** Activates those that are registered; the codes of what was refused. */
async function activateAll(
  enrolment: Enrolment,
  states: readonly DeviceState[],
  waiting: Map<string, NewDevice>,
): Promise<readonly string[]> {
  const registered = states.filter(({ record }) => record?.status === 'registered');
  const entries = registered.map(({ device, record }) => ({ device, registration: (record as DeviceRecord).registration }));
  return activate(enrolment, entries, waiting);
}

type Registered = { readonly device: NewDevice; readonly registration: Bytes };

async function activate(
  enrolment: Enrolment,
  entries: readonly Registered[],
  waiting: Map<string, NewDevice>,
): Promise<readonly string[]> {
  const { records } = enrolment;
  const groups = chunks(entries, LIMITS.transactionActionCountMax);
  const codes = await inOrder(groups, async (group) => {
    const actions = group.map(({ device, registration }) => activateDevice(records.audience, registration, device));
    const { code } = await submit(enrolment, actions);
    if (code === 'OK') for (const { device } of group) waiting.delete(toHex(device.id));
    return code;
  });
  return codes.filter((code) => code !== 'OK');
}

/** Registers those that are unknown and activates them at once; the codes of what was refused. */
async function registerAll(
  enrolment: Enrolment,
  states: readonly DeviceState[],
  waiting: Map<string, NewDevice>,
): Promise<readonly string[]> {
  const unknown = states.filter(({ record }) => record === null).map(({ device }) => device);
  const refusals: string[] = [];
  for (const group of chunks(unknown, REGISTER_COUNT_MAX)) {
    const { id, code } = await submit(enrolment, registrationActions(group));
    if (code !== 'OK') refusals.push(code);
    else
      refusals.push(
        ...(await activate(
          enrolment,
          group.map((device) => ({ device, registration: id })),
          waiting,
        )),
      );
  }
  return refusals;
}

/** One action for each model. */
function registrationActions(devices: readonly NewDevice[]): Action[] {
  const byModel = Map.groupBy(devices, ({ model }) => toHex(model));
  return [...byModel.values()].map((group) => registerDevices((group[0] as NewDevice).model, group));
}

function submit({ api, records, maker }: Enrolment, actions: readonly Action[]) {
  return api.submit(makeTransaction(records.audience, actions, [maker]));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let i = 0; i < items.length; i += size) found.push(items.slice(i, i + size));
  return found;
}

/** The answers in the order of the items, a few at a time. */
async function inOrder<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = new Array<R>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      answers[i] = await ask(items[i] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, work));
  return answers;
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
