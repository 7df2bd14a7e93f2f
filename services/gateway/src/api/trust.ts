/** Answers about how far devices are believed, and what their models can do (specs/trust.md). */

import { z } from 'zod';
import { base64, height, id, timeMs, whole } from './common.ts';

export const quarantine = z.object({
  from: height(),
  to: height().nullable(),
  cause: z.enum(['manual', 'firmware']),
  reason: z.string(),
});

const link = z.object({ number: whole(), seller: id(), owner: id(), from: height() });

const auditCase = z.object({
  /** SHA-256 of the evidence that the auditors saw. */
  evidence: id(),
  marks: z.array(z.object({ auditor: id(), penalty: whole(), reason: z.string() })),
  /** Null until enough auditors signed. */
  counted: z.object({ penalty: whole(), at: height(), atMs: timeMs() }).nullable(),
  appeal: z.object({ by: id(), reason: z.string(), at: height() }).nullable(),
  outcome: z.object({ outcome: z.enum(['confirmed', 'reversed']), reason: z.string(), at: height() }).nullable(),
});

export const deviceTrust = z
  .object({
    device: id(),
    /** Whether interlocks count its readings now, and if not, the first reason why. */
    counts: z.boolean(),
    because: z.enum(['unknown', 'revoked', 'inactive', 'quarantined', 'firmware', 'reputation']).nullable(),
    /** The account whose it is; `links`: how it came to be, from the maker on. */
    owner: id(),
    links: z.array(link),
    quarantines: z.array(quarantine),
    /** What it says it runs; null before its first report. */
    firmware: z
      .object({ digest: id(), counter: whole(), from: height(), isPermitted: z.boolean(), version: z.string().nullable() })
      .nullable(),
    /** The number that its next report of what it runs must be above: they are counted by key. */
    lastReport: whole(),
    /** `isAsked`: it has to attest what it is before it is activated; `challenge`: the nonce of its next token. */
    attestation: z.object({
      isAsked: z.boolean(),
      challenge: id(),
      newest: z.object({ token: id(), by: z.enum(['device', 'attester']), at: height() }).nullable(),
    }),
    /** From 1,000 downwards; below the threshold it does not count. */
    score: whole(),
    threshold: whole(),
    cases: z.array(auditCase),
  })
  .meta({ id: 'DeviceTrust' });
export type DeviceTrustJson = z.infer<typeof deviceTrust>;

/** Where the report of a device stands on the ledger. */
export const reportTaken = z.object({ transaction: id(), height: height() });

const unit = z.string().nullable();

export const modelDescription = z
  .object({
    model: id(),
    /** What orders may ask of its devices; none before its maker described it. */
    commands: z.array(
      z.object({ name: z.string(), parameters: z.array(z.object({ name: z.string(), min: z.int(), max: z.int(), unit })) }),
    ),
    sensors: z.array(z.object({ name: z.string(), unit, decimals: whole() })),
    /** What its devices have to attest, by the names of RFC 9711; null where nobody asks. Bytes are base64. */
    attestation: z
      .object({
        keys: z.array(z.object({ algorithm: z.enum(['EdDSA', 'ES256']), publicKey: base64() })),
        claims: z.record(z.string(), z.union([z.string(), z.int(), z.boolean()])),
        from: height(),
      })
      .nullable(),
    firmware: z.array(
      z.object({
        digest: id(),
        name: z.string(),
        version: z.string(),
        size: whole(),
        /** SHA-256 of the signed TUF metadata that names it. */
        metadata: id(),
        from: height(),
        to: height().nullable(),
        reason: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'ModelDescription' });
export type ModelDescriptionJson = z.infer<typeof modelDescription>;

const form = z.object({ href: z.string(), op: z.array(z.string()), contentType: z.string(), 'htv:methodName': z.string() });
const dataSchema = z.object({
  type: z.enum(['number', 'integer', 'string']),
  unit: z.string().optional(),
  minimum: z.int().optional(),
  maximum: z.int().optional(),
  multipleOf: z.number().optional(),
  pattern: z.string().optional(),
});

/** A W3C Thing Description 1.1. */
export const thingDescription = z
  .object({
    '@context': z.array(z.union([z.string(), z.record(z.string(), z.string())])),
    '@type': z.string(),
    id: z.string(),
    title: z.string(),
    description: z.string(),
    base: z.string(),
    version: z.object({ instance: z.string() }),
    security: z.string(),
    securityDefinitions: z.record(
      z.string(),
      z.object({ scheme: z.string(), in: z.string().optional(), name: z.string().optional() }),
    ),
    uriVariables: z.record(z.string(), dataSchema),
    properties: z.record(
      z.string(),
      dataSchema.extend({ title: z.string(), readOnly: z.boolean(), observable: z.boolean(), forms: z.array(form) }),
    ),
    actions: z.record(
      z.string(),
      z.object({
        title: z.string(),
        description: z.string(),
        safe: z.boolean(),
        idempotent: z.boolean(),
        input: z.object({
          type: z.literal('object'),
          properties: z.record(z.string(), dataSchema),
          required: z.array(z.string()),
        }),
        forms: z.array(form),
      }),
    ),
  })
  .meta({ id: 'ThingDescription' });
export type ThingDescriptionJson = z.infer<typeof thingDescription>;
