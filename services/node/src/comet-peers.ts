/**
 * Keeps a CometBFT among its peers. Its own dialling loses them: what fails after the handshake is not tried again, a peer that goes while
 * it is being added is forgotten, a name that is not resolved at the start never is, and after a hundred seconds the pauses grow by
 * threes, to hours. So whoever is named in its settings, is missing twice in a row and listens is dialled anew.
 */

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CometRpc } from './comet-rpc.ts';

export type KeptPeers = {
  readonly rpc: Pick<CometRpc, 'ask'>;
  /** `<node id>@HOST:PORT` of those that it is to have, as its settings name them now. */
  readonly named: () => readonly string[];
  readonly lookMs?: number;
};

const LOOK_MS = 3_000;
const REACH_MS = 1_000;
const PEER = /^[0-9a-f]{40}@([^@,\s]+):(\d{1,5})$/;

/** Looks from now on, until the answer is called. */
export function keepPeers({ rpc, named, lookMs = LOOK_MS }: KeptPeers): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const look = async (): Promise<void> => {
    for (let before: readonly string[] = []; !signal.aborted; ) {
      const missing = await missingOf(rpc, named).catch(() => []);
      const lost = missing.filter((peer) => before.includes(peer));
      before = missing;
      const there = (await Promise.all(lost.map((peer) => listens(peer).catch(() => false)))).flatMap((isThere, i) =>
        isThere ? [lost[i] as string] : [],
      );
      if (there.length > 0 && !signal.aborted) await rpc.ask('dial_peers', { peers: there }).catch(() => undefined);
      await sleep(lookMs, undefined, { ref: false, signal }).catch(() => undefined);
    }
  };
  void look();
  return () => ended.abort();
}

/** Throws ENGINE_AWAY, and as reading its settings does: when it starts with such, it says so itself. */
async function missingOf(rpc: KeptPeers['rpc'], named: KeptPeers['named']): Promise<readonly string[]> {
  const { peers } = (await rpc.ask('net_info')) as { readonly peers: readonly { readonly node_info: { readonly id: string } }[] };
  const ids = new Set(peers.map(({ node_info }) => node_info.id));
  return named().filter((peer) => PEER.test(peer) && !ids.has(peer.slice(0, peer.indexOf('@'))));
}

/** Asked here first: CometBFT calls each vain attempt an error. */
async function listens(peer: string): Promise<boolean> {
  const [, host = '', port = ''] = PEER.exec(peer) ?? [];
  return new Promise((resolve) => {
    const answer = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    const socket = connect({ host: host.replaceAll(/[[\]]/g, ''), port: Number(port) });
    socket.setTimeout(REACH_MS, () => answer(false));
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
