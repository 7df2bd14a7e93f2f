/** Alarms: what follows from the record, who answers for it, and who is called since nobody did. */

import { ALARM_CAUSES, ALARM_RULES, type AlarmResponse, escalationOf, SEVERITIES } from '@oppidum/formats/alarm';
import { ALARM_STATES } from '@oppidum/formats/alarm-life';
import { parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { zoneKind } from '@oppidum/formats/state-orders';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { validatorKeyKind } from '@oppidum/formats/state-validators';
import { z } from 'zod';
import { AlarmCounts } from '../alarms/alarm-counts.ts';
import { type AlarmJson, alarmCounts, alarmDetail, alarmPage } from '../api/alarms.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { type AlarmPlace, type AlarmRow, findAlarm, findAlarms } from '../read-model/alarm-queries.ts';
import { isCause } from '../read-model/alarm-rows.ts';
import { inTurns } from '../turns.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, hexId, idParams, noQuery } from './parameters.ts';

const alarmQuery = pageQuery.extend({
  /** `unclosed`: open or acknowledged. */
  state: z.enum([...ALARM_STATES, 'unclosed']).optional(),
  severity: z.enum(SEVERITIES).optional(),
  cause: z.enum(ALARM_CAUSES).optional(),
  zone: hexId.optional(),
  subject: hexId.optional(),
});

/** GET /api/v1/alarms, /api/v1/alarms/counts, /api/v1/alarms/{id}. */
export function addAlarmRoutes(app: App, context: GatewayContext): void {
  const { readModel, orders } = context;
  const counted = new AlarmCounts(readModel, () => orders.nowMs());
  app.get(
    '/api/v1/alarms',
    {
      schema: {
        tags: ['alarms'],
        summary: 'Alarms, those opened last first',
        querystring: alarmQuery,
        response: answers(alarmPage),
      },
    },
    async (request, reply) => {
      const { limit, cursor, ...filter } = request.query;
      const place = parseCursor('alarms', cursor, ['number', 'string']);
      const before = place === null ? null : { openedMs: place[0], id: place[1] };
      const { rows, end } = await findAlarms(readModel.database, { ...filter, limit: limit + 1, before });
      const positionOf = ({ openedMs, id }: AlarmPlace) => [openedMs, id];
      const list = { name: 'alarms', limit, positionOf, end: end === null ? null : positionOf(end) };
      const shown = await inTurns(rows, (row) => showAlarm(context, row, orders.nowMs()));
      return makePage({ request, reply }, list, shown, (row) => row);
    },
  );
  app.get(
    '/api/v1/alarms/counts',
    {
      schema: {
        tags: ['alarms'],
        summary: 'How many alarms are open, acknowledged and escalated',
        querystring: noQuery,
        response: answers(alarmCounts),
      },
    },
    () => counted.counts(),
  );
  app.get(
    '/api/v1/alarms/:id',
    {
      schema: {
        tags: ['alarms'],
        summary: 'One alarm: since when, by what evidence, who answers for it, what closed it',
        params: idParams,
        querystring: noQuery,
        response: answers(alarmDetail),
      },
    },
    async (request) => {
      const row = await findAlarm(readModel.database, request.params.id);
      if (row === null) throw formatError('ALARM_UNKNOWN', { alarm: request.params.id });
      return showAlarm(context, row, orders.nowMs());
    },
  );
}

function showAlarm({ node }: Pick<GatewayContext, 'node'>, row: AlarmRow, nowMs: number): AlarmJson {
  const { id, cause, subject, state, detail, count } = row;
  if (!isCause(cause)) throw new Error(`an alarm of the read model has the cause ${cause}`);
  const { severity, subject: kind } = ALARM_RULES[cause];
  const zone = kind === 'zone' ? subject : (row.device_zone ?? row.order_zone);
  const escalation = state === 'open' ? escalationOf(severity, row.opened_ms, nowMs) : null;
  return {
    ...{ id, cause, severity, state },
    subject: { kind, id: subject, name: nameOf({ node }, kind, subject) },
    ...{ zone, zoneName: zone === null ? null : nameOf({ node }, 'zone', zone) },
    ...{ detail, openedMs: row.opened_ms, opening: { kind: row.opening_kind, id: row.opening }, lastMs: row.last_ms },
    ...{ count, openingCount: row.opening_count },
    ...{ called: escalation?.called ?? null, escalations: escalation?.step ?? 0, nextMs: escalation?.nextMs ?? null },
    ...{ acknowledgement: showAcknowledgement(row), closed: showClosed(row) },
  };
}

function showAcknowledgement({ account, account_name: accountName, response, at_ms: atMs, height }: AlarmRow) {
  if (account === null || response === null || atMs === null || height === null) return null;
  return { account, accountName, response: response as AlarmResponse, atMs, height };
}

function showClosed({ state, closed_ms: atMs, closed_by: by, closed_kind: kind, at_ms: acknowledgedMs }: AlarmRow) {
  if (atMs !== null) return { atMs, by: by === null || kind === null ? null : { kind, id: by } };
  return state === 'closed' && acknowledgedMs !== null ? { atMs: acknowledgedMs, by: null } : null;
}

/** What the ledger calls it. */
function nameOf({ node }: Pick<GatewayContext, 'node'>, kind: AlarmJson['subject']['kind'], id: string): string | null {
  const key = parseHex(id);
  switch (kind) {
    case 'device':
      return node.read(at(deviceKind, key))?.label ?? null;
    case 'zone':
      return node.read(at(zoneKind, key))?.name ?? null;
    case 'model':
      return node.read(at(modelKind, key))?.name ?? null;
    case 'validator':
      return node.read(at(validatorKeyKind, key))?.validator ?? null;
    case 'shard':
      return String(node.read(at(shardKind, key))?.number ?? '') || null;
    case 'order':
      return null;
  }
}
