/**
 * The vault of one shard: every envelope against its digest and the key that signed it, every decision against its entry, every leaf of
 * a receipt against the head that the shard signed. Entries go on to the log of the shard in their order.
 */

import { type Bytes, concatBytes, encodeUint32, encodeUint64, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type AllegedReading, parseReading } from '@oppidum/formats/reading';
import { encodeReceiptLeaf, verifyReceiptHead } from '@oppidum/formats/receipt';
import type { ShardRecord } from '@oppidum/formats/state-telemetry';
import { TileDeriver } from '@oppidum/proofs/derive-tiles';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';
import type { LogCheck } from './check-log.ts';
import { type Environment, type Table, VAULT_TABLES } from './environment.ts';
import { attempt, type Findings } from './findings.ts';
import type { LedgerView } from './ledger-view.ts';
import type { SubjectFiles } from './unseal.ts';
import {
  type DecisionRow,
  type EntryRow,
  type GroupRow,
  type Place,
  parseCloneRow,
  parseDecisionRow,
  parseEntryRow,
  parseGroupRow,
  parsePlace,
  type StoredForm,
} from './vault-rows.ts';

export type VaultCheckOptions = {
  readonly crypto: Crypto;
  readonly findings: Findings;
  readonly environment: Environment;
  /** Name in findings: `shards/0/vault`. */
  readonly name: string;
  readonly audience: Bytes;
  readonly shard: Bytes;
  readonly record: ShardRecord;
  readonly ledger: LedgerView;
  readonly subjects: SubjectFiles;
  readonly log: LogCheck;
};

/** Groups kept in memory: readings that come together are looked at together. */
const GROUP_COUNT_MAX = 64;

/** Checks one vault. */
export class VaultCheck {
  readonly #options: VaultCheckOptions;
  readonly #entries: Table<number, Bytes>;
  readonly #digests: Table<Buffer, number>;
  readonly #decisions: Table<Buffer, Bytes>;
  readonly #groups: Table<number, Bytes>;
  readonly #clones: Table<Buffer, Bytes>;
  readonly #knownGroups = new Map<number, GroupRow | null>();
  #erasedCount = 0;

  constructor(options: VaultCheckOptions) {
    this.#options = options;
    const { environment } = options;
    this.#entries = environment.table(VAULT_TABLES.entries);
    this.#digests = environment.table(VAULT_TABLES.digests);
    this.#decisions = environment.table(VAULT_TABLES.decisions);
    this.#groups = environment.table(VAULT_TABLES.groups);
    this.#clones = environment.table(VAULT_TABLES.clones);
  }

  /** Entries whose envelope is gone for good. */
  get erasedCount(): number {
    return this.#erasedCount;
  }

  /** An entry as stored, or null. */
  entry(index: number): EntryRow | null {
    const row = this.#entries.get(index);
    const parsed = row === null ? null : attempt(() => parseEntryRow(row));
    return parsed !== null && 'value' in parsed ? parsed.value : null;
  }

  run(): void {
    const { findings, name } = this.#options;
    findings.stage(name, 'rows', this.#entries.count + this.#groups.count + this.#decisions.count + this.#clones.count);
    this.#compareHead();
    this.#followGroups();
    const isComplete = this.#followEntries();
    this.#compareTree(isComplete);
    this.#options.log.finish(isComplete);
    this.#followDecisions();
    this.#followClones();
    findings.endStage();
  }

  #say(code: Parameters<Findings['damage']>[0], table: string, what: string): void {
    this.#options.findings.damage(code, `${this.#options.name}/${table}`, what);
  }

  #compareHead(): void {
    const shard = this.#options.environment.table<string, Bytes>(VAULT_TABLES.head).get('shard');
    if (shard === null || !equalBytes(shard, this.#options.shard))
      this.#say('DATA_FOLDER_FOREIGN', 'head', `of shard ${shard === null ? 'none' : toHex(shard)}`);
  }

  /** Every signed head is the shard's, over the leaves that are stored with it. */
  #followGroups(): void {
    const { crypto, findings, record, shard } = this.#options;
    let next = 0;
    for (const { key: number, value } of this.#groups.rows()) {
      if (number !== next) this.#say('RECEIPT_DAMAGED', 'groups', `groups ${next} to ${number - 1} are missing`);
      next = number + 1;
      const parsed = attempt(() => {
        const group = parseGroupRow(value);
        return { group, head: verifyReceiptHead(crypto, group.signedHead, record.receiptKey) };
      });
      if ('why' in parsed) this.#say('RECEIPT_DAMAGED', 'groups', `group ${number}: ${parsed.why}`);
      else {
        const { group, head } = parsed.value;
        const deriver = new TileDeriver(crypto, () => undefined);
        for (const hash of group.leafHashes) deriver.append(hash);
        const isSigned = head.count === deriver.size && equalBytes(head.root, deriver.root()) && equalBytes(head.shard, shard);
        if (!isSigned) this.#say('RECEIPT_DAMAGED', 'groups', `group ${number}: its leaves are not those that the shard signed`);
      }
      findings.checked('receipt groups');
      findings.advance();
    }
  }

