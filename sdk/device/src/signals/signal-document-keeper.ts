/**
 * Matrix and plans of an intersection as they come from the city, one at a time: only both together can be checked, so one waits in memory for the
 * other, and what runs is on the shelf. Fits `ZoneDocuments`.
 */

import { type Rejection, reject } from '@oppidum/formats/errors';
import type { SignedStatement } from '@oppidum/formats/statement';
import { type KeySet, parseZoneDocument } from '@oppidum/formats/zone-statements';
import type { ZoneDocuments } from '../orders/zone-follower.ts';
import type { SignalShelf, SignedSignals } from './signal-documents.ts';

type Name = keyof SignedSignals;
const NAMES: readonly Name[] = ['matrix', 'plans'];

/** Brings what comes onto the shelf. */
export class SignalDocumentKeeper implements ZoneDocuments {
  readonly #shelf: SignalShelf;
  readonly #onNew: () => void;
  readonly #waiting = new Map<Name, SignedStatement>();

  /** `onNew`: both are on the shelf; the intersection begins with them (`Intersection.renew`). */
  constructor(shelf: SignalShelf, onNew: () => void) {
    this.#shelf = shelf;
    this.#onNew = onNew;
  }

  have(): readonly { readonly name: string; readonly version: number }[] {
    return NAMES.map((name) => {
      const signed = this.#newest(name);
      return { name, version: signed === null ? 0 : parseZoneDocument(signed.statement).version };
    });
  }

  /** As `SignalShelf.check`; null also for one that waits for the other. Durable where both are accepted. */
  async offer(keys: KeySet, name: string, signed: SignedStatement): Promise<Rejection | null> {
    if (name !== 'matrix' && name !== 'plans') return reject('DOCUMENT_UNKNOWN', { name });
    const refused = this.#shelf.check(keys, name, signed);
    if (refused !== null) return refused;
    this.#waiting.set(name, signed);
    const [matrix, plans] = [this.#newest('matrix'), this.#newest('plans')];
    if (matrix === null || plans === null) return null;
    const both = (of: SignedStatement) => ({ statement: of.statement, signatures: [...of.signatures] });
    const rejection = await this.#shelf.offer(keys, { matrix: both(matrix), plans: both(plans) });
    // Plans for the new matrix come next; until then what runs goes on.
    if (rejection !== null) return name === 'matrix' ? null : rejection;
    this.#waiting.clear();
    this.#onNew();
    return null;
  }

  #newest(name: Name): SignedStatement | null {
    return this.#waiting.get(name) ?? this.#shelf.signed?.[name] ?? null;
  }
}
