/** Desks are for whoever sits at the machine of a demo city: what lies there has keys of a city, and making it is work. */

import { formatError } from '@oppidum/formats/errors';
import type { FastifyRequest } from 'fastify';
import { isHere } from '../access/caller.ts';

/** Throws DESK_AWAY. */
export function requireHere(request: FastifyRequest): void {
  if (!isHere(request.raw)) throw formatError('DESK_AWAY');
}
