/**
 * One group as it lies in the vault: what was decided, in the order of its leaves, and what all its receipts follow from.
 *
 *   row    = [signed head, leaf hashes joined, received, first index, [* code], records joined]
 *   record = position: u16 ‖ outcome: u8 ‖ device ‖ key number: u32 ‖ sequence: u64 ‖ digest ‖ content digest
 *
 * Outcome 0: kept, at the first index plus the number of kept ones before; n: refused for good with the n-th code. Leaves without a
 * record are refusals that are signed anew whenever somebody asks.
 */

import { type Bytes, readUint32, readUint64, toOctets } from '@oppidum/formats/bytes';
import { encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { ID_SIZE } from '@oppidum/formats/ids';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';
import type { ReceiptGroup } from './receipt-group.ts';

/** Names one sequence number of one device key. */
export type SequencePlace = { readonly device: Bytes; readonly keyNumber: number; readonly sequence: number };

/** What was decided, once and for all, about one sequence number of one device key; its receipt follows from the group. */
export type Decision = SequencePlace & {
  /** device ‖ key number: u32, one character a byte: what Maps know the key by. */
  readonly name: string;
  /** Of the payload (`SubjectKeys.digest` where it is about people): another signature over the same payload is the same reading. */
  readonly contentDigest: Bytes;
  readonly digest: Bytes;
  readonly group: number;
  readonly position: number;
  /** Index in the log, or the code of the refusal. */
  readonly outcome: number | string;
};

const OUTCOME_AT = 2;
const DEVICE_AT = 3;
const KEY_NUMBER_AT = DEVICE_AT + ID_SIZE;
const SEQUENCE_AT = KEY_NUMBER_AT + 4;
const DIGEST_AT = SEQUENCE_AT + 8;
const CONTENT_AT = DIGEST_AT + HASH_SIZE;
const RECORD_SIZE = CONTENT_AT + HASH_SIZE;

/** The row of a group. Decisions stand in the order of their positions; those that keep have indexes from `firstIndex` on. */
export function encodeGroup(
  receipts: ReceiptGroup,
  { receivedMs, firstIndex, decisions }: { receivedMs: number; firstIndex: number; decisions: readonly Decision[] },
): Bytes {
  const codes: string[] = [];
  const records = new Uint8Array(decisions.length * RECORD_SIZE);
  const view = new DataView(records.buffer);
  let start = 0;
  for (const { position, outcome, device, keyNumber, sequence, digest, contentDigest } of decisions) {
    view.setUint16(start, position);
    if (typeof outcome === 'string') records[start + OUTCOME_AT] = numberOfCode(codes, outcome);
    records.set(device, start + DEVICE_AT);
    view.setUint32(start + KEY_NUMBER_AT, keyNumber);
    view.setUint32(start + SEQUENCE_AT, Math.floor(sequence / 2 ** 32));
    view.setUint32(start + SEQUENCE_AT + 4, sequence % 2 ** 32);
    records.set(digest, start + DIGEST_AT);
    records.set(contentDigest, start + CONTENT_AT);
    start += RECORD_SIZE;
  }
  return encodeCbor([receipts.signedHead, receipts.leafHashes, receivedMs, firstIndex, codes, records]);
}

/** From 1. */
function numberOfCode(codes: string[], code: string): number {
  const known = codes.indexOf(code);
  return known < 0 ? codes.push(code) : known + 1;
}

/** A group read from the vault. */
export class StoredGroup {
  readonly number: number;
  /** When it was made durable, POSIX milliseconds. */
  readonly receivedMs: number;
  /** Index of its first entry, if it has any. */
  readonly firstIndex: number;
  readonly receipts: ReceiptGroup;
  readonly #codes: readonly string[];
  readonly #records: Bytes;
  /** Records that keep, in order; null where all do. */
  readonly #kept: readonly number[] | null;

  constructor(number: number, row: Bytes) {
    const [signedHead, leafHashes, receivedMs, firstIndex, codes, records] = parseCbor(row) as [
      ...[Bytes, Bytes, number, number],
      string[],
      Bytes,
    ];
    this.number = number;
    this.receipts = { signedHead, leafHashes };
    this.receivedMs = receivedMs;
    this.firstIndex = firstIndex;
    this.#codes = codes;
    this.#records = records;
    this.#kept = codes.length === 0 ? null : keptRecords(records);
  }

  get decisionCount(): number {
    return this.#records.length / RECORD_SIZE;
  }

  get entryCount(): number {
    return this.#kept?.length ?? this.decisionCount;
  }

  /** Digest of the entry at this index of the log. */
  digestOf(index: number): Bytes {
    const start = this.#recordOf(index) * RECORD_SIZE + DIGEST_AT;
    return this.#records.slice(start, start + HASH_SIZE);
  }

  /** The decision that kept the entry at this index of the log. */
  decisionOf(index: number): Decision {
    return this.#decision(this.#recordOf(index));
  }

  #recordOf(index: number): number {
    const record = this.#kept === null ? index - this.firstIndex : this.#kept[index - this.firstIndex];
    if (record === undefined || record < 0 || record >= this.decisionCount) throw new Error(`no entry ${index} in its group`);
    return record;
  }

  /** The decision about the leaf at this position. */
  decisionAt(position: number): Decision {
    let [low, high] = [0, this.decisionCount];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#positionOf(middle) < position) low = middle + 1;
      else high = middle;
    }
    if (low === this.decisionCount || this.#positionOf(low) !== position)
      throw new Error(`no decision at ${position} in group ${this.number}`);
    return this.#decision(low);
  }

  /** All decisions, in the order of positions. */
  decisions(): Decision[] {
    return Array.from({ length: this.decisionCount }, (_, i) => this.#decision(i));
  }

  #decision(i: number): Decision {
    const record = this.#records.subarray(i * RECORD_SIZE, (i + 1) * RECORD_SIZE);
    const code = record[OUTCOME_AT] as number;
    return {
      name: toOctets(record.subarray(DEVICE_AT, SEQUENCE_AT)),
      device: record.slice(DEVICE_AT, KEY_NUMBER_AT),
      keyNumber: readUint32(record, KEY_NUMBER_AT),
      sequence: readUint64(record, SEQUENCE_AT),
      digest: record.slice(DIGEST_AT, CONTENT_AT),
      contentDigest: record.slice(CONTENT_AT),
      group: this.number,
      position: this.#positionOf(i),
      outcome: code === 0 ? this.firstIndex + this.#ordinalOf(i) : (this.#codes[code - 1] as string),
    };
  }

  #positionOf(i: number): number {
    return (this.#records[i * RECORD_SIZE] as number) * 256 + (this.#records[i * RECORD_SIZE + 1] as number);
  }

  /** How many kept ones stand before record number i. */
  #ordinalOf(i: number): number {
    return this.#kept === null ? i : this.#kept.indexOf(i);
  }
}

function keptRecords(records: Bytes): number[] {
  const kept: number[] = [];
  for (let i = 0; i * RECORD_SIZE < records.length; i++) if (records[i * RECORD_SIZE + OUTCOME_AT] === 0) kept.push(i);
  return kept;
}
