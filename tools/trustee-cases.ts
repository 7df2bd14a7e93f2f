/** Histories of a city of four trustees for vectors/devices: makers are proposed, admitted, rejected and revoked. */

import { compareBytes } from '@oppidum/formats/bytes';
import { namedId, type TestCity } from '../test/support/ledger.ts';
import { trusteeName } from '../test/support/trustees.ts';
import type { Case, Step } from './ledger-vectors.ts';

export const TRUSTEE_COUNT = 4;

type Signers = string | readonly string[];
const act = (why: string, by: Signers, kind: string, body: object, ...before: Step[]): Case => [
  why,
  before,
  () => [by, kind, body],
];
const done =
  (by: Signers, kind: string, body: object): Step =>
  (city) =>
    city.act(by, kind, body);
const mills = { id: namedId('mills'), name: 'The mills', account: namedId('maker') };
const proposal = namedId('proposal');
/** A proposal, to the trustees where nothing else is said. */
const draft = (city: TestCity, kind: string, body: object, changes: object = {}) => ({
  id: proposal,
  body: namedId('trustees'),
  actions: [city.action(kind, body)],
  expiresMs: city.timeMs + 60_000,
  ...changes,
});
const proposed: Step = (city) => city.act(trusteeName(0), 'proposal/create', draft(city, 'manufacturer/create', mills));
const admitted: readonly Step[] = [proposed, done([trusteeName(1), trusteeName(2)], 'proposal/approve', { id: proposal })];
const approving = { id: proposal };
const rejecting = { id: proposal, reason: 'unknown to us' };
const bodyOf = (threshold: number, ...members: number[]) => ({
  id: namedId('trustees'),
  threshold,
  members: members.map((member) => namedId(trusteeName(member))).sort(compareBytes),
});
const changed =
  (threshold: number, ...members: number[]): Step =>
  (city) =>
    city.decide('body/change', bodyOf(threshold, ...members));
/** anna puts it before the council, and ben decides. */
const ofCouncil = (why: string, kind: string, body: object, ...before: Step[]): Case => [
  why,
  [...before, (city) => city.act('anna', 'proposal/create', draft(city, kind, body, { body: namedId('council') }))],
  () => ['ben', 'proposal/approve', approving],
];

/** Four trustees: three admit a maker, two keep it out. */
export const TRUSTEE_CASES: readonly Case[] = [
  act('where there are trustees no registrar admits a maker', 'registrar', 'manufacturer/create', mills),
  act('nor do all trustees without a proposal', [0, 1, 2, 3].map(trusteeName), 'manufacturer/create', mills),
  ofCouncil('nor does the council', 'manufacturer/create', mills),
  ['a trustee proposes a maker', [], (city) => [trusteeName(0), 'proposal/create', draft(city, 'manufacturer/create', mills)]],
  act('half of them are not two thirds', trusteeName(1), 'proposal/approve', approving, proposed),
  act('three of four are', [trusteeName(1), trusteeName(2)], 'proposal/approve', approving, proposed),
  act('nobody approves twice', trusteeName(0), 'proposal/approve', approving, proposed),
  act('nor does who is no trustee', 'anna', 'proposal/approve', approving, proposed),
  act('a trustee rejects', trusteeName(3), 'proposal/reject', rejecting, proposed),
  act('who is no trustee does not', 'registrar', 'proposal/reject', rejecting, proposed),
  act('a reason is not left out', trusteeName(3), 'proposal/reject', new Map([['id', proposal]]), proposed),
  act(
    'nobody rejects twice',
    trusteeName(3),
    'proposal/reject',
    rejecting,
    proposed,
    done(trusteeName(3), 'proposal/reject', rejecting),
  ),
  act('two of four are more than a third, and end it', [trusteeName(2), trusteeName(3)], 'proposal/reject', rejecting, proposed),
  act(
    'after that nobody approves',
    trusteeName(1),
    'proposal/approve',
    approving,
    proposed,
    done([trusteeName(2), trusteeName(3)], 'proposal/reject', rejecting),
  ),
  [
    'its id is used up',
    [proposed, done([trusteeName(2), trusteeName(3)], 'proposal/reject', rejecting)],
    (city) => [trusteeName(0), 'proposal/create', draft(city, 'manufacturer/create', mills)],
  ],
  [
    'the same maker may be proposed again',
    [proposed, done([trusteeName(2), trusteeName(3)], 'proposal/reject', rejecting)],
    (city) => [
      [0, 1, 2].map(trusteeName),
      'proposal/create',
      draft(city, 'manufacturer/create', mills, { id: namedId('again') }),
    ],
  ],
  act(
    'who approved and then rejects does not count as approving',
    [trusteeName(1), trusteeName(2)],
    'proposal/approve',
    approving,
    proposed,
    done(trusteeName(0), 'proposal/reject', rejecting),
  ),
  act(
    'who rejected may approve after all',
    [trusteeName(0), trusteeName(1), trusteeName(2)],
    'proposal/approve',
    approving,
    proposed,
    done(trusteeName(0), 'proposal/reject', rejecting),
  ),
  act('after its time nobody rejects', trusteeName(3), 'proposal/reject', rejecting, proposed, (city) =>
    city.block([], city.timeMs + 60_000),
  ),
  act('more trustees, more approvals', trusteeName(1), 'proposal/approve', approving, proposed, changed(5, 0, 1, 2, 3, 4, 5, 6)),
  act('fewer trustees, fewer approvals', trusteeName(1), 'proposal/approve', approving, proposed, changed(2, 0, 1, 2)),
  act(
    'who left and came back has said nothing',
    trusteeName(1),
    'proposal/approve',
    approving,
    proposed,
    changed(2, 1, 2, 3),
    changed(2, 0, 1, 2),
  ),
  ofCouncil('the body of the trustees keeps its two thirds: not fewer', 'body/change', bodyOf(2, 0, 1, 2, 3)),
  ofCouncil('nor more', 'body/change', bodyOf(4, 0, 1, 2, 3)),
  ofCouncil('other numbers of them have other two thirds', 'body/change', bodyOf(4, 0, 1, 2, 3, 4)),
  ofCouncil('the council appoints a body that decides so', 'trustees/appoint', { body: namedId('council') }),
  ofCouncil('no other', 'trustees/appoint', { body: namedId('board') }, (city) =>
    city.decide('body/create', { ...bodyOf(1, 0, 1), id: namedId('board'), name: 'Board' }),
  ),
  ofCouncil('and no body that there is not', 'trustees/appoint', { body: namedId('board') }),
  act('not without a decision', 'anna', 'trustees/appoint', { body: namedId('council') }),
  [
    'the trustees revoke a maker',
    [
      ...admitted,
      (city) =>
        city.act(
          trusteeName(3),
          'proposal/create',
          draft(city, 'manufacturer/revoke', { id: mills.id, reason: 'recall' }, { id: namedId('recall') }),
        ),
    ],
    () => [[trusteeName(0), trusteeName(1)], 'proposal/approve', { id: namedId('recall') }],
  ],
  act('an operator does so at once', 'operator', 'manufacturer/revoke', { id: mills.id, reason: 'recall' }, ...admitted),
  act('a trustee alone does not', trusteeName(0), 'manufacturer/revoke', { id: mills.id, reason: 'recall' }, ...admitted),
];
