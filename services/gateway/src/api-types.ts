/**
 * Every JSON answer of the HTTP API, as zod schemas: they check what leaves, make the OpenAPI document and type the command line.
 * Ids and hashes are 64 lower-case hex digits, other bytes base64, times milliseconds since 1970 (UTC), absent facts null.
 * No number is beyond 2^53 − 1, so every JSON reader keeps them whole.
 */

import { z } from 'zod';
import { base64, grade, height, id, page, timeMs, whole } from './api/common.ts';
import { quarantine } from './api/trust.ts';

/** RFC 9457; `code` is of the error catalogue, `type` its place in docs/errors.md. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    /** What is wrong with which part of the request; `pointer` is a JSON Pointer. */
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    traceId: z.string(),
  })
  .meta({ id: 'Problem' });
export type ProblemJson = z.infer<typeof problem>;

/** A telemetry shard: `anchoredSize` of its `size` entries are on the ledger. */
const shard = z.object({
  id: id(),
  number: whole(),
  origin: z.string(),
  /** On the ledger; only an active one accepts readings. */
  status: z.enum(['active', 'frozen', 'retired']),
  size: whole(),
  anchoredSize: whole(),
  accepts: z.boolean(),
});

export const city = z
  .object({
    name: z.string(),
    genesis: id(),
    origin: z.string(),
    engine: z.enum(['embedded', 'cometbft']),
    height: height(),
    timeMs: timeMs(),
    logSize: whole(),
    /** Size of the newest cosigned checkpoint; null before the first. */
    checkpoint: z.object({ size: whole(), published: z.boolean() }),
    shards: z.array(shard),
    /** Null where MQTT is switched off. */
    mqtt: z
      .object({
        host: z.string(),
        port: whole(),
        /** PEM of the server's certificate, which nobody issued as a rule. Pin it as it stands where the city runs: this answer is no proof. */
        tls: z.object({ port: whole(), certificate: z.string() }).nullable(),
      })
      .nullable(),
    readModel: z.object({ behindBlocks: whole(), behindReadings: whole() }),
    version: z.string(),
  })
  .meta({ id: 'City' });
export type CityJson = z.infer<typeof city>;

const deviceStatus = z.enum(['registered', 'active', 'suspended', 'revoked']);

const device = z
  .object({
    id: id(),
    label: z.string().nullable(),
    model: id(),
    modelName: z.string(),
    deviceType: z.string(),
    manufacturer: id(),
    manufacturerName: z.string(),
    status: deviceStatus,
    /** No machine stands behind it. */
    simulated: z.boolean(),
    /** Its readings are about people: their values are not shown. */
    personal: z.boolean(),
    /** Who signs with the newest key. */
    grade: grade.nullable(),
    /** The newest key. */
    keyNumber: whole().nullable(),
    /** Id of the transaction that registered it. */
    registration: id(),
    from: height(),
    to: height().nullable(),
    reason: z.string().nullable(),
    lastReadingMs: timeMs().nullable(),
    readingCount: whole(),
    /** The zone whose order keys it listens to. */
    zone: id().nullable(),
  })
  .meta({ id: 'Device' });
export const devicePage = page(device).meta({ id: 'DevicePage' });
export const deviceDetail = device
  .extend({
    keys: z.array(
      z.object({
        number: whole(),
        algorithm: z.enum(['EdDSA', 'ES256']),
        publicKey: base64(),
        grade,
        from: height().nullable(),
        to: height().nullable(),
      }),
    ),
    suspensions: z.array(z.object({ from: height(), to: height().nullable(), reason: z.string() })),
    /** Set apart: what it said in these spans is kept and marked, and nothing acted on it. */
    quarantines: z.array(quarantine),
  })
  .meta({ id: 'DeviceDetail' });
export type DeviceJson = z.infer<typeof device>;
export type DeviceDetailJson = z.infer<typeof deviceDetail>;

