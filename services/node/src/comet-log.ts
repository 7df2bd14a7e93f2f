/** What CometBFT writes, one line at a time: `E[2026-11-26|04:52:18.010] Error dialing peer    module=p2p err="…"`. */

/** Levels as a service's own log has them. */
export type CometLevel = 'error' | 'warn' | 'info' | 'debug';
export type CometLine = { readonly level: CometLevel; readonly text: string };

const LEVELS: Readonly<Record<string, CometLevel>> = { E: 'error', I: 'info', D: 'debug' };
/** What CometBFT calls an error and is none: a peer is not there yet, or went away, and is dialled again. */
const PEER_NEWS =
  /^(Error dialing peer|Stopping peer for error|Failed to reconnect to peer|Peer .* rejected|Inbound Peer rejected)/;
/** What follows from that, or from its own end, and says nothing more. */
const ECHOES =
  /^(error while stopping peer|Error stopping pool|SendTimeout|Stopped accept routine|Error serving server|Error attempting to send)/;
/** After a new start it meets the round in which it had voted, and its own guard against voting twice holds it back. */
const GUARDED = /^failed signing vote .*(step|round|height) regression/;

/** Its level for us and its text; a line in another form, as a Go panic has, is an error as it stands. */
export function readCometLine(line: string): CometLine {
  const [, letter = '', said] = /^([EID])\[[^\]]*\]\s+(.*)$/.exec(line) ?? [];
  if (said === undefined) return { level: 'error', text: line };
  const text = said.replace(/\s{2,}(?=module=)/, ' ');
  if (ECHOES.test(text) || GUARDED.test(text)) return { level: 'debug', text };
  if (PEER_NEWS.test(text)) return { level: 'warn', text };
  return { level: LEVELS[letter] ?? 'error', text };
}

/** The `--log_level` of CometBFT for a level of ours; it knows no `warn`. */
export function cometLogLevel(level: string): string {
  return level === 'info' ? 'info' : level === 'debug' || level === 'trace' ? 'debug' : 'error';
}