  /** False when an index is missing or cannot be read, so that the log cannot be followed further. */
  #followEntries(): boolean {
    const { findings, log } = this.#options;
    let next = 0;
    for (const { key: index, value } of this.#entries.rows()) {
      if (index !== next) {
        this.#say('ENTRY_DAMAGED', 'entries', `entries ${next} to ${index - 1} are missing`);
        return false;
      }
      next = index + 1;
      const parsed = attempt(() => parseEntryRow(value));
      if ('why' in parsed) {
        this.#say('ENTRY_DAMAGED', 'entries', `entry ${index} cannot be read: ${parsed.why}`);
        return false;
      }
      const why = this.#judgeEntry(index, parsed.value);
      if (why !== null) this.#say('ENTRY_DAMAGED', 'entries', `entry ${index}: ${why}`);
      log.append(parsed.value.digest);
      findings.checked('readings');
      findings.advance();
    }
    if (this.#digests.count !== next) this.#say('INDEX_DAMAGED', 'digests', `${this.#digests.count} rows, and ${next} entries`);
    return true;
  }

  /** What is wrong with an entry, or null. What concerns other tables is told there. */
  #judgeEntry(index: number, entry: EntryRow): string | null {
    const { findings } = this.#options;
    const indexed = this.#digests.get(Buffer.from(entry.digest));
    if (indexed !== index) this.#say('INDEX_DAMAGED', 'digests', `entry ${index} is found at ${indexed ?? 'no index'}`);
    if (entry.form === 'erased') {
      this.#erasedCount++;
      findings.skip('readings', 'erased, so that only their digests are left');
      return null;
    }
    const reading = this.#open(entry);
    if (typeof reading === 'string') return reading;
    this.#compareDecision(index, entry, reading);
    return this.#judgeReading(reading, entry.form, entry.receivedMs, `${this.#options.name}/entries ${index}`);
  }

  /** The reading of an envelope as stored, with the digest that it must have; or why it cannot be had. */
  #open({ form, digest, data }: { readonly form: StoredForm; readonly digest: Bytes; readonly data: Bytes }) {
    const { crypto, subjects } = this.#options;
    const envelope = form === 'plain' ? data : subjects.open(digest, data);
    if (typeof envelope === 'string') return envelope;
    if (!equalBytes(crypto.sha256(envelope), digest)) return 'its envelope does not have its digest';
    const parsed = attempt(() => parseReading(crypto, envelope));
    return 'why' in parsed ? parsed.why : parsed.value;
  }

  #judgeReading(reading: AllegedReading, form: StoredForm, receivedMs: number | null, file: string): string | null {
    const { crypto, audience, ledger, findings } = this.#options;
    if (!equalBytes(reading.audience, audience)) return 'of another city';
    const entitlement = ledger.entitlement(reading.device, reading.keyNumber);
    if (entitlement === null) return 'the ledger does not know the key that signed it';
    if (!verifyReadingSignature(crypto, reading, entitlement.key)) return 'the key of its device did not sign it';
    if (entitlement.model.personal !== (form === 'sealed')) return `about people: ${entitlement.model.personal}, and ${form}`;
    const standing = receivedMs === null ? 'entitled' : ledger.standing(entitlement, receivedMs);
    if (standing === 'never entitled') return 'the key that signed it was never entitled';
    if (standing !== 'entitled') findings.note(file, 'received when its key was not entitled, by the clock of the shard');
    return null;
  }

  /** An entry has one decision, which has its digest, its payload and its leaf. */
  #compareDecision(index: number, { form, digest }: EntryRow, reading: AllegedReading): void {
    const { crypto, subjects } = this.#options;
    const row = this.#decisions.get(keyOf(reading));
    const parsed = row === null ? { why: 'missing' } : attempt(() => parseDecisionRow(row));
    const say = (what: string): void => this.#say('DECISION_DAMAGED', 'decisions', `${nameOf(reading)}: ${what}`);
    if ('why' in parsed) return say(parsed.why);
    const decision = parsed.value;
    const content = form === 'sealed' ? subjects.digest(reading.device, reading.payload) : crypto.sha256(reading.payload);
    if (decision.outcome !== index) say(`kept at ${decision.outcome}, and the entry is at ${index}`);
    else if (!equalBytes(decision.digest, digest)) say('not the digest of its entry');
    else if (content !== null && !equalBytes(decision.contentDigest, content)) say('not the digest of its payload');
    this.#compareLeaf(reading, decision);
  }

  /** The receipt of a decision follows from its group. */
  #compareLeaf({ device, keyNumber, sequence }: Place, decision: DecisionRow): void {
    const { crypto, audience, shard, findings } = this.#options;
    const { group, position, digest, outcome } = decision;
    const end = typeof outcome === 'number' ? { index: outcome } : { refusal: outcome };
    const encoded = attempt(() => encodeReceiptLeaf({ audience, shard, device, keyNumber, sequence, digest, ...end }));
    const stored = this.#group(group)?.leafHashes[position];
    findings.checked('receipts');
    if ('value' in encoded && stored !== undefined && equalBytes(leafHash(crypto, encoded.value), stored)) return;
    const place = nameOf({ device, keyNumber, sequence });
    this.#say('RECEIPT_DAMAGED', 'groups', `group ${group}, position ${position}: not the leaf of ${place}`);
  }

  #group(number: number): GroupRow | null {
    const known = this.#knownGroups.get(number);
    if (known !== undefined) return known;
    const row = this.#groups.get(number);
    const parsed = row === null ? null : attempt(() => parseGroupRow(row));
    const group = parsed !== null && 'value' in parsed ? parsed.value : null;
    if (this.#knownGroups.size >= GROUP_COUNT_MAX) this.#knownGroups.clear();
    this.#knownGroups.set(number, group);
    return group;
  }

  #compareTree(isComplete: boolean): void {
    const { environment, log, findings } = this.#options;
    const tree = environment.table<string, Bytes>(VAULT_TABLES.head).get('tree');
    findings.checked('heads');
    if (isComplete && log.size > 0 && (tree === null || !equalBytes(tree, log.edge)))
      this.#say('INDEX_DAMAGED', 'head', 'the edge of the log is not that of the entries');
  }

  /** Each entry was compared with its decision; here is what no entry could say, and that there are no others. */
  #followDecisions(): void {
    const { findings } = this.#options;
    let keptCount = 0;
    for (const { key, value } of this.#decisions.rows()) {
      findings.advance();
      findings.checked('decisions');
      const parsed = attempt(() => ({ place: parsePlace(key), decision: parseDecisionRow(value) }));
      if ('why' in parsed) {
        this.#say('DECISION_DAMAGED', 'decisions', `${toHex(key)}: ${parsed.why}`);
        continue;
      }
      const { place, decision } = parsed.value;
      if (typeof decision.outcome === 'number') keptCount++;
      const entry = typeof decision.outcome === 'number' ? this.entry(decision.outcome) : null;
      if (typeof decision.outcome === 'number' && (entry === null || !equalBytes(entry.digest, decision.digest)))
        this.#say('DECISION_DAMAGED', 'decisions', `${nameOf(place)}: entry ${decision.outcome} is not the reading it kept`);
      if (entry === null || entry.form === 'erased') this.#compareLeaf(place, decision);
    }
    if (keptCount !== this.#entries.count)
      this.#say('DECISION_DAMAGED', 'decisions', `${keptCount} readings were kept, and there are ${this.#entries.count} entries`);
  }

  #followClones(): void {
    for (const { key, value } of this.#clones.rows()) {
      this.#options.findings.advance();
      this.#options.findings.checked('clones');
      const why = this.#judgeClone(key, value);
      if (why !== null) this.#say('ENTRY_DAMAGED', 'clones', `${toHex(key)}: ${why}`);
    }
  }

  /** A clone proves something only with the first reading: same place, another payload, the same key. */
  #judgeClone(key: Bytes, value: Bytes): string | null {
    const parsed = attempt(() => ({ place: parsePlace(key), clone: parseCloneRow(value) }));
    if ('why' in parsed) return parsed.why;
    const { place, clone } = parsed.value;
    const second = this.#open(clone);
    if (typeof second === 'string') return second;
    if (nameOf(second) !== nameOf(place)) return `it is reading ${nameOf(second)}`;
    const wrong = this.#judgeReading(second, clone.form, null, `${this.#options.name}/clones`);
    if (wrong !== null) return wrong;
    const entry = this.entry(clone.firstIndex);
    const first = entry === null || entry.form === 'erased' ? null : this.#open(entry);
    if (first === null || typeof first === 'string') return `entry ${clone.firstIndex}, of which it is a clone, cannot be read`;
    const isClone = nameOf(first) === nameOf(place) && !equalBytes(first.payload, second.payload);
    return isClone ? null : `entry ${clone.firstIndex} is no other reading of the same number`;
  }
}

function keyOf({ device, keyNumber, sequence }: Place): Buffer {
  return Buffer.from(concatBytes(device, encodeUint32(keyNumber), encodeUint64(sequence)));
}

function nameOf({ device, keyNumber, sequence }: Place): string {
  return `device ${toHex(device)} key ${keyNumber} number ${sequence}`;
}
