/** Documents of a zone as they stand in the ledger's records, for showing: each must be the one whose digest the zone names. */

import { equalBytes, parseHex } from '@oppidum/formats/bytes';
import { orNull } from '@oppidum/formats/errors';
import { parseEvidence } from '@oppidum/formats/evidence';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { parseSignalMatrix, type SignalMatrix } from '@oppidum/formats/signal-matrix';
import { parseSignalPlans, type SignalPlans } from '@oppidum/formats/signal-plan';
import { parseState } from '@oppidum/formats/state-layout';
import { zoneDocumentKind } from '@oppidum/formats/state-orders';
import { parseZoneDocument } from '@oppidum/formats/zone-statements';

/** Null where there is none, or where it is not the one in force. */
export type SignalPapers = { readonly matrix: SignalMatrix | null; readonly plans: SignalPlans | null };

/** `file`: evidence of the documents of the zone, whose proof is not looked at here; `documents`: those in force. */
export function readSignalPapers(
  file: Uint8Array,
  documents: readonly { readonly name: string; readonly digest: string }[],
): SignalPapers {
  const body = (name: string): Uint8Array | null => {
    const inForce = documents.find((each) => each.name === name);
    return inForce === undefined ? null : bodyOf(file, parseHex(inForce.digest, 32));
  };
  const [matrix, plans] = [body('matrix'), body('plans')];
  return {
    matrix: matrix === null ? null : orNull(() => parseSignalMatrix(matrix)),
    plans: plans === null ? null : orNull(() => parseSignalPlans(plans)),
  };
}

/** The body of the statement that has this digest. */
function bodyOf(file: Uint8Array, digest: Uint8Array): Uint8Array | null {
  const evidence = orNull(() => parseEvidence(file));
  if (evidence?.fact !== 'state') return null;
  for (const value of evidence.state.values) {
    const statement = orNull(() => parseState(zoneDocumentKind, value).statement);
    if (statement !== null && equalBytes(crypto.sha256(statement), digest))
      return orNull(() => parseZoneDocument(statement).body);
  }
  return null;
}
