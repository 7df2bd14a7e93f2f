/**
 * What the main thread of a process is busy with, by V8's sampling profiler: each sample belongs to the innermost function that one of
 * the parts below names by its file.
 */

import { Session } from 'node:inspector/promises';

/** Parts of a node's work. */
export type CpuPart = 'signatures' | 'map' | 'store' | 'codec' | 'other';
/** Shares of the busy time, together 1. */
export type CpuShares = Readonly<Record<CpuPart, number>>;

const SAMPLE_US = 500;

/** The first that fits counts. Garbage has no file: it is `other`. */
const PARTS: readonly (readonly [part: CpuPart, file: RegExp])[] = [
  ['signatures', /signature-verifier|ed25519|es256|public-key|sodium/],
  ['map', /state-(store|load|tree|nodes|bits|hash|node-hash|prove|proof|log)|merkle-tree/],
  ['store', /lmdb|node-store|stored-block|transaction-index|tile-|hash-tile|durable-file|committed-block|weighted-cache/],
  [
    'codec',
    /services\/abci\/|cosmjs-types|comet-rpc|cbor|cose|schema|formats\/src\/transaction|city-results|node:_?(net|http|stream|buffer)|internal\/(streams|net|http|buffer)/,
  ],
];

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[] | undefined;
};

/** Runs `work` under the profiler. */
export async function profiled(work: () => Promise<void>): Promise<CpuShares> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return sharesOf(profile.nodes, profile.samples ?? []);
}

function sharesOf(nodes: readonly ProfileNode[], samples: readonly number[]): CpuShares {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id] as const)));
  const counts: Record<CpuPart, number> = { signatures: 0, map: 0, store: 0, codec: 0, other: 0 };
  let busy = 0;
  for (const sample of samples) {
    const name = byId.get(sample)?.callFrame.functionName;
    if (name === '(idle)') continue;
    busy++;
    counts[partOf(sample)]++;
  }
  for (const part of Object.keys(counts) as CpuPart[]) counts[part] /= busy;
  return counts;

  function partOf(sample: number): CpuPart {
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const url = byId.get(id)?.callFrame.url ?? '';
      const found = PARTS.find(([, file]) => file.test(url));
      if (found !== undefined) return found[0];
    }
    return 'other';
  }
}
