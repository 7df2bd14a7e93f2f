/** Compressed answers, for whoever takes them: lists of the API are a tenth of their size so, and a page waits for less. */

import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { App } from './app.ts';

/** Smaller answers fit into few packets as they are. */
const COMPRESSED_SIZE_MIN = 4_096;
/** Whoever compresses more for a little less keeps others waiting. */
const LEVEL = constants.Z_BEST_SPEED;
const gzipped = promisify(gzip);

/** Compresses JSON that is asked for by GET; HEAD says what GET would vary by. What is compressed already stays so. */
export function addCompression(app: App): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (!/^(GET|HEAD)$/.test(request.method) || !(typeof payload === 'string' || Buffer.isBuffer(payload))) return payload;
    if (payload.length < COMPRESSED_SIZE_MIN || !/json/.test(String(reply.getHeader('content-type')))) return payload;
    if (reply.hasHeader('content-encoding')) return payload;
    reply.header('vary', 'accept-encoding');
    if (request.method === 'HEAD' || !takesCoding(request.headers['accept-encoding'], 'gzip')) return payload;
    reply.header('content-encoding', 'gzip');
    return gzipped(payload, { level: LEVEL });
  });
}

/** RFC 9110 §12.5.3, without preferences among what is taken. */
export function takesCoding(accepted: string | readonly string[] | undefined, coding: string): boolean {
  return String(accepted ?? '')
    .split(',')
    .some((part) => {
      const [name = '', weight = ''] = part.split(';').map((text) => text.trim().toLowerCase());
      return name === coding && !/^q=0(\.0*)?$/.test(weight);
    });
}
