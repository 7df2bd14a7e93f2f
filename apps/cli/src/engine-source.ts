/**
 * Three lines of CometBFT 0.38.26 are not built as its source has them. Others see nothing of it: they are waits of one node. Why, and what
 * each gave, is in decisions/0020.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

type AlteredLine = {
  readonly file: string;
  /** The line, once in its file: what stands before the value, and after it. */
  readonly written: RegExp;
  readonly value: string;
};

const ALTERED: readonly AlteredLine[] = [
  {
    // It means milliseconds, and in Go that is 20 nanoseconds: while the goroutine that writes has no turn, the timer fires again and again.
    file: join('abci', 'client', 'socket_client.go'),
    written: /^(\tflushThrottleMS = )20(\s+\/\/ .*)$/gm,
    value: '5 * time.Millisecond',
  },
  {
    // Before it asks the first of its peers for a block it waits so long for more of them. Those that come later are asked when they come.
    file: join('blocksync', 'pool.go'),
    written: /^(\tpeerConnWait = )3 \* time\.Second()$/gm,
    value: '500 * time.Millisecond',
  },
  {
    // How often a node that fetches blocks asks how many there are. What it has not heard of comes by gossip, several times as slowly.
    file: join('blocksync', 'reactor.go'),
    written: /^(\tstatusUpdateIntervalSeconds = )10()$/gm,
    value: '1',
  },
];

const IN_FULL = ALTERED.map(({ file, written, value }) => [file, written.source, value]);
/** What the version of a CometBFT with these lines ends with, and of none with others: one that was built before is told by it. */
export const ENGINE_MARK = `oppidum.${createHash('sha256').update(JSON.stringify(IN_FULL)).digest('hex').slice(0, 8)}`;

/**
 * Runs `use` with a copy of the source in which those lines are altered; Go's checksum database has vouched for `source`, and its go.sum
 * vouches for the rest. Throws a plain Error for a source without one of them.
 */
export async function withMeantSource<T>(source: string, use: (copy: string) => Promise<T>): Promise<T> {
  const altered = ALTERED.map(({ file, written, value }) => {
    const text = readFileSync(join(source, file), 'utf8');
    if ([...text.matchAll(written)].length !== 1) throw new Error(`${join(source, file)} is not the source that is known`);
    return { file, text: text.replace(written, (_, before: string, after: string) => `${before}${value}${after}`) };
  });
  const copy = mkdtempSync(join(tmpdir(), 'oppidum-engine-'));
  try {
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const from = join(entry.parentPath, entry.name);
      const to = join(copy, from.slice(source.length));
      mkdirSync(dirname(to), { recursive: true });
      // Not with its mode: what Go keeps nobody may write or remove.
      writeFileSync(to, readFileSync(from));
    }
    for (const { file, text } of altered) writeFileSync(join(copy, file), text);
    return await use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
