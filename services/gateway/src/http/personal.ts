/** Whether values about people may be shown to who asks: only to a key with `personal:read`, and only after it is written down. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { FastifyRequest } from 'fastify';
import type { GatewayContext } from '../gateway-context.ts';
import { isPersonal } from '../read-model/reading-rows.ts';

/** True for a device whose readings are about nobody, and for a principal that may see those about people: that it did is on the disk then. */
export async function mayShow({ access, node }: GatewayContext, request: FastifyRequest, device: Bytes): Promise<boolean> {
  if (!isPersonal(node, device)) return true;
  const principal = access.principalOf(request);
  if (!access.stillMay(principal, 'personal:read')) return false;
  await access.recordPersonalRead(principal, toHex(device), request.routeOptions.url ?? '');
  return true;
}
