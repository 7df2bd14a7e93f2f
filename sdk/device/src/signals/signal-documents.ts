/**
 * The signed matrix and plans of an intersection as its device keeps them (specs/signals.md §10). Whoever brings them is not believed: two
 * engineers of the zone must have signed each, versions only rise, and both must pass every check together.
 */

import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { encodeBy, parseBy } from '@oppidum/formats/common-schemas';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { blob, type Infer, struct } from '@oppidum/formats/schema';
import { checkStatement, type SignedStatement, statementSignatures } from '@oppidum/formats/statement';
import { type KeySet, parseZoneDocument } from '@oppidum/formats/zone-statements';
import { writeFileDurably } from '../durable-file.ts';
import { sealBytes, unsealBytes } from '../sealed-bytes.ts';
import { compileSignals, type SignalDocuments } from './signal-program.ts';

const ENGINEERS_MIN = 2;

const signedSchema = struct({ statement: blob(LIMITS.zoneDocumentStatementSizeMax, 1), signatures: statementSignatures() });
const signedSignalsSchema = struct({ matrix: signedSchema, plans: signedSchema });
/** Both documents with their signatures. */
export type SignedSignals = Infer<typeof signedSignalsSchema>;

type Kept = { readonly kept: SignedSignals | null; readonly damage: string | null };
const NOTHING: Kept = { kept: null, damage: null };
type Opened = { readonly version: number; readonly body: Bytes };

/** The documents that an intersection runs, in one file. */
export class SignalShelf {
  readonly #crypto: Crypto;
  readonly #path: string;
  /** Why there are no documents though a file was there: SIGNALS_DAMAGED, for `holdSafe`. */
  readonly damage: string | null;
  #kept: SignedSignals | null;

  private constructor(crypto: Crypto, path: string, { kept, damage }: Kept) {
    this.#crypto = crypto;
    this.#path = path;
    this.#kept = kept;
    this.damage = damage;
  }

  /** Opens the file, or begins without documents where there is none, or none that is whole: signals then flash until they come again. */
  static async open(crypto: Crypto, path: string): Promise<SignalShelf> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    return new SignalShelf(crypto, path, bytes === null ? NOTHING : parseKept(new Uint8Array(bytes)));
  }

  /** What was accepted last, with its signatures; null before the first. */
  get signed(): SignedSignals | null {
    return this.#kept;
  }

  /** The bodies that were accepted last; null before the first. */
  get documents(): SignalDocuments | null {
    if (this.#kept === null) return null;
    const { matrix, plans } = this.#kept;
    return { matrix: parseZoneDocument(matrix.statement).body, plans: parseZoneDocument(plans.statement).body };
  }

  /**
   * Accepts both if they are signed under the pinned keys and newer; on disk when it resolves. Refuses, in this order, of the matrix and
   * then of the plans: what the decoder throws; WRONG_CITY, ZONE_FOREIGN, DOCUMENT_UNKNOWN, VERSION_NOT_NEXT (older than what is kept),
   * as `checkStatement`; then as `compileSignals`.
   */
  async offer(keys: KeySet, signed: SignedSignals): Promise<Rejection | null> {
    const opened = this.#check(keys, signed);
    if ('code' in opened) return opened;
    const kept = { matrix: this.#known('matrix', signed) ?? signed.matrix, plans: this.#known('plans', signed) ?? signed.plans };
    // COMMIT POINT
    await writeFileDurably(this.#path, sealBytes(encodeBy(signedSignalsSchema, kept)));
    this.#kept = kept;
    return null;
  }

  /** One of the two by itself, before the other is at hand. Refuses as `offer` does but for what only both together can tell. */
  check(keys: KeySet, name: 'matrix' | 'plans', signed: SignedStatement): Rejection | null {
    try {
      const opened = this.#open(keys, name, signed);
      return 'code' in opened ? opened : null;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return reject(error.code, error.details);
    }
  }

  #check(keys: KeySet, signed: SignedSignals): SignalDocuments | Rejection {
    try {
      const matrix = this.#open(keys, 'matrix', signed.matrix);
      if ('code' in matrix) return matrix;
      const plans = this.#open(keys, 'plans', signed.plans);
      if ('code' in plans) return plans;
      const documents = { matrix: matrix.body, plans: plans.body };
      const program = compileSignals(this.#crypto, documents);
      return 'code' in program ? program : documents;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return reject(error.code, error.details);
    }
  }

  /** What is on the shelf, where this is the same statement. */
  #known(name: 'matrix' | 'plans', offered: SignedSignals): SignedSignals['matrix'] | null {
    const kept = this.#kept?.[name];
    return kept !== undefined && equalBytes(kept.statement, offered[name].statement) ? kept : null;
  }

  #open(keys: KeySet, name: 'matrix' | 'plans', signed: SignedStatement): Opened | Rejection {
    const document = parseZoneDocument(signed.statement);
    if (!equalBytes(document.city, keys.city)) return reject('WRONG_CITY', {});
    if (!equalBytes(document.zone, keys.zone)) return reject('ZONE_FOREIGN', {});
    if (document.name !== name) return reject('DOCUMENT_UNKNOWN', { want: name, got: document.name });
    const before = this.#kept?.[name].statement;
    const kept = before === undefined ? 0 : parseZoneDocument(before).version;
    // It was signed under the keys of its time, and stays in force when they are replaced.
    if (before !== undefined && equalBytes(before, signed.statement)) return document;
    if (document.version <= kept) return reject('VERSION_NOT_NEXT', { name, kept, got: document.version });
    const count = Math.max(ENGINEERS_MIN, keys.dangerousThreshold);
    return checkStatement(this.#crypto, 'document', signed, { keys: keys.keys, count }) ?? document;
  }
}

/** Files of former versions have no digest: then the whole is read, which nothing may follow. */
function parseKept(data: Bytes): Kept {
  try {
    return { kept: parseBy(signedSignalsSchema, unsealBytes(data) ?? data), damage: null };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { kept: null, damage: 'SIGNALS_DAMAGED' };
  }
}
