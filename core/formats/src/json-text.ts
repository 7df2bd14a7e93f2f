/** Strict JSON (RFC 8259): as `JSON.parse` reads it, but a name given twice is refused, and depth and counts are limited. */

import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Json } from './schema.ts';

/**
 * Parses one JSON text.
 * Throws TEXT_INVALID (syntax), DUPLICATE_KEY, NUMBER_RANGE (a number no double holds), TOO_DEEP, TOO_LARGE (items).
 */
export function parseJsonText(text: string): Json {
  const value = parseAny(text);
  // Of names given twice, `JSON.parse` keeps the last.
  if (countNames(value, 0) < countColons(text)) throw formatError('DUPLICATE_KEY', { want: 'each name once' });
  return value;
}

/** Whatever the engine throws, its own limits of depth among it, is no JSON of ours. */
function parseAny(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw formatError('TEXT_INVALID', { want: 'JSON' });
  }
}

/** How many names the objects of a value have. */
function countNames(value: Json, depth: number): number {
  if (depth > LIMITS.cborDepthMax) throw formatError('TOO_DEEP', { depthMax: LIMITS.cborDepthMax });
  if (typeof value === 'number' && !Number.isFinite(value)) throw formatError('NUMBER_RANGE', { want: 'a finite number' });
  if (value === null || typeof value !== 'object') return 0;
  const items: readonly Json[] = Object.values(value);
  if (items.length > LIMITS.cborItemCountMax) throw formatError('TOO_LARGE', { countMax: LIMITS.cborItemCountMax });
  const own = Array.isArray(value) ? 0 : items.length;
  return items.reduce<number>((count, item) => count + countNames(item, depth + 1), own);
}

/** How many names stand in a text that is JSON: as many as colons outside of strings. */
function countColons(text: string): number {
  let count = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') isString = !isString;
    else if (isString && character === '\\') i++;
    else if (!isString && character === ':') count++;
  }
  return count;
}
