/**
 * The vault of one shard: every envelope against its digest and the key that signed it, every decision against its envelope, every leaf
 * of a receipt against the head that the shard signed. Entries go on to the log of the shard in their order.
 */

import { type Bytes, equalBytes, readUint64, toHex } from '@oppidum/formats/bytes';
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
import { DigestRows, PlaceRows } from './late-rows.ts';
import type { LedgerView } from './ledger-view.ts';
import type { SubjectFiles } from './unseal.ts';
import {
  type DecisionRow,
  type EntryRow,
  type GroupRow,
  type Place,
  parseCloneRow,
  parseEnvelopeRow,
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
  /** True for a shard restored without its signing state: keys of subjects that were erased since, or kept nowhere else, are not there. */
  readonly isArchive: boolean;
};

/** Groups kept in memory for entries that are asked for one by one. */
const GROUP_COUNT_MAX = 64;

/** Checks one vault. */
export class VaultCheck {
  readonly #options: VaultCheckOptions;
  readonly #groups: Table<number, Bytes>;
  readonly #firstIndexes: Table<number, number>;
  readonly #envelopes: Table<number, Bytes>;
  readonly #clones: Table<Buffer, Bytes>;
  readonly #digestRows: DigestRows;
  readonly #placeRows: PlaceRows;
  readonly #knownGroups = new Map<number, GroupRow | null>();
  #erasedCount = 0;
  /** Entries of the groups that were followed, and groups that have any. */
  #size = 0;
  #keepingCount = 0;
  /** Envelopes before this index are past their retention. */
  readonly #retired: number;

  constructor(options: VaultCheckOptions) {
    this.#options = options;
    const { environment } = options;
    this.#groups = environment.table(VAULT_TABLES.groups);
    this.#firstIndexes = environment.table(VAULT_TABLES.firstIndexes);
    this.#envelopes = environment.table(VAULT_TABLES.envelopes);
    this.#clones = environment.table(VAULT_TABLES.clones);
    this.#digestRows = new DigestRows(options);
    this.#placeRows = new PlaceRows(options, this.#headNumber('placed') ?? 0);
    this.#retired = this.#headNumber('retired') ?? 0;
  }

  /** Entries whose envelope is gone for good. */
  get erasedCount(): number {
    return this.#erasedCount;
  }

  /** An entry as stored, or null. */
  entry(index: number): EntryRow | null {
    const found = this.#firstIndexes.upTo(index);
    const group = found === null ? null : this.#group(found.value);
    const digest = group?.decisions.find(({ outcome }) => outcome === index)?.digest;
    const row = this.#envelopes.get(index);
    const parsed = row === null ? null : attempt(() => parseEnvelopeRow(row));
    if (group === null || digest === undefined || parsed === null || 'why' in parsed) return null;
    return { ...parsed.value, digest, receivedMs: group.receivedMs };
  }

  run(): void {
    const { findings, name } = this.#options;
    findings.stage(name, 'rows', this.#envelopes.count + this.#groups.count + this.#clones.count);
    this.#compareHead();
    const isComplete = this.#followGroups();
    this.#compareTree(isComplete);
    this.#options.log.finish(isComplete);
    if (isComplete) this.#compareCounts();
    this.#followClones();
    findings.endStage();
  }

  #say(code: Parameters<Findings['damage']>[0], table: string, what: string): void {
    this.#options.findings.damage(code, `${this.#options.name}/${table}`, what);
  }

