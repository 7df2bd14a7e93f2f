/** Lists in pages. A cursor is the place of the last item shown, opaque to clients, so a page never shifts when news arrive. */

import { encodeBase64Url, parseBase64Url } from '@oppidum/formats/bytes';
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { FormatError, formatError } from '@oppidum/formats/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

const LIMIT_MAX = 1_000;
const CURSOR_LENGTH_MAX = 512;

/** The query parameters of every list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(50),
  cursor: z.string().max(CURSOR_LENGTH_MAX).optional(),
});

/** Values that say after which row a page begins, in the order of the list's sort. */
export type Position = readonly (number | string)[];
type PositionOf<T extends readonly ('number' | 'string')[]> = {
  readonly [I in keyof T]: T[I] extends 'number' ? number : string;
};

function encodeCursor(list: string, position: Position): string {
  return encodeBase64Url(encodeCbor([list, ...position]));
}

/** The position in a cursor of this list, or null without one. Throws CURSOR_INVALID. */
export function parseCursor<const T extends readonly ('number' | 'string')[]>(
  list: string,
  cursor: string | undefined,
  types: T,
): PositionOf<T> | null {
  if (cursor === undefined) return null;
  const position = openCursor(cursor);
  const fits =
    position.length === types.length + 1 && position[0] === list && types.every((type, i) => typeof position[i + 1] === type);
  if (!fits) throw formatError('CURSOR_INVALID', { list });
  return position.slice(1) as unknown as PositionOf<T>;
}

function openCursor(cursor: string): readonly unknown[] {
  try {
    const value = parseCbor(parseBase64Url(cursor));
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return [];
  }
}

/**
 * A page of rows of which one more than `limit` was asked for; the Link header (RFC 8288) leads to the next. `end`: where looking for them
 * ended before there were enough.
 */
export function makePage<Row, Item>(
  to: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  list: {
    readonly name: string;
    readonly limit: number;
    readonly positionOf: (row: Row) => Position;
    readonly end?: Position | null;
  },
  rows: readonly Row[],
  show: (row: Row) => Item,
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, list.limit);
  const last = shown.at(-1);
  const end = rows.length > list.limit && last !== undefined ? list.positionOf(last) : (list.end ?? null);
  const next = end === null ? null : encodeCursor(list.name, end);
  if (next !== null) {
    const url = new URL(to.request.url, 'http://localhost');
    url.searchParams.set('cursor', next);
    to.reply.header('link', `<${url.pathname}${url.search}>; rel="next"`);
  }
  return { items: shown.map(show), next };
}
