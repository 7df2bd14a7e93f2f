/** Parameters that several routes take, what every route may answer, and what a client accepts. */

import { formatError } from '@oppidum/formats/errors';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problem } from '../api-types.ts';

/** An id or hash as 64 lower-case hex digits. */
export const hexId = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits');

export const idParams = z.strictObject({ id: hexId });

/** A body that is no JSON: who parses it checks it. */
export const signedBytes = z.unknown().describe('Signed bytes');

/** A query without parameters. */
export const noQuery = z.strictObject({});

/** A time as milliseconds since 1970 or in RFC 3339. */
export const timeParameter = z.union([
  z
    .string()
    .regex(/^[0-9]{1,15}$/, 'milliseconds since 1970')
    .transform(Number),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);

const PROBLEM = { description: 'Refused, with a code', content: { 'application/problem+json': { schema: problem } } };
const PROBLEMS = { '4xx': PROBLEM, '5xx': PROBLEM } as const;

/** The answers of a route: a schema when it works, a problem when not. */
export function answers<T extends z.ZodType>(schema: T) {
  return { 200: schema, ...PROBLEMS } as const;
}

/** Answers in bytes of these types: `object`, for no schema serializes them. */
export function binaryAnswers(description: string, ...types: readonly string[]): Readonly<Record<string, object>> {
  const content = Object.fromEntries(types.map((type) => [type, { schema: z.string() }]));
  return { 200: { description, content }, ...PROBLEMS };
}

/** Of the types a route offers the one that the client likes best (RFC 9110 §12.5.1); the first on a draw. Throws NOT_ACCEPTABLE. */
export function acceptedType<const T extends string>(request: FastifyRequest, offered: readonly T[]): T {
  const ranges = (request.headers.accept ?? '*/*').split(',').slice(0, 32).map(parseRange);
  let best: { readonly type: T; readonly weight: number } | null = null;
  for (const type of offered) {
    const weight = weightOf(type, ranges);
    if (weight > 0 && weight > (best?.weight ?? 0)) best = { type, weight };
  }
  if (best === null) throw formatError('NOT_ACCEPTABLE', { offered: offered.join(', ') });
  return best.type;
}

type Range = { readonly type: string; readonly weight: number };

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = q === undefined ? 1 : Number(q.slice(2));
  return { type, weight: Number.isFinite(weight) ? Math.min(1, Math.max(0, weight)) : 0 };
}

/** The most specific range that matches decides. */
function weightOf(type: string, ranges: readonly Range[]): number {
  const [main] = type.split('/');
  for (const pattern of [type, `${main}/*`, '*/*']) {
    const range = ranges.find((candidate) => candidate.type === pattern);
    if (range !== undefined) return range.weight;
  }
  return 0;
}
