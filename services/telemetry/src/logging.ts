/** Structured logs: one line of JSON each on standard error (pino), and nothing secret in them, whatever an error or a request carries. */

import { hostname } from 'node:os';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Names of fields that hold secrets, wherever they stand. */
const SECRET_NAMES = [
  ...['seed', 'secret', 'secretKey', 'privateKey', 'passphrase', 'password', 'token'],
  ...['authorization', 'cookie', 'apiKey'],
];
/** How deep fields are looked for: `req.headers.authorization` is two. */
const DEPTH_MAX = 3;

/** A logger that writes to standard error, or to `to`; `base` stands in each line beside the process. */
export function makeLogger(
  level: string,
  { to, base = {} }: { readonly to?: DestinationStream; readonly base?: object } = {},
): Logger {
  const paths = Array.from({ length: DEPTH_MAX + 1 }, (_, depth) => '*.'.repeat(depth)).flatMap((prefix) =>
    SECRET_NAMES.map((name) => `${prefix}${name}`),
  );
  const about = { pid: process.pid, hostname: hostname(), ...base };
  return pino({ level, base: about, redact: { paths, censor: '[secret]' } }, to ?? pino.destination({ dest: 2, sync: true }));
}
