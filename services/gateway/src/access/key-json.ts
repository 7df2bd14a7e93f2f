/** An API key as JSON: everything but its hash. */

import type { ApiKeyJson } from '../api/access.ts';
import type { StoredKey } from './key-store.ts';

/** `nowMs`: milliseconds since 1970, to tell whether it is expired. */
export function showKey(key: StoredKey, nowMs: number): ApiKeyJson {
  const { id, name, rights, devices, deviceTypes, createdMs, expiresMs, revokedMs, lastUsedMs } = key;
  const state = revokedMs !== null ? 'revoked' : nowMs >= expiresMs ? 'expired' : 'in-force';
  return {
    ...{ id, name, rights: [...rights], devices: devices === null ? null : [...devices] },
    ...{ deviceTypes: deviceTypes === null ? null : [...deviceTypes], createdMs, expiresMs, revokedMs, lastUsedMs, state },
  };
}
