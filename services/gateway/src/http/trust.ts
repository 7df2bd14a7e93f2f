/** How far a device is believed, and what its model can do, from the state of the newest block. */

import { newestKeyNumber } from '@oppidum/contracts/devices/standing';
import { distrustOf } from '@oppidum/contracts/devices/trusted-sensor';
import { parameterValue } from '@oppidum/contracts/governance/parameters';
import { isPermitted } from '@oppidum/contracts/trust/report-firmware';
import { scoreOf } from '@oppidum/contracts/trust/score';
import { readTrust } from '@oppidum/contracts/trust/trust-record';
import { type Bytes, encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { attestationChallenge } from '@oppidum/formats/eat';
import { formatError } from '@oppidum/formats/errors';
import { lastReportNumber } from '@oppidum/formats/firmware-report';
import { EDDSA } from '@oppidum/formats/ids';
import {
  type DeviceRecord,
  deviceKeyKind,
  deviceKind,
  type ModelRecord,
  manufacturerKind,
  modelCommandsKind,
  modelKind,
  type Quarantine,
} from '@oppidum/formats/state-devices';
import {
  type AnyKind,
  at,
  parseKey,
  parseState,
  prefixRange,
  type SegmentType,
  type StateKind,
  type StateRef,
} from '@oppidum/formats/state-layout';
import {
  type AuditCaseRecord,
  attestationKind,
  auditCaseKind,
  deviceOwnerKind,
  firmwareKind,
  modelAttestationKind,
  voucherLinkKind,
} from '@oppidum/formats/state-trust';
import {
  type DeviceTrustJson,
  deviceTrust,
  type ModelDescriptionJson,
  modelDescription,
  thingDescription,
} from '../api/trust.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { describeThing } from '../thing-description.ts';
import type { App } from './app.ts';
import { answers, idParams, noQuery } from './parameters.ts';

type Node = GatewayContext['node'];

/** GET /api/v1/devices/{id}/trust, /api/v1/models/{id}/description, /api/v1/models/{id}/thing-description. */
export function addTrustRoutes(app: App, context: GatewayContext): void {
  const { node } = context;
  const route = { tags: ['devices'], params: idParams, querystring: noQuery };
  app.get(
    '/api/v1/devices/:id/trust',
    { schema: { ...route, summary: 'Whether a device’s readings count, whose it is, and why', response: answers(deviceTrust) } },
    async (request) => trustOf(context, parseHex(request.params.id)),
  );
  app.get(
    '/api/v1/models/:id/description',
    { schema: { ...route, summary: 'What devices of a model can do and may run', response: answers(modelDescription) } },
    async (request) => descriptionOf(node, parseHex(request.params.id)),
  );
  app.get(
    '/api/v1/models/:id/thing-description',
    { schema: { ...route, summary: 'The same as a W3C Thing Description', response: answers(thingDescription) } },
    async (request) => {
      const id = parseHex(request.params.id);
      const record = requireModel(node, id);
      const { commands, sensors } = node.read(at(modelCommandsKind, id)) ?? { commands: [], sensors: [] };
      const base = `${request.protocol}://${request.host}`;
      return describeThing({ id, record, commands, sensors, height: node.head().height, base });
    },
  );
}

/** Records of a kind under these segments. */
function scan<V, S extends readonly SegmentType[]>(node: Node, kind: StateKind<V, S>, ...segments: readonly Bytes[]) {
  const range = prefixRange(kind as unknown as AnyKind, segments);
  return [...node.scan(range)].map(({ key, value }) => ({
    segments: parseKey(kind, key),
    value: parseState(kind as unknown as StateKind<V>, value),
  }));
}

function requireModel(node: Node, id: Bytes): ModelRecord {
  const record = node.read(at(modelKind, id));
  if (record === null) throw formatError('MODEL_UNKNOWN', { model: toHex(id) });
  return record;
}

function trustOf({ node, crypto }: GatewayContext, device: Bytes): DeviceTrustJson {
  const record = node.read(at(deviceKind, device));
  if (record === null) throw formatError('DEVICE_UNKNOWN', { device: toHex(device) });
  const get = <V>(ref: StateRef<V>): V => {
    const value = node.read(ref);
    if (value === null) throw new Error('a record that another names is there');
    return value;
  };
  const city = { crypto, timeMs: node.head().timeMs, read: <V>(ref: StateRef<V>) => node.read(ref), get };
  const because = distrustOf(city, device);
  const { manufacturer } = requireModel(node, record.model);
  const owner = node.read(at(deviceOwnerKind, device))?.owner ?? get(at(manufacturerKind, manufacturer)).account;
  return {
    ...{ device: toHex(device), counts: because === null, because, owner: toHex(owner) },
    links: scan(node, voucherLinkKind, device).map(({ segments, value }) => ({
      ...{ number: segments[1], seller: toHex(value.seller), owner: toHex(value.owner), from: value.from },
    })),
    quarantines: quarantinesOf(record),
    firmware: runningOf(node, device, record),
    lastReport: lastReportNumber(readTrust(node, device).firmware, get(at(deviceKeyKind, device, newestKeyNumber(record)))),
    attestation: {
      isAsked: node.read(at(modelAttestationKind, record.model)) !== null,
      ...attestationOf({ node, crypto }, device, record),
    },
    score: scoreOf(city, readTrust(city, device)),
    threshold: parameterValue(city, 'trust/score-threshold'),
    cases: scan(node, auditCaseKind, device).map(({ segments, value }) => caseJson(segments[1], value)),
  };
}

/** What a device's record says of its quarantines. */
export function quarantinesOf({ quarantines = [] }: DeviceRecord): DeviceTrustJson['quarantines'] {
  return quarantines.map(({ from, to, cause, reason }: Quarantine) => ({ from, to: to ?? null, cause, reason }));
}

function runningOf(node: Node, device: Bytes, { model }: DeviceRecord): DeviceTrustJson['firmware'] {
  const { firmware } = readTrust(node, device);
  if (firmware === undefined) return null;
  const { digest, counter, from } = firmware;
  const version = node.read(at(firmwareKind, model, digest))?.version ?? null;
  return { digest: toHex(digest), counter, from, isPermitted: isPermitted(node, model, digest), version };
}

function attestationOf({ node, crypto }: Pick<GatewayContext, 'node' | 'crypto'>, device: Bytes, { registration }: DeviceRecord) {
  const newest = node.read(at(attestationKind, device));
  const challenge = attestationChallenge(crypto, node.genesisHash, device, newest?.transaction ?? registration);
  return {
    challenge: toHex(challenge),
    newest: newest === null ? null : { token: toHex(newest.token), by: newest.by, at: newest.at },
  };
}

function caseJson(evidence: Bytes, { marks, counted, appeal, outcome }: AuditCaseRecord): DeviceTrustJson['cases'][number] {
  return {
    evidence: toHex(evidence),
    marks: marks.map(({ auditor, penalty, reason }) => ({ auditor: toHex(auditor), penalty, reason })),
    counted: counted ?? null,
    appeal: appeal === undefined ? null : { ...appeal, by: toHex(appeal.by) },
    outcome: outcome ?? null,
  };
}

function descriptionOf(node: Node, model: Bytes): ModelDescriptionJson {
  requireModel(node, model);
  const { commands, sensors } = node.read(at(modelCommandsKind, model)) ?? { commands: [], sensors: [] };
  const demand = node.read(at(modelAttestationKind, model));
  return {
    model: toHex(model),
    commands: commands.map(({ name, parameters }) => ({
      name,
      parameters: parameters.map(({ unit, ...parameter }) => ({ ...parameter, unit: unit ?? null })),
    })),
    sensors: sensors.map(({ unit, ...sensor }) => ({ ...sensor, unit: unit ?? null })),
    attestation:
      demand === null
        ? null
        : {
            keys: demand.keys.map(({ algorithm, publicKey }) => ({
              algorithm: algorithm === EDDSA ? ('EdDSA' as const) : ('ES256' as const),
              publicKey: encodeBase64(publicKey),
            })),
            claims: Object.fromEntries(
              Object.entries(demand.claims).map(([name, value]) => [
                name,
                value instanceof Uint8Array ? encodeBase64(value) : value,
              ]),
            ),
            from: demand.from,
          },
    firmware: scan(node, firmwareKind, model).map(({ segments, value: { metadata, to, reason, ...image } }) => ({
      ...{ digest: toHex(segments[1]), ...image, metadata: toHex(metadata), to: to ?? null, reason: reason ?? null },
    })),
  };
}