  #headNumber(key: 'placed' | 'retired'): number | null {
    const row = this.#options.environment.table<string, Bytes>(VAULT_TABLES.head).get(key);
    const parsed = row === null ? { value: null } : attempt(() => readUint64(row, 0));
    return 'value' in parsed ? parsed.value : Number.MAX_SAFE_INTEGER;
  }

  #compareHead(): void {
    const shard = this.#options.environment.table<string, Bytes>(VAULT_TABLES.head).get('shard');
    if (shard === null || !equalBytes(shard, this.#options.shard))
      this.#say('DATA_FOLDER_FOREIGN', 'head', `of shard ${shard === null ? 'none' : toHex(shard)}`);
  }

  /** False when a group is missing or cannot be read, so that the log cannot be followed further. */
  #followGroups(): boolean {
    const { findings } = this.#options;
    let next = 0;
    for (const { key: number, value } of this.#groups.rows()) {
      if (number !== next) {
        this.#say('RECEIPT_DAMAGED', 'groups', `groups ${next} to ${number - 1} are missing`);
        return false;
      }
      next = number + 1;
      const parsed = attempt(() => parseGroupRow(value));
      if ('why' in parsed) {
        this.#say('RECEIPT_DAMAGED', 'groups', `group ${number} cannot be read: ${parsed.why}`);
        return false;
      }
      const group = parsed.value;
      if (group.firstIndex !== this.#size) {
        this.#say('RECEIPT_DAMAGED', 'groups', `group ${number} begins at ${group.firstIndex} instead of ${this.#size}`);
        return false;
      }
      this.#judgeHead(number, group);
      for (const decision of group.decisions) this.#judgeDecision(number, group, decision);
      this.#compareFirstIndex(number, group);
      findings.checked('receipt groups');
      findings.advance();
    }
    return true;
  }

  /** The signed head is the shard's, over the leaves that are stored with it. */
  #judgeHead(number: number, { signedHead, leafHashes }: GroupRow): void {
    const { crypto, record, shard } = this.#options;
    const parsed = attempt(() => verifyReceiptHead(crypto, signedHead, record.receiptKey));
    if ('why' in parsed) return this.#say('RECEIPT_DAMAGED', 'groups', `group ${number}: ${parsed.why}`);
    const deriver = new TileDeriver(crypto, () => undefined);
    for (const hash of leafHashes) deriver.append(hash);
    const { count, root, shard: signed } = parsed.value;
    if (count !== deriver.size || !equalBytes(root, deriver.root()) || !equalBytes(signed, shard))
      this.#say('RECEIPT_DAMAGED', 'groups', `group ${number}: its leaves are not those that the shard signed`);
  }

  #compareFirstIndex(number: number, { firstIndex }: GroupRow): void {
    if (this.#size === firstIndex) return;
    this.#keepingCount++;
    const found = this.#firstIndexes.get(firstIndex);
    if (found !== number)
      this.#say('INDEX_DAMAGED', 'firstIndexes', `entry ${firstIndex} is found in ${found ?? 'no group'} instead of ${number}`);
  }

  /** The receipt of a decision follows from its group; what it kept is there. */
  #judgeDecision(number: number, group: GroupRow, decision: DecisionRow): void {
    const { crypto, audience, shard, findings, log } = this.#options;
    const { position, device, keyNumber, sequence, digest, outcome } = decision;
    const end = typeof outcome === 'number' ? { index: outcome } : { refusal: outcome };
    const encoded = attempt(() => encodeReceiptLeaf({ audience, shard, device, keyNumber, sequence, digest, ...end }));
    const leaf = 'value' in encoded ? leafHash(crypto, encoded.value) : null;
    findings.checked('receipts');
    findings.checked('decisions');
    if (leaf === null || !equalBytes(leaf, group.leafHashes[position] as Bytes))
      this.#say('RECEIPT_DAMAGED', 'groups', `group ${number}, position ${position}: not the leaf of ${nameOf(decision)}`);
    this.#placeRows.add(number, decision);
    if (typeof outcome === 'string') return;
    const why = this.#judgeEntry(outcome, group.receivedMs, decision);
    if (why !== null) this.#say('ENTRY_DAMAGED', 'envelopes', `entry ${outcome}: ${why}`);
    this.#digestRows.add(digest);
    log.append(digest);
    this.#size++;
    findings.checked('readings');
    findings.advance();
  }

  /** What is wrong with the envelope of an entry, or null. */
  #judgeEntry(index: number, receivedMs: number, decision: DecisionRow): string | null {
    const { findings } = this.#options;
    const row = this.#envelopes.get(index);
    if (index < this.#retired) return this.#judgeRetired(index, row);
    if (row === null) return 'missing';
    const parsed = attempt(() => parseEnvelopeRow(row));
    if ('why' in parsed) return `cannot be read: ${parsed.why}`;
    const { form, data } = parsed.value;
    if (form === 'erased') {
      this.#erasedCount++;
      findings.skip('readings', 'erased, so that only their digests are left');
      return null;
    }
    if (form === 'sealed' && this.#options.isArchive && this.#options.subjects.lacks(data)) {
      findings.skip('readings', 'sealed under keys that were not restored');
      return null;
    }
    const reading = this.#open({ form, data, digest: decision.digest });
    if (typeof reading === 'string') return reading;
    this.#compareDecision(decision, form, reading);
    return this.#judgeReading(reading, form, receivedMs, `${this.#options.name}/envelopes ${index}`);
  }

  /** Past its retention only the digest is left, and what else was said of it. */
  #judgeRetired(index: number, row: Bytes | null): string | null {
    if (row !== null) return 'past its retention, and still there';
    const { findings, environment } = this.#options;
    const wasErased = environment.table<number, Bytes>(VAULT_TABLES.erasedEntries).get(index) !== null;
    if (wasErased) this.#erasedCount++;
    findings.skip(
      'readings',
      wasErased ? 'erased, so that only their digests are left' : 'past their retention: only their digests are left',
    );
    return null;
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

  /** A decision is about the reading it kept: its place in the sequence and its payload. */
  #compareDecision(decision: DecisionRow, form: StoredForm, reading: AllegedReading): void {
    const { crypto, subjects } = this.#options;
    const content = form === 'sealed' ? subjects.digest(reading.device, reading.payload) : crypto.sha256(reading.payload);
    const say = (what: string): void => this.#say('DECISION_DAMAGED', 'groups', `${nameOf(decision)}: ${what}`);
    if (nameOf(reading) !== nameOf(decision)) say(`entry ${decision.outcome} is ${nameOf(reading)}`);
    else if (content !== null && !equalBytes(decision.contentDigest, content)) say('not the digest of its payload');
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

  /** Each group found its rows; here is that there are no others. */
  #compareCounts(): void {
    const want = this.#size - this.#retired;
    if (this.#envelopes.count !== want)
      this.#say('ENTRY_DAMAGED', 'envelopes', `${this.#envelopes.count} rows, and ${want} readings were kept and not retired`);
    if (this.#firstIndexes.count !== this.#keepingCount)
      this.#say(
        'INDEX_DAMAGED',
        'firstIndexes',
        `${this.#firstIndexes.count} rows, and ${this.#keepingCount} groups keep something`,
      );
    this.#digestRows.finish();
    this.#placeRows.finish(this.#groups.count);
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
    const { isArchive, subjects } = this.#options;
    if (clone.form === 'sealed' && isArchive && subjects.lacks(clone.data)) return null;
    const second = this.#open(clone);
    if (typeof second === 'string') return second;
    if (nameOf(second) !== nameOf(place)) return `it is reading ${nameOf(second)}`;
    const wrong = this.#judgeReading(second, clone.form, null, `${this.#options.name}/clones`);
    if (wrong !== null) return wrong;
    if (clone.firstIndex < this.#retired) return null;
    const entry = this.entry(clone.firstIndex);
    const first = entry === null || entry.form === 'erased' ? null : this.#open(entry);
    if (first === null || typeof first === 'string') return `entry ${clone.firstIndex}, of which it is a clone, cannot be read`;
    const isClone = nameOf(first) === nameOf(place) && !equalBytes(first.payload, second.payload);
    return isClone ? null : `entry ${clone.firstIndex} is no other reading of the same number`;
  }
}

function nameOf({ device, keyNumber, sequence }: Place): string {
  return `device ${toHex(device)} key ${keyNumber} number ${sequence}`;
}
