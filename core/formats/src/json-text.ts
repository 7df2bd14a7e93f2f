/** Strict JSON (RFC 8259): as `JSON.parse` reads it, but a name given twice is refused, and depth and counts are limited. */

import { type FormatError, formatError } from './errors.ts';
import { LIMITS } from './limits.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

type Cursor = { readonly text: string; offset: number };

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Parses one JSON text.
 * Throws TEXT_INVALID (syntax), DUPLICATE_KEY, NUMBER_RANGE (a number no double holds), TOO_DEEP, TOO_LARGE (items), TRAILING_BYTES.
 */
export function parseJsonText(text: string): JsonValue {
  const cursor: Cursor = { text, offset: 0 };
  const value = readValue(cursor, 0);
  skipSpace(cursor);
  if (cursor.offset !== text.length) throw formatError('TRAILING_BYTES', { at: cursor.offset });
  return value;
}

function invalid(cursor: Cursor, want: string): FormatError {
  return formatError('TEXT_INVALID', { at: cursor.offset, want });
}

function skipSpace(cursor: Cursor): void {
  while (cursor.offset < cursor.text.length && ' \t\n\r'.includes(cursor.text.charAt(cursor.offset))) cursor.offset++;
}

/** Moves past `token` when it comes next. */
function accept(cursor: Cursor, token: string): boolean {
  if (!cursor.text.startsWith(token, cursor.offset)) return false;
  cursor.offset += token.length;
  return true;
}

function readValue(cursor: Cursor, depth: number): JsonValue {
  if (depth > LIMITS.cborDepthMax) throw formatError('TOO_DEEP', { depthMax: LIMITS.cborDepthMax });
  skipSpace(cursor);
  if (accept(cursor, '{')) return readObject(cursor, depth);
  if (accept(cursor, '[')) return readArray(cursor, depth);
  if (accept(cursor, '"')) return readString(cursor);
  if (accept(cursor, 'true')) return true;
  if (accept(cursor, 'false')) return false;
  if (accept(cursor, 'null')) return null;
  return readNumber(cursor);
}

function readNumber(cursor: Cursor): number {
  NUMBER.lastIndex = cursor.offset;
  const match = NUMBER.exec(cursor.text);
  if (match === null) throw invalid(cursor, 'a JSON value');
  const value = Number(match[0]);
  if (!Number.isFinite(value)) throw formatError('NUMBER_RANGE', { at: cursor.offset });
  cursor.offset += match[0].length;
  return value;
}

function readArray(cursor: Cursor, depth: number): readonly JsonValue[] {
  const items: JsonValue[] = [];
  skipSpace(cursor);
  if (accept(cursor, ']')) return items;
  do {
    items.push(readValue(cursor, depth + 1));
    if (items.length > LIMITS.cborItemCountMax) throw formatError('TOO_LARGE', { countMax: LIMITS.cborItemCountMax });
    skipSpace(cursor);
  } while (accept(cursor, ','));
  if (!accept(cursor, ']')) throw invalid(cursor, ', or ]');
  return items;
}

function readObject(cursor: Cursor, depth: number): JsonObject {
  const object = new Map<string, JsonValue>();
  skipSpace(cursor);
  if (accept(cursor, '}')) return object;
  do {
    skipSpace(cursor);
    const at = cursor.offset;
    if (!accept(cursor, '"')) throw invalid(cursor, 'a name');
    const name = readString(cursor);
    if (object.has(name)) throw formatError('DUPLICATE_KEY', { at });
    skipSpace(cursor);
    if (!accept(cursor, ':')) throw invalid(cursor, ':');
    object.set(name, readValue(cursor, depth + 1));
    if (object.size > LIMITS.cborItemCountMax) throw formatError('TOO_LARGE', { countMax: LIMITS.cborItemCountMax });
    skipSpace(cursor);
  } while (accept(cursor, ','));
  if (!accept(cursor, '}')) throw invalid(cursor, ', or }');
  return object;
}

/** The rest of a string after its opening quote. */
function readString(cursor: Cursor): string {
  let value = '';
  for (;;) {
    const character = cursor.text.charAt(cursor.offset);
    if (character === '' || character < ' ') throw invalid(cursor, 'the end of a string');
    cursor.offset++;
    if (character === '"') return value;
    value += character === '\\' ? readEscape(cursor) : character;
  }
}

function readEscape(cursor: Cursor): string {
  const letter = cursor.text.charAt(cursor.offset++);
  const plain = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (plain !== undefined) return plain;
  const digits = cursor.text.slice(cursor.offset, cursor.offset + 4);
  if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) throw invalid(cursor, 'an escape of RFC 8259');
  cursor.offset += 4;
  return String.fromCharCode(Number.parseInt(digits, 16));
}
