/** What a peer may send that no correct one does. */

/**
 * FRAME_MALFORMED: a length in more bytes than it needs. FRAME_TOO_LARGE: above the limit of the connection. METHOD_UNKNOWN: not
 * exactly one of the sixteen methods. MESSAGE_MALFORMED: the body of a known method cannot be read. ADDRESS_INVALID: neither
 * `unix://PATH` nor `tcp://HOST:PORT`.
 */
export type WireErrorCode = 'FRAME_MALFORMED' | 'FRAME_TOO_LARGE' | 'METHOD_UNKNOWN' | 'MESSAGE_MALFORMED' | 'ADDRESS_INVALID';

/** Bytes that are no ABCI. */
export class WireError extends Error {
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, what: string) {
    super(`${code}: ${what}`);
    this.name = 'WireError';
    this.code = code;
  }
}
