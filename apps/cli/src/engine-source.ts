/**
 * One line of CometBFT 0.38.26 is not built as its source has it. `abci/client/socket_client.go` waits 20 before it flushes what it asks
 * the application, and means milliseconds; in Go that is 20 nanoseconds, and while the goroutine that writes has no turn, as on a machine
 * that is busy, the timer fires again and again and takes the processor from it. See decisions/0020.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const FILE = join('abci', 'client', 'socket_client.go');
const WRITTEN = /^(\tflushThrottleMS = )20(\s+\/\/ .*)$/gm;
const MEANT = '$15 * time.Millisecond$2';

/**
 * Runs `use` with a copy of the source in which that line says what it means; Go's checksum database has vouched for `source`, and its
 * go.sum vouches for the rest. Throws a plain Error for a source without that line.
 */
export async function withMeantSource<T>(source: string, use: (copy: string) => Promise<T>): Promise<T> {
  const text = readFileSync(join(source, FILE), 'utf8');
  if ([...text.matchAll(WRITTEN)].length !== 1) throw new Error(`${join(source, FILE)} is not the source that is known`);
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
    writeFileSync(join(copy, FILE), text.replace(WRITTEN, MEANT));
    return await use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