export const model = z
  .object({
    id: id(),
    manufacturer: id(),
    name: z.string(),
    deviceType: z.string(),
    personal: z.boolean(),
    simulated: z.boolean(),
    from: height(),
    to: height().nullable(),
  })
  .meta({ id: 'Model' });
export const modelPage = page(model).meta({ id: 'ModelPage' });
export type ModelJson = z.infer<typeof model>;

export const manufacturer = z
  .object({ id: id(), name: z.string(), account: id(), from: height(), to: height().nullable() })
  .meta({ id: 'Manufacturer' });
export const manufacturerPage = page(manufacturer).meta({ id: 'ManufacturerPage' });
export type ManufacturerJson = z.infer<typeof manufacturer>;

/** JSON of an action's or event's body: ids as hex, longer bytes as base64. */
type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
const jsonValue: z.ZodType<JsonValue> = z
  .lazy(() => z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(jsonValue), z.record(z.string(), jsonValue)]))
  .meta({ id: 'JsonValue' });
const bodyJson = z.record(z.string(), jsonValue);
const action = z.object({ kind: z.string(), body: bodyJson });
export type ActionJson = z.infer<typeof action>;

const transaction = z
  .object({
    id: id(),
    height: height(),
    position: whole(),
    index: whole(),
    timeMs: timeMs(),
    /** OK, or why the ledger refused it. */
    code: z.string(),
    signers: z.array(id()),
    /** Kinds of its actions. */
    kinds: z.array(z.string()),
  })
  .meta({ id: 'Transaction' });
export const transactionPage = page(transaction).meta({ id: 'TransactionPage' });
const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
export const transactionDetail = transaction
  .extend({ details, validUntil: timeMs(), actions: z.array(action), events: z.array(action), envelopeSize: whole() })
  .meta({ id: 'TransactionDetail' });
export type TransactionJson = z.infer<typeof transaction>;
export type TransactionDetailJson = z.infer<typeof transactionDetail>;

/** What became of a submitted transaction that was executed. */
export const transactionResult = z
  .object({
    id: id(),
    height: height(),
    position: whole(),
    index: whole(),
    code: z.string(),
    details,
    events: z.array(action),
  })
  .meta({ id: 'TransactionResult' });
export type TransactionResultJson = z.infer<typeof transactionResult>;

const block = z
  .object({
    height: height(),
    timeMs: timeMs(),
    /** Log index of its first leaf. */
    firstIndex: whole(),
    /** Leaves in the log after it. */
    logSize: whole(),
    transactionCount: whole(),
    /** Null where the block wrote nothing. */
    stateRoot: id().nullable(),
    appHash: id(),
  })
  .meta({ id: 'Block' });
export const blockPage = page(block).meta({ id: 'BlockPage' });
export const blockDetail = block.extend({ transactions: z.array(transaction) }).meta({ id: 'BlockDetail' });
export type BlockJson = z.infer<typeof block>;
export type BlockDetailJson = z.infer<typeof blockDetail>;

const anchor = z.object({ shard: id(), size: whole(), root: id(), height: height(), timeMs: timeMs() }).meta({ id: 'Anchor' });
export const anchorPage = page(anchor).meta({ id: 'AnchorPage' });
export type AnchorJson = z.infer<typeof anchor>;

const account = z
  .object({
    id: id(),
    holder: z.enum(['organisation', 'person', 'service']),
    /** Null for persons, who are never named. */
    name: z.string().nullable(),
    keyCount: whole(),
    from: height(),
    to: height().nullable(),
  })
  .meta({ id: 'Account' });
export const accountPage = page(account).meta({ id: 'AccountPage' });
export const accountDetail = account
  .extend({
    keys: z.array(
      z.object({
        number: whole(),
        algorithm: z.enum(['EdDSA', 'ES256']),
        publicKey: base64(),
        class: z.enum(['everyday', 'full']),
        from: height(),
        to: height().nullable(),
      }),
    ),
    roles: z.array(z.object({ role: z.string(), from: height() })),
    bodies: z.array(z.object({ id: id(), name: z.string(), from: height() })),
  })
  .meta({ id: 'AccountDetail' });
