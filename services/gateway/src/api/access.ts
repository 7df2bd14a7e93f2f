/** API keys and the log of access, as JSON of the HTTP API and of the admin door. */

import { z } from 'zod';
import { RIGHTS } from '../access/principal.ts';

const ID_FORM = /^[0-9a-f]{64}$/;
const LIST_COUNT_MAX = 1_000;

/** The id of a key: 16 lower-case hex digits. */
export const keyId = z.string().regex(/^[0-9a-f]{16}$/, '16 lower-case hex digits');

const right = z.enum(RIGHTS);
const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, 'one line');
const whole = () => z.int().nonnegative();

/** The name that the machine has for the owner of a data folder. */
export const userName = name;

/** What a new key shall be. `devices` and `deviceTypes` limit it to some devices, by id or by the type of their model. */
export const keyRequest = z.strictObject({
  name,
  rights: z.array(right).min(1).max(RIGHTS.length),
  devices: z.array(z.string().regex(ID_FORM)).min(1).max(LIST_COUNT_MAX).nullable().default(null),
  deviceTypes: z.array(z.string().min(1).max(100)).min(1).max(LIST_COUNT_MAX).nullable().default(null),
  /** Milliseconds since 1970; at most 732 days ahead. */
  expiresMs: whole(),
});
export type KeyRequestJson = z.infer<typeof keyRequest>;

export const apiKey = z
  .object({
    id: keyId,
    name: z.string(),
    rights: z.array(right),
    devices: z.array(z.string()).nullable(),
    deviceTypes: z.array(z.string()).nullable(),
    createdMs: whole(),
    expiresMs: whole(),
    revokedMs: whole().nullable(),
    /** Null when it was never used. */
    lastUsedMs: whole().nullable(),
    state: z.enum(['in-force', 'expired', 'revoked']),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyJson = z.infer<typeof apiKey>;

/** A key that was made just now. `secret` is the key itself: shown here and nowhere again, so null where a request is repeated. */
export const newApiKey = z.object({ key: apiKey, secret: z.string().nullable() }).meta({ id: 'NewApiKey' });
export type NewApiKeyJson = z.infer<typeof newApiKey>;

export const apiKeyList = z.object({ items: z.array(apiKey) }).meta({ id: 'ApiKeyList' });

/** The owner of the data folder, by the name that this user has on the machine, or a key. */
const actor = z.union([z.object({ owner: z.string() }), z.object({ key: keyId })]);

const accessEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('key-created'),
    by: actor,
    key: keyId,
    name: z.string(),
    rights: z.array(right),
    devices: z.array(z.string()).nullable(),
    deviceTypes: z.array(z.string()).nullable(),
    expiresMs: whole(),
  }),
  z.object({ kind: z.literal('key-revoked'), by: actor, key: keyId }),
  z.object({ kind: z.literal('personal-read'), by: actor, device: z.string(), path: z.string() }),
]);

/** The log of access, newest first. `hash` is SHA-256 of the hash before it (32 zero bytes at first), then `<number> <timeMs> <event>` where the event is this JSON without spaces. */
export const accessLogPage = z
  .object({
    items: z.array(z.object({ number: whole(), timeMs: whole(), event: accessEvent, hash: z.string().regex(ID_FORM) })),
    next: z.string().nullable(),
  })
  .meta({ id: 'AccessLogPage' });
export type AccessLogPageJson = z.infer<typeof accessLogPage>;
