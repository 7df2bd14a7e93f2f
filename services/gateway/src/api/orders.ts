/** Orders and zones in JSON. Ids, keys and hashes in hex, bytes in base64, times milliseconds since 1970. */

import { ORDER_STATES } from '@oppidum/formats/order-life';
import { z } from 'zod';
import { base64, height, id, page, timeMs, whole } from './common.ts';

/** A challenge that is known now. */
export const challengeTaken = z.object({
  /** The rising number of the newest challenge. */
  number: whole(),
});

const signature = z.object({
  /** Index in the key set, and the key itself. */
  key: whole(),
  publicKey: id(),
  signature: base64(),
});

const zone = z.object({
  ...{ id: id(), name: z.string(), domain: z.string(), deviceCount: whole(), fromHeight: height() },
  /** Versions in force. */
  ...{ keys: whole(), envelope: whole() },
});
export type ZoneJson = z.infer<typeof zone>;
export const zonePage = page(zone);

const keySet = z.object({
  ...{ version: whole(), keys: z.array(id()), threshold: whole(), dangerousThreshold: whole() },
  ...{ statement: base64(), signatures: z.array(signature.omit({ publicKey: true })) },
});
const envelope = z.object({
  ...{ version: whole(), dangerous: z.array(z.string()), lifetimeMsMax: whole(), dangerousLifetimeMsMax: whole() },
  /** What it says in words, rule by rule. */
  ...{ safe: z.array(z.string()), rules: z.array(z.string()) },
  ...{ statement: base64(), signatures: z.array(signature.omit({ publicKey: true })) },
});
const zoneDocument = z.object({ name: z.string(), version: whole(), digest: id(), size: whole(), fromHeight: height() });
/** `challengedCount`: devices whose challenge this gateway knows, for which orders can be made here. */
export const zoneDetail = zone.extend({
  keySet,
  envelopeInForce: envelope,
  documents: z.array(zoneDocument),
  challengedCount: whole(),
});
export type ZoneDetailJson = z.infer<typeof zoneDetail>;

const zoneDevice = z.object({
  device: id(),
  label: z.string().nullable(),
  /** How old its newest challenge is; null where none is known here. */
  challengeAgeMs: whole().nullable(),
});
export const zoneDevicePage = page(zoneDevice);
export type ZoneDeviceJson = z.infer<typeof zoneDevice>;

const signer = z.object({ key: whole(), publicKey: id() });
/** A change of a zone that waits for further engineers. */
export const zoneDraftRow = z.object({
  /** SHA-256 of its statement. */
  ...{ id: id(), zone: id(), zoneName: z.string(), use: z.enum(['keys', 'envelope', 'document']) },
  /** Of a document. */
  name: z.string().nullable(),
  ...{ version: whole(), sinceMs: timeMs() },
  /** Keys in force that signed it, and how many must. */
  ...{ signers: z.array(signer), needed: whole() },
  /** Of a key set alone: keys of the next set that signed the envelope in force, and how many must. */
  ...{ envelopeSigners: z.array(signer), envelopeNeeded: whole() },
});
export type ZoneDraftJson = z.infer<typeof zoneDraftRow>;
export const zoneDraftList = z.object({ items: z.array(zoneDraftRow) });
export type ZoneDraftListJson = z.infer<typeof zoneDraftList>;
/** `file`: the draft without evidence, in CBOR. */
export const zoneDraftDetail = zoneDraftRow.extend({ file: base64() });
export type ZoneDraftDetailJson = z.infer<typeof zoneDraftDetail>;

const orderState = z.enum(ORDER_STATES);
const order = z.object({
  ...{ id: id(), zone: id(), zoneName: z.string().nullable() },
  /** Null for an order to many devices. */
  device: id().nullable(),
  ...{ deviceCount: whole(), command: z.string(), arguments: z.array(z.int()), mode: z.enum(['ordinary', 'break-glass']) },
  ...{ lifetimeMs: whole(), expiresMs: timeMs() },
  /** What the ledger says of it. */
  status: z.enum(['awaiting', 'issued', 'cancelled', 'superseded', 'reported']),
  /** Where it is in its life; of an order to many `applied` or `rejected` once all of them said so. */
  state: orderState,
  /** Order keys that signed, by their index, and how many must. */
  ...{ signers: z.array(whole()), needed: whole() },
  ...{ atMs: timeMs(), issuedMs: timeMs().nullable(), height: height() },
  /** The transaction that issued it: its evidence proves that. */
  transaction: id().nullable(),
  /** Devices that this gateway handed it to since it was started, and how many signed which answer. */
  ...{ sentCount: whole(), ackCount: whole(), rejectedCount: whole(), appliedCount: whole() },
});
export type OrderJson = z.infer<typeof order>;
export const orderPage = page(order);

const answer = z.object({
  kind: z.enum(['ack', 'rejected', 'applied']),
  code: z.string().nullable(),
  timeMs: z.int(),
  /** The signed reading that says so. */
  reading: id(),
});
/** One device of an order. */
const orderDevice = z.object({ device: id(), state: orderState, answers: z.array(answer) });
export const orderDevicePage = page(orderDevice);
export type OrderDeviceJson = z.infer<typeof orderDevice>;
export const orderDetail = order.extend({
  /** What the keys signed, byte for byte, and in words. */
  ...{ statement: base64(), words: z.array(z.string()), signatures: z.array(signature) },
  /** Of an order to one device. */
  answers: z.array(answer),
});
export type OrderDetailJson = z.infer<typeof orderDetail>;

const localAct = z.object({ ...{ device: id(), timeMs: z.int(), what: z.string(), reading: id() }, order: id().nullable() });
export const localActPage = page(localAct);
export type LocalActJson = z.infer<typeof localAct>;

const TEXT_SIZE_MAX = 32;
export const draftRequest = z.strictObject({
  zone: id(),
  /** Without one, all devices of the zone whose challenge is known. */
  device: id().optional(),
  command: z.string().min(1).max(TEXT_SIZE_MAX),
  arguments: z.array(z.int()).max(8).default([]),
  /** The longest that the envelope allows, if none is given. */
  lifetimeMs: z.int().min(1).optional(),
  mode: z.enum(['ordinary', 'break-glass']).default('ordinary'),
});
/** What is to be signed: nobody should sign it who has not read it. */
export const orderDraft = z.object({
  /** The id that the order will have. */
  order: id(),
  statement: base64(),
  words: z.array(z.string()),
  ...{ keys: z.array(id()), needed: whole(), dangerous: z.boolean() },
  deviceCount: whole(),
  /** Devices of the zone that are left out, since no challenge of theirs is known here. */
  missingCount: whole(),
});
export type OrderDraftJson = z.infer<typeof orderDraft>;

export const breakGlassRequest = z.strictObject({
  statement: base64().max(2_048),
  signatures: z
    .array(z.strictObject({ key: z.int().nonnegative(), signature: base64().max(88) }))
    .min(1)
    .max(16),
});
/** `sentCount`: devices that it was handed to at once. */
export const breakGlassTaken = z.object({ order: id(), deviceCount: whole(), sentCount: whole() });
export type BreakGlassTakenJson = z.infer<typeof breakGlassTaken>;
