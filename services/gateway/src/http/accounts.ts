/** Accounts, their keys, roles and bodies. Persons have no names here, only random ids. */

import { type Bytes, encodeBase64, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { EDDSA } from '@oppidum/formats/ids';
import { accountKeyKind, accountKind, bodyKind, memberKind, roleKind } from '@oppidum/formats/state-governance';
import { type AnyKind, at, parseKey, parseState, prefixRange } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import {
  type AccountDetailJson,
  accountDetail,
  accountPage,
  type BodyJson,
  bodyList,
  type RoleJson,
  roleList,
} from '../api-types.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { findAccounts } from '../read-model/ledger-queries.ts';
import type { App } from './app.ts';
import { makePage, pageQuery, parseCursor } from './paging.ts';
import { answers, idParams, noQuery } from './parameters.ts';

/** GET /api/v1/accounts, /api/v1/accounts/{id}, /api/v1/roles, /api/v1/bodies. */
export function addAccountRoutes(app: App, { node, readModel }: GatewayContext): void {
  app.get(
    '/api/v1/accounts',
    { schema: { tags: ['governance'], summary: 'Accounts by id', querystring: pageQuery, response: answers(accountPage) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const after = parseCursor('accounts', cursor, ['string'])?.[0] ?? null;
      const rows = await findAccounts(readModel.database, limit + 1, after);
      const list = { name: 'accounts', limit, positionOf: ({ id }: { readonly id: string }) => [id] };
      return makePage({ request, reply }, list, rows, (account) => account);
    },
  );
  app.get(
    '/api/v1/accounts/:id',
    {
      schema: {
        tags: ['governance'],
        summary: 'One account with its keys, roles and bodies',
        params: idParams,
        querystring: noQuery,
        response: answers(accountDetail),
      },
    },
    async (request) => showAccount(node, request.params.id),
  );
  app.get(
    '/api/v1/roles',
    { schema: { tags: ['governance'], summary: 'Who holds which role', querystring: noQuery, response: answers(roleList) } },
    async () => ({ items: rolesOf(node, []) }),
  );
  app.get(
    '/api/v1/bodies',
    { schema: { tags: ['governance'], summary: 'Bodies that decide', querystring: noQuery, response: answers(bodyList) } },
    async () => ({ items: bodiesOf(node) }),
  );
}

function showAccount(node: NodeClient, id: string): AccountDetailJson {
  const account = parseHex(id);
  const record = node.read(at(accountKind, account));
  if (record === null) throw formatError('ACCOUNT_UNKNOWN', { account: id });
  const { holder, name, keyCount, from, to } = record;
  const bodies = bodiesOf(node).flatMap((body) => {
    const member = body.members.find((candidate) => candidate.account === id);
    return member === undefined ? [] : [{ id: body.id, name: body.name, from: member.from }];
  });
  const roles = rolesOf(node, [account]).map(({ role, from: since }) => ({ role, from: since }));
  return { id, holder, name: name ?? null, keyCount, from, to: to ?? null, keys: keysOf(node, account), roles, bodies };
}

function keysOf(node: NodeClient, account: Bytes): AccountDetailJson['keys'] {
  return [...node.scan(prefixRange(accountKeyKind as unknown as AnyKind, [account]))].map(({ key, value }) => {
    const record = parseState(accountKeyKind, value);
    return {
      number: parseKey(accountKeyKind, key)[1],
      algorithm: record.algorithm === EDDSA ? 'EdDSA' : 'ES256',
      publicKey: encodeBase64(record.publicKey),
      class: record.class,
      from: record.from,
      to: record.to ?? null,
    };
  });
}

function rolesOf(node: NodeClient, segments: readonly Bytes[]): RoleJson[] {
  return [...node.scan(prefixRange(roleKind as unknown as AnyKind, segments))].map(({ key, value }) => {
    const { role, from } = parseState(roleKind, value);
    return { account: toHex(parseKey(roleKind, key)[0]), role, from };
  });
}

function bodiesOf(node: NodeClient): BodyJson[] {
  const members = [...node.scan(prefixRange(memberKind as unknown as AnyKind, []))].map(({ key, value }) => {
    const [body, account] = parseKey(memberKind, key);
    return { body, account: toHex(account), from: parseState(memberKind, value).from };
  });
  return [...node.scan(prefixRange(bodyKind as unknown as AnyKind, []))].map(({ key, value }) => {
    const [id] = parseKey(bodyKind, key);
    const { name, threshold } = parseState(bodyKind, value);
    const own = members.filter(({ body }) => equalBytes(body, id));
    return { id: toHex(id), name, threshold, members: own.map(({ account, from }) => ({ account, from })) };
  });
}
