/** The council decides an appeal, and the outcome stands for everybody to read. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { equalBytes, toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { auditCaseKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import { checkCouncil } from '../authority.ts';
import { readTrust, writeTrust } from './trust-record.ts';

/**
 * Decides an appeal: `confirmed`, the mark weighs on; `reversed`, it weighs no more, as if it had never counted.
 * Rule: the council, for neither auditors nor owner judge what they did themselves.
 * Refuses, in this order: NOT_AUTHORIZED, CASE_UNKNOWN, APPEAL_UNKNOWN, APPEAL_DECIDED.
 */
export const decideAppeal = defineAction({
  kind: 'device/decide-appeal',
  body: ACTION_FIELDS['device/decide-appeal'],
  dangerous: true,

  check({ id: device, evidence }, city) {
    const refused = checkCouncil(city);
    if (refused !== null) return refused;
    const known = city.read(at(auditCaseKind, device, evidence));
    const facts = { device: toHex(device), evidence: toHex(evidence) };
    if (known === null) return reject('CASE_UNKNOWN', facts);
    if (known.appeal === undefined) return reject('APPEAL_UNKNOWN', facts);
    return known.outcome === undefined
      ? null
      : reject('APPEAL_DECIDED', { outcome: known.outcome.outcome, at: known.outcome.at });
  },

  // COMMIT POINT
  apply({ id: device, evidence, outcome, reason }, city) {
    const place = at(auditCaseKind, device, evidence);
    city.write(place, { ...city.get(place), outcome: { outcome, reason, at: city.height } });
    if (outcome === 'reversed') {
      const record = readTrust(city, device);
      const marks = record.marks.filter((mark) => !equalBytes(mark.evidence, evidence));
      writeTrust(city, device, { ...record, marks });
    }
    city.emit('device/appeal-decided', { device, evidence, outcome, reason });
  },
});
