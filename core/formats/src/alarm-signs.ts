/**
 * What the record says about alarms: a cause is there, or gone (specs/alarms.md §3). Everything here is decided by signed readings and by
 * transactions, so that whoever has the same entries and blocks finds the same alarms; a gateway that hides one has hidden nothing.
 */

import type { AlarmCause } from './alarm.ts';
import { type Bytes, equalBytes, parseHex, toHex } from './bytes.ts';
import type { CborValue } from './cbor.ts';
import type { ResolvedRecord } from './senml.ts';

/** A cause is there (`raise`) or gone (`clear`). `detail`: a word or number that belongs to it, or null. */
export type AlarmSign = {
  readonly what: 'raise' | 'clear';
  readonly cause: AlarmCause;
  readonly subject: Bytes;
  readonly detail: string | null;
};

/** Names of the records that say something about alarms, without the URN of their device. */
const NAMES: ReadonlySet<string> = new Set(['signal/trip', 'failure', 'cabinet/residual', 'order/rejected', 'order/local']);
const DETAIL_SIZE_MAX = 64;
const ORDER_FORM = /^[0-9a-f]{64}$/;
const CODE_FORM = /^[A-Z][A-Z0-9_]{2,63}$/;

/** Whether a record of this name may say something about alarms: most do not, and are not looked at. */
export function mayBeSign(name: string): boolean {
  return NAMES.has(name);
}

/** Who says it, the zone of that device, and of an order that the ledger has, or had, its zone: what it knows when the reading is looked at. */
export type Speaker = {
  readonly device: Bytes;
  readonly zone: () => Bytes | null;
  readonly zoneOfOrder: (order: Bytes) => Bytes | null;
};

/**
 * What a reading says. `records`: all of it, none of a reading about people; `name` without the URN of the device. Of one alarm a reading says
 * at most that it is there, and then that it is gone, however often it says so. No device raises more alarms than there are causes about it
 * and its zone, and orders to its zone.
 */
export function alarmSignsOf(speaker: Speaker, records: readonly Said[]): readonly AlarmSign[] {
  const isLit = records.some(({ name, value }) => name === 'dimming' && typeof value === 'number' && value > 0);
  const found = new Map<string, { raise: AlarmSign | null; last: AlarmSign }>();
  for (const { name, value } of records) {
    const sign = mayBeSign(name) ? signOf(speaker, name, value, isLit) : null;
    if (sign === null) continue;
    const alarm = `${sign.cause} ${toHex(sign.subject)}`;
    const raise = sign.what === 'raise' ? sign : (found.get(alarm)?.raise ?? null);
    found.set(alarm, { raise, last: sign });
  }
  return [...found.values()].flatMap(({ raise, last }) => (raise === null || raise === last ? [last] : [raise, last]));
}

type Said = Pick<ResolvedRecord, 'name' | 'value'>;
type Value = ResolvedRecord['value'];

/** `isLit`: the lamp of the reading is told to burn. */
function signOf(speaker: Speaker, name: string, value: Value, isLit: boolean): AlarmSign | null {
  const lasting = (cause: AlarmCause, isThere: boolean, detail: string | null): AlarmSign => {
    return { what: isThere ? 'raise' : 'clear', cause, subject: speaker.device, detail: isThere ? detail : null };
  };
  switch (name) {
    case 'signal/trip':
      return typeof value === 'string' ? lasting('signal-trip', value !== 'none', value.slice(0, DETAIL_SIZE_MAX)) : null;
    case 'failure':
      if (value === true) return lasting('lamp-dead', true, null);
      // By day a dead lamp does not fail: it is well again when it is told to burn and burns.
      return value === false && isLit ? lasting('lamp-dead', false, null) : null;
    case 'cabinet/residual':
      return typeof value === 'number' ? lasting('power-residual', value > 0, `${value} W`) : null;
    case 'order/rejected':
      return rejectionOf(speaker, value);
    default:
      return name === 'order/local' && typeof value === 'string' ? localOf(speaker, value) : null;
  }
}

/** `ID CODE` of an order of the ledger to the zone of the device; one that many devices refuse is one alarm. */
function rejectionOf({ zone, zoneOfOrder }: Speaker, value: Value): AlarmSign | null {
  const [order = '', code = '', ...more] = typeof value === 'string' ? value.split(' ') : [];
  if (more.length > 0 || !ORDER_FORM.test(order) || !CODE_FORM.test(code)) return null;
  const subject = parseHex(order);
  const [own, meant] = [zone(), zoneOfOrder(subject)];
  if (own === null || meant === null || !equalBytes(own, meant)) return null;
  return { what: 'raise', cause: 'order-rejected', subject, detail: code };
}

/** `break-glass ID`, of which all devices of a zone together are one alarm; or what was done by hand. */
function localOf({ device, zone }: Speaker, value: string): AlarmSign | null {
  const [word = '', order = '', ...more] = value.split(' ');
  if (word === 'manual')
    return { what: 'raise', cause: 'manual-control', subject: device, detail: value.slice(0, DETAIL_SIZE_MAX) };
  if (word !== 'break-glass' || more.length > 0 || !ORDER_FORM.test(order)) return null;
  const subject = zone();
  return subject === null ? null : { what: 'raise', cause: 'break-glass', subject, detail: order };
}

/** Events that say something, with the field of their body that is the subject. */
const EVENTS: Readonly<Record<string, Pick<AlarmSign, 'what' | 'cause'> & { readonly field: string }>> = {
  'device/quarantined': { what: 'raise', cause: 'device-quarantined', field: 'device' },
  'device/released': { what: 'clear', cause: 'device-quarantined', field: 'device' },
  'device/revoked': { what: 'raise', cause: 'device-revoked', field: 'device' },
  'order/reported': { what: 'raise', cause: 'break-glass', field: 'zone' },
};

/** What an event of an executed transaction says, or null. */
export function alarmSignOfEvent(kind: string, body: CborValue): AlarmSign | null {
  const known = Object.hasOwn(EVENTS, kind) ? EVENTS[kind] : undefined;
  if (known === undefined || !(body instanceof Map)) return null;
  const subject = body.get(known.field);
  if (!(subject instanceof Uint8Array)) return null;
  const [word, order] = [body.get('cause'), body.get('order')];
  const detail = order instanceof Uint8Array ? toHex(order) : typeof word === 'string' ? word : null;
  return { what: known.what, cause: known.cause, subject, detail };
}

/** What it says that an order to this zone was executed with this code: null for OK. */
export function alarmSignOfRefusal(zone: Bytes, code: string): AlarmSign | null {
  if (code === 'OK') return null;
  const cause = code.startsWith('INTERLOCK_') ? 'interlock-held' : 'order-refused';
  return { what: 'raise', cause, subject: zone, detail: code };
}