export type AccountJson = z.infer<typeof account>;
export type AccountDetailJson = z.infer<typeof accountDetail>;

const role = z.object({ account: id(), role: z.string(), from: height() }).meta({ id: 'Role' });
export const roleList = z.object({ items: z.array(role) }).meta({ id: 'RoleList' });
export type RoleJson = z.infer<typeof role>;

const body = z
  .object({ id: id(), name: z.string(), threshold: whole(), members: z.array(z.object({ account: id(), from: height() })) })
  .meta({ id: 'Body' });
export const bodyList = z.object({ items: z.array(body) }).meta({ id: 'BodyList' });
export type BodyJson = z.infer<typeof body>;

const proposal = z
  .object({
    id: id(),
    body: id(),
    bodyName: z.string(),
    proposer: id(),
    status: z.enum(['open', 'executed', 'withdrawn', 'rejected', 'expired']),
    createdMs: timeMs(),
    expiresMs: timeMs(),
    approvalCount: whole(),
    /** Approvals of members that the body needs. */
    threshold: whole(),
    /** How many members the body has: the proposal is over when more than `memberCount` − `threshold` reject it. */
    memberCount: whole(),
    kinds: z.array(z.string()),
  })
  .meta({ id: 'Proposal' });
export const proposalPage = page(proposal).meta({ id: 'ProposalPage' });
export const proposalDetail = proposal
  .extend({
    actions: z.array(action),
    approvals: z.array(z.object({ account: id(), at: height() })),
    rejections: z.array(z.object({ account: id(), at: height(), reason: z.string() })),
  })
  .meta({ id: 'ProposalDetail' });
export type ProposalJson = z.infer<typeof proposal>;
export type ProposalDetailJson = z.infer<typeof proposalDetail>;

/** What has an id or hash; `height`: of the block, or of the block of a transaction. */
export const found = z
  .object({
    items: z.array(
      z.object({
        kind: z.enum([
          'reading',
          'transaction',
          'block',
          'device',
          'account',
          'proposal',
          'model',
          'manufacturer',
          'body',
          'shard',
          'zone',
          'order',
          'alarm',
        ]),
        id: id(),
        height: height().nullable(),
      }),
    ),
  })
  .meta({ id: 'Found' });
export type FoundJson = z.infer<typeof found>;

/** What /livez and /readyz say. */
export const health = z
  .object({ ok: z.boolean(), checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })) })
  .meta({ id: 'Health' });
export type HealthJson = z.infer<typeof health>;

/** Evidence of one change of policy: of the block that put it into force; `sha256` and `size` are those of the evidence. */
const successor = z.object({ height: height(), sha256: id(), size: whole() });
export const successorPage = page(successor).meta({ id: 'SuccessorPage' });
export type SuccessorJson = z.infer<typeof successor>;

/** The admin door's name in the data folder: a Unix socket, see admin-door.ts. */
export const ADMIN_SOCKET = 'admin.sock';

/** Where the doors of this city are, as the admin door says. */
export type DoorsJson = { readonly http: string };
/** Answers of the admin door. `count`: readings whose key was destroyed; `missed`: shards that have to be asked again, and why. */
export type ErasureJson = {
  readonly erasures: readonly { readonly shard: string; readonly id: string; readonly count: number }[];
  readonly missed: readonly { readonly shard: string; readonly code: string }[];
};
/** The read model while it is filled anew: what there is, how much of it is missing, and whether nothing is. */
export type ReindexJson = {
  readonly blocks: number;
  readonly readings: number;
  readonly behindBlocks: number;
  readonly behindReadings: number;
  readonly level: boolean;
};
/** A telemetry shard that was declared: its id as hex. */
export type ShardDeclaredJson = { readonly shard: string; readonly number: number; readonly origin: string };

/** A device key in two places; `report` is the action that proves it, as `actions` in CBOR, base64; null for readings about people. */
export type CloneJson = {
  readonly shard: string;
  readonly device: string;
  readonly keyNumber: number;
  readonly sequence: number;
  readonly report: string | null;
};
