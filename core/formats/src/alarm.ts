/**
 * Alarms: what a city's control room is called for (specs/alarms.md). One alarm for one cause at one subject; its id follows from these two,
 * so that everybody who reads the same record names it alike.
 */

import type { Bytes } from './bytes.ts';
import { concatBytes, encodeUtf8 } from './bytes.ts';
import { encodeBy, id } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { type Infer, oneOf, struct } from './schema.ts';

const CONTEXT = 'oppidum/alarm/v1';

export const SEVERITIES = ['critical', 'major', 'minor'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an alarm is about: the kind of record that its subject is the id of. */
export type AlarmSubject = 'device' | 'zone' | 'order' | 'shard' | 'validator' | 'model';

/**
 * How a cause ends. `gone`: something is so until it is not, and whatever says that closes the alarm. `seen`: something happened; it is over
 * once somebody acknowledged it.
 */
type Cause = { readonly subject: AlarmSubject; readonly severity: Severity; readonly ends: 'gone' | 'seen' };

export const ALARM_CAUSES = [
  'signal-trip',
  'lamp-dead',
  'power-residual',
  'device-silent',
  'model-silent',
  'device-quarantined',
  'device-revoked',
  'interlock-held',
  'order-refused',
  'order-rejected',
  'break-glass',
  'manual-control',
  'shard-behind',
  'validator-silent',
] as const;
export type AlarmCause = (typeof ALARM_CAUSES)[number];

/** Every cause (specs/alarms.md §2). */
export const ALARM_RULES: Readonly<Record<AlarmCause, Cause>> = {
  'signal-trip': { subject: 'device', severity: 'critical', ends: 'gone' },
  'lamp-dead': { subject: 'device', severity: 'minor', ends: 'gone' },
  'power-residual': { subject: 'device', severity: 'major', ends: 'gone' },
  'device-silent': { subject: 'device', severity: 'minor', ends: 'gone' },
  'model-silent': { subject: 'model', severity: 'major', ends: 'gone' },
  'device-quarantined': { subject: 'device', severity: 'major', ends: 'gone' },
  'device-revoked': { subject: 'device', severity: 'major', ends: 'seen' },
  'interlock-held': { subject: 'zone', severity: 'major', ends: 'seen' },
  'order-refused': { subject: 'zone', severity: 'minor', ends: 'seen' },
  'order-rejected': { subject: 'order', severity: 'minor', ends: 'seen' },
  'break-glass': { subject: 'zone', severity: 'critical', ends: 'seen' },
  'manual-control': { subject: 'device', severity: 'major', ends: 'seen' },
  'shard-behind': { subject: 'shard', severity: 'critical', ends: 'gone' },
  'validator-silent': { subject: 'validator', severity: 'critical', ends: 'gone' },
};

/** What whoever acknowledges does about it: a word from this list, never a text, so that nothing about people gets onto the ledger. */
export const ALARM_RESPONSES = ['seen', 'crew-sent', 'planned-work', 'false-alarm', 'handed-over'] as const;
export type AlarmResponse = (typeof ALARM_RESPONSES)[number];

/** Whom an alarm calls, one after the other: holders of the role `operator`, then members of the council. */
export const ALARM_CALLED = ['operator', 'council'] as const;
export type AlarmCalled = (typeof ALARM_CALLED)[number];

/** Within so many milliseconds an alarm is acknowledged, or the next are called. */
export const ACKNOWLEDGE_WITHIN_MS: Readonly<Record<Severity, number>> = {
  critical: 120_000,
  major: 900_000,
  minor: 14_400_000,
};

/** The identity of an alarm. */
const identity = struct({ cause: oneOf(...ALARM_CAUSES), subject: id() });

/** SHA-256 of the context, a zero byte and the CBOR of cause and subject. */
export function alarmId(crypto: Pick<Crypto, 'sha256'>, alarm: Infer<typeof identity>): Bytes {
  return crypto.sha256(concatBytes(encodeUtf8(CONTEXT), Uint8Array.of(0), encodeBy(identity, alarm)));
}

/** Who is called about an alarm that nobody acknowledged, and when the next are; null: nobody comes after them. */
export type Escalation = { readonly called: AlarmCalled; readonly step: number; readonly nextMs: number | null };

/** Of an alarm open since `openedMs`, at `nowMs`; both milliseconds since 1970. */
export function escalationOf(severity: Severity, openedMs: number, nowMs: number): Escalation {
  const withinMs = ACKNOWLEDGE_WITHIN_MS[severity];
  const last = ALARM_CALLED.length - 1;
  const step = Math.max(0, Math.min(last, Math.floor((nowMs - openedMs) / withinMs)));
  return {
    called: ALARM_CALLED[step] ?? 'operator',
    step,
    nextMs: step === last ? null : openedMs + (step + 1) * withinMs,
  };
}
