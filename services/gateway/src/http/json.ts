/** CBOR bodies of actions and events as JSON: by their schema where the contracts know one, else value by value. */

import { encodeBase64, toHex } from '@oppidum/formats/bytes';
import { CborFloat, CborTag, type CborValue } from '@oppidum/formats/cbor';
import { FormatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import type { LedgerEvent } from '@oppidum/formats/result';
import type { Json } from '@oppidum/formats/schema';
import type { Action } from '@oppidum/formats/transaction';
import { parseAction, type Registry } from '@oppidum/ledger/action';
import type { ActionJson } from '../api-types.ts';

type BodyJson = ActionJson['body'];

/** An action as JSON; also one that was refused because no contract knows it. */
export function actionJson(registry: Registry, action: Action): ActionJson {
  try {
    const { definition, body } = parseAction(registry, action);
    const nested = nestedActions(body);
    if (nested === null) return { kind: action.kind, body: definition.body.toJson(body) as BodyJson };
    // The schema of a proposal knows no registry: its own fields are its, the actions inside are shown like this one.
    const shown = definition.body.toJson({ ...(body as object), actions: [] }) as BodyJson;
    return { kind: action.kind, body: { ...shown, actions: nested.map((inner) => actionJson(registry, inner)) } };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { kind: action.kind, body: valueJson(action.body) as BodyJson };
  }
}

/** The actions that a proposal's body carries, or null. */
function nestedActions(body: unknown): readonly Action[] | null {
  const { actions } = body as { readonly actions?: readonly Action[] };
  return Array.isArray(actions) ? actions : null;
}

/** An event as JSON. */
export function eventJson({ kind, body }: LedgerEvent): ActionJson {
  return { kind, body: valueJson(body) as BodyJson };
}

/** Ids as hex, other bytes as base64, keys as texts. */
function valueJson(value: CborValue): Json {
  if (value instanceof Uint8Array) return value.length === ID_SIZE ? toHex(value) : encodeBase64(value);
  if (Array.isArray(value)) return value.map(valueJson);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), valueJson(item)]));
  }
  if (value instanceof CborFloat) return Number.isFinite(value.value) ? value.value : null;
  if (value instanceof CborTag) return { tag: value.tag, value: valueJson(value.value) };
  return typeof value === 'bigint' ? String(value) : value;
}
