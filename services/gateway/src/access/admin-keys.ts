/** API keys through the admin door: whoever opens it owns the data folder, and says by what name the machine knows this user. */

import { formatError } from '@oppidum/formats/errors';
import { z } from 'zod';
import { keyId, keyRequest, userName } from '../api/access.ts';
import { parseJsonBody } from '../http/json-body.ts';
import type { Access } from './access.ts';
import { showKey } from './key-json.ts';

/** Entries of the log in one answer. */
const LOG_COUNT = 1_000;

const createRequest = z.strictObject({ owner: userName, key: keyRequest });
const revokeRequest = z.strictObject({ owner: userName, id: keyId });

/** Answers a call by `METHOD /path`, or null where it is no call about keys. Throws REQUEST_INVALID, and as `Access` does. */
export function answerKeys(access: Access, call: string, body: Uint8Array): object | null {
  switch (call) {
    case 'GET /keys':
      return { items: access.keys().map((key) => showKey(key, access.nowMs())) };
    case 'POST /keys': {
      const { owner, key: wanted } = parseAdminBody(createRequest, body);
      const { key, text } = access.createKey(wanted, { owner });
      return { key: showKey(key, access.nowMs()), secret: text };
    }
    case 'POST /keys/revoke': {
      const { owner, id } = parseAdminBody(revokeRequest, body);
      return showKey(access.revokeKey(id, { owner }), access.nowMs());
    }
    case 'GET /keys/log':
      return { items: access.log(LOG_COUNT, null) };
    default:
      return null;
  }
}

/** A body by its schema. Throws REQUEST_INVALID, TOO_DEEP. */
export function parseAdminBody<T extends z.ZodType>(schema: T, body: Uint8Array): z.infer<T> {
  const parsed = schema.safeParse(parseJsonBody(body));
  if (!parsed.success) throw formatError('REQUEST_INVALID', { at: `/${parsed.error.issues[0]?.path.join('/') ?? ''}` });
  return parsed.data;
}
