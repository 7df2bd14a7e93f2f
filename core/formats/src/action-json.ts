/**
 * CBOR bodies of actions and events as JSON: by their schema where there is one, else value by value. A city shows by it what it
 * executed, and pages what evidence proves, so that both can be compared.
 */

import { ACTION_FIELDS, isActionKind } from './action-fields.ts';
import { encodeBase64, toHex } from './bytes.ts';
import { CborFloat, CborTag, type CborValue } from './cbor.ts';
import { FormatError } from './errors.ts';
import { ID_SIZE } from './ids.ts';
import type { LedgerEvent } from './result.ts';
import { type Schema, struct } from './schema.ts';
import type { Action } from './transaction.ts';

type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };
type KindAndBody = { kind: string; body: Record<string, Plain> };

/** An action as JSON; also one that was refused because no contract knows it. */
export function actionJson({ kind, body }: Action): KindAndBody {
  try {
    if (!isActionKind(kind)) return eventJson({ kind, body });
    const schema = struct(ACTION_FIELDS[kind]) as Schema<unknown>;
    const parsed = schema.parse(body, '');
    const { actions } = parsed as { readonly actions?: readonly Action[] };
    if (!Array.isArray(actions)) return { kind, body: schema.toJson(parsed) as KindAndBody['body'] };
    // The schema of a proposal does not know what it holds: its own fields are its, the actions inside are shown like this one.
    const shown = schema.toJson({ ...(parsed as object), actions: [] }) as KindAndBody['body'];
    return { kind, body: { ...shown, actions: (actions as readonly Action[]).map(actionJson) } };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return eventJson({ kind, body });
  }
}

/** An event as JSON. */
export function eventJson({ kind, body }: LedgerEvent): KindAndBody {
  return { kind, body: valueJson(body) as KindAndBody['body'] };
}

/** Ids as hex, other bytes as base64, keys as texts. */
function valueJson(value: CborValue): Plain {
  if (value instanceof Uint8Array) return value.length === ID_SIZE ? toHex(value) : encodeBase64(value);
  if (Array.isArray(value)) return value.map(valueJson);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), valueJson(item)]));
  }
  if (value instanceof CborFloat) return Number.isFinite(value.value) ? value.value : null;
  if (value instanceof CborTag) return { tag: value.tag, value: valueJson(value.value) };
  return typeof value === 'bigint' ? String(value) : value;
}
