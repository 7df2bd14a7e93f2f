/** What there is to say of a cluster that does not go on: each validator's two processes, what they hear of each other, what they said. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CometRpc } from '@oppidum/node/comet-rpc';
import { cometPlaces } from '@oppidum/node/found-cluster';
import type { Cluster, Member } from './cluster.ts';

type Json = Readonly<Record<string, unknown>>;

/** Of each log, so much goes into the words of a failed test. */
const SAID_SIZE = 2_500;

/** All of it; with OPPIDUM_FAULT_LOGS the whole logs go into that folder. */
export async function tellAll(cluster: Cluster): Promise<string> {
  const folder = process.env['OPPIDUM_FAULT_LOGS'];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    for (const { name, said } of cluster.members) writeFileSync(join(folder, `${name}.log`), said);
  }
  return (await Promise.all(cluster.members.map(tellOf))).join('\n');
}

async function tellOf(member: Member): Promise<string> {
  const { name, state, isConnected, data, said } = member;
  const door = isConnected
    ? `door ${member.client.isAlive() ? 'open' : 'silent'} at block ${member.client.head().height}`
    : 'never connected';
  return `── ${name}: ${state}, ${door}, ${await tellEngine(data)}\n${said.slice(-SAID_SIZE)}`;
}

/** What its CometBFT answers: how far it is, at which step, and whom it has as peers. */
async function tellEngine(data: string): Promise<string> {
  const rpc = new CometRpc(cometPlaces(data).rpc);
  try {
    const [status, net, consensus] = await Promise.all(
      ['status', 'net_info', 'consensus_state'].map((method) => rpc.ask(method)),
    );
    const { latest_block_height: height, catching_up: isCatchingUp } = (status?.['sync_info'] ?? {}) as Json;
    const { 'height/round/step': step } = (consensus?.['round_state'] ?? {}) as Json;
    const peers = ((net?.['peers'] ?? []) as readonly Json[]).map((peer) => {
      const { moniker } = peer['node_info'] as Json;
      return `${moniker} (${peer['is_outbound'] === true ? 'dialled' : 'came'})`;
    });
    return `engine at ${height}${isCatchingUp === true ? ' catching up' : ''}, step ${step}, peers ${peers.join(' ') || 'none'}`;
  } catch (error) {
    return `engine away (${(error as Error).message})`;
  } finally {
    rpc.close();
  }
}
