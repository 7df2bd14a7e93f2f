/**
 * `tamper-main.ts --data DIR --desk DIR --reading HEX --what alter|drop|reorder|checkpoint --depth bytes|shard|city [--value N]`: plays
 * one game on a copy of the city that it makes below `--desk` (an empty folder) and leaves there altered, for fsck. Of the city's own
 * folder nothing is written. JSON lines on standard output: `{"stage"}` as it goes, then `{"played"}` or `{"refused"}`; bytes as base64.
 */

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, encodeBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import { encodeVerifierKey } from '@oppidum/formats/verifier-key';
import { runEntry } from '@oppidum/node/run-entry';
import { ALTERATIONS, type Alteration, DEPTHS, type Depth } from './tamper/alterations.ts';
import { type Played, play, type Served, type TwoHeads } from './tamper/play.ts';

const USAGE =
  'tamper-main.ts --data DIR --desk DIR --reading HEX --what ALTERATION --depth DEPTH [--value N], see the head of this file';
/** Databases of a city that are copied at most, bytes. */
const COPY_SIZE_MAX = 512 * 2 ** 20;
/** Bytes of the disk that a copy leaves to the city. */
const FREE_MIN = 2 ** 30;
/** A longer ledger takes too long to be executed again while somebody watches. */
const BLOCK_COUNT_MAX = 20_000;
const EXIT_ABANDONED = 1;

type Options = {
  readonly data: string;
  readonly desk: string;
  readonly reading: Bytes;
  readonly what: Alteration;
  readonly depth: Depth;
  readonly value: number | null;
};

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const options = { data: text, desk: text, reading: text, what: text, depth: text, value: text };
  const { data, desk, reading, value, ...named } = parseArgs({ options }).values;
  const what = ALTERATIONS.find((name) => name === named.what);
  const depth = DEPTHS.find((name) => name === named.depth);
  if (data === undefined || desk === undefined || reading === undefined) return '--data, --desk and --reading are needed';
  if (what === undefined || depth === undefined) return '--what and --depth are needed';
  const number = value === undefined ? null : Number(value);
  if (number !== null && !Number.isFinite(number)) return '--value is a number';
  return { data, desk, reading: parseHex(reading, ID_SIZE), what, depth, value: number };
}

async function run(options: Options): Promise<void> {
  const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const limits = { sizeMax: COPY_SIZE_MAX, blockCountMax: BLOCK_COUNT_MAX, freeMin: FREE_MIN };
  try {
    const played = await play({
      ...options,
      ...limits,
      crypto: nativeCrypto,
      nowMs: Date.now(),
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
      say: (stage) => say({ stage }),
    });
    say({ played: toJson(played) });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    say({ refused: { code: error.code, details: error.details } });
    throw error;
  }
}

const orNull = (bytes: Bytes | null): string | null => (bytes === null ? null : encodeBase64(bytes));

function toJson({ shard, receiptKey, changes, before, after, evidence, receipt, now, beside, heads, ...same }: Played): object {
  return {
    ...same,
    shard: toHex(shard),
    receiptKey: toHex(receiptKey),
    changes: changes.map((change) => ({ ...change, before: orNull(change.before), after: orNull(change.after) })),
    before: encodeBase64(before),
    after: orNull(after),
    evidence: encodeBase64(evidence),
    receipt: encodeBase64(receipt),
    now: servedJson(now),
    beside: beside === null ? null : servedJson(beside),
    heads: heads.map(headsJson),
  };
}

function servedJson({ id, file, refusal }: Served): object {
  return { id, file: orNull(file), refusal: refusal === null ? null : { code: refusal.code } };
}

function headsJson({ log, key, before, after, fork, witness }: TwoHeads): object {
  return {
    log,
    key: encodeVerifierKey(nativeCrypto, key),
    before: encodeBase64(before),
    after: encodeBase64(after),
    witness,
    fork:
      fork === null
        ? null
        : {
            earlier: encodeBase64(fork.earlier),
            later: encodeBase64(fork.later),
            root: toHex(fork.root),
            consistency: fork.consistency.map(toHex),
          },
  };
}

// Whoever asked was killed, and nobody would remove the copy.
process.once('disconnect', () => process.exit(EXIT_ABANDONED));
process.channel?.unref();

await runEntry({ usage: USAGE, readOptions, run });
