/**
 * Writes vectors/governance/*.json: histories of a small city, each ending in one transaction and what it comes to.
 * `node tools/governance-vectors.ts`; specs/ledger.md says how to read them. Keys are the test keys of test/support/signers.ts.
 */

import { encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { cityOrigin } from '@oppidum/formats/ids';
import { encodePolicy } from '@oppidum/formats/policy';
import { makeCity, namedId, publicKeyOf, type TestCity } from '../test/support/ledger.ts';
import { namedSigner } from '../test/support/signers.ts';
import { type Case, renderLedgerVectors, type Step, type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';
import { makeCityOfFive, VALIDATOR_CASES } from './validator-cases.ts';

const keyOf = (name: string, number = 0) => publicKeyOf(namedSigner(`${name}/${number}`));
const dora = { id: namedId('dora'), holder: 'person', key: keyOf('dora'), class: 'full' };
const proposal = namedId('proposal');

/** anna proposes; ben's approval, the last act, decides. */
const proposed =
  (...actions: readonly (readonly [string, object])[]): Step =>
  (city) =>
    city.act('anna', 'proposal/create', {
      id: proposal,
      body: namedId('council'),
      actions: actions.map(([kind, body]) => city.action(kind, body)),
      expiresMs: city.timeMs + 60_000,
    });
const byBen = () => ['ben', 'proposal/approve', { id: proposal }] as const;
const decided = (why: string, kind: string, body: object, ...before: Step[]): Case => [
  why,
  [...before, proposed([kind, body])],
  byBen,
];
const withDora: Step = (city) => city.act('registrar', 'account/create', dora);
const closed =
  (name: string): Step =>
  (city) =>
    city.decide('account/close', { account: namedId(name) });
const sorted = (...names: string[]) => names.map(namedId).sort(Buffer.compare);

/** The policy of `count` validators of this city, after an edit of its text. */
function policyOf(city: TestCity, count: number, edit: (text: string) => string = (text) => text): Uint8Array {
  const validators = Array.from({ length: count }, (_, i) => ({
    name: `next-${i}`,
    logKey: namedSigner(`next ${i} log`).publicKey,
    cosignerKey: namedSigner(`next ${i} cosigner`).publicKey,
  }));
  const policy = policyOfValidators(cityOrigin(city.genesis.name, city.rules.genesis), validators);
  return encodeUtf8(edit(parseUtf8(encodePolicy(city.rules.crypto, policy))));
}
const policyCase = (why: string, count: number, edit?: (text: string) => string): Case => [
  why,
  [(city) => proposed(['policy/change', { policy: policyOf(city, count, edit) }])(city)],
  byBen,
];

const ACCOUNTS: readonly Case[] = [
  ['a registrar creates an account', [], () => ['registrar', 'account/create', dora]],
  ['who is no registrar does not', [], () => ['anna', 'account/create', dora]],
  ['an id is used once', [withDora], () => ['registrar', 'account/create', dora]],
  ['a person is not named', [], () => ['registrar', 'account/create', { ...dora, name: 'Dora' }]],
  ['an organisation may be', [], () => ['registrar', 'account/create', { ...dora, holder: 'organisation', name: 'Dora & Sons' }]],
  [
    'a key of zeros is none',
    [],
    () => ['registrar', 'account/create', { ...dora, key: { algorithm: -8, publicKey: new Uint8Array(32) } }],
  ],
  ['a second key', [], () => ['ben', 'account/add-key', { account: namedId('ben'), key: keyOf('ben', 1), class: 'everyday' }]],
  [
    'not by an everyday key',
    [],
    () => ['anna/1', 'account/add-key', { account: namedId('anna'), key: keyOf('anna', 2), class: 'full' }],
  ],
  [
    'a key it has already',
    [],
    () => ['anna', 'account/add-key', { account: namedId('anna'), key: keyOf('anna', 1), class: 'full' }],
  ],
  [
    'a registrar retires an everyday key',
    [],
    () => ['registrar', 'account/retire-key', { account: namedId('anna'), keyNumber: 1 }],
  ],
  ['and no full one', [], () => ['registrar', 'account/retire-key', { account: namedId('anna'), keyNumber: 0 }]],
  ['a key is retired', [], () => ['anna', 'account/retire-key', { account: namedId('anna'), keyNumber: 1 }]],
  ['the last full key is not', [], () => ['anna', 'account/retire-key', { account: namedId('anna'), keyNumber: 0 }]],
  [
    'a closed account signs nothing',
    [closed('operator')],
    () => ['operator', 'account/retire-key', { account: namedId('operator'), keyNumber: 0 }],
  ],
  decided('the council closes an account', 'account/close', { account: namedId('operator') }),
  decided('a member may be closed while enough are left', 'account/close', { account: namedId('clara') }),
  decided('but not when too few would be left', 'account/close', { account: namedId('ben') }, closed('clara')),
];

const BODIES: readonly Case[] = [
  decided('a role is granted', 'role/grant', { account: namedId('clara'), role: 'operator' }),
  decided('a role that there is not', 'role/grant', { account: namedId('clara'), role: 'king' }),
  decided('a role is taken', 'role/revoke', { account: namedId('operator'), role: 'operator' }),
  ['a role is not granted without a decision', [], () => ['anna', 'role/grant', { account: namedId('anna'), role: 'registrar' }]],
  decided('a body is created', 'body/create', {
    id: namedId('board'),
    name: 'Board',
    threshold: 1,
    members: sorted('anna', 'operator'),
  }),
  decided('a body that could never decide', 'body/create', {
    id: namedId('board'),
    name: 'Board',
    threshold: 2,
    members: sorted('anna'),
  }),
  decided('the council renews itself', 'body/change', {
    id: namedId('council'),
    threshold: 2,
    members: sorted('ben', 'operator'),
  }),
  decided('the council cannot lock itself out', 'body/change', {
    id: namedId('council'),
    threshold: 3,
    members: sorted('anna', 'ben'),
  }),
  decided('a parameter is set', 'parameter/set', { name: 'governance/proposal-lifetime-max-ms', value: 3_600_000 }),
  decided('outside its range', 'parameter/set', { name: 'governance/proposal-lifetime-max-ms', value: 3_599_999 }),
  decided('one that there is not', 'parameter/set', { name: 'governance/mood', value: 1 }),
];

const close: readonly [string, object] = ['account/close', { account: namedId('operator') }];
const draft = (city: TestCity, changes: object = {}) => ({
  id: proposal,
  body: namedId('council'),
  actions: [city.action(...close)],
  expiresMs: city.timeMs + 60_000,
  ...changes,
});
const rejecting = { id: proposal, reason: 'not this year' };
const rejected =
  (...by: string[]): Step =>
  (city) =>
    city.act(by, 'proposal/reject', rejecting);
/** anna's full key is replaced. */
const rekeyed: readonly Step[] = [
  (city) => city.act('anna', 'account/add-key', { account: namedId('anna'), key: keyOf('anna', 2), class: 'full' }),
  (city) => city.act('anna/2', 'account/retire-key', { account: namedId('anna'), keyNumber: 0 }),
];
const byAnnaAnew = (): ['anna/2', 'proposal/approve', object] => ['anna/2', 'proposal/approve', { id: proposal }];
const PROPOSALS: readonly Case[] = [
  ['a member proposes', [], (city) => ['anna', 'proposal/create', draft(city)]],
  ['two members propose together, and decide at once', [], (city) => [['anna', 'ben'], 'proposal/create', draft(city)]],
  ['a stranger does not', [], (city) => ['operator', 'proposal/create', draft(city)]],
  ['nor an everyday key', [], (city) => ['anna/1', 'proposal/create', draft(city)]],
  [
    'no proposal about proposals',
    [],
    (city) => ['anna', 'proposal/create', draft(city, { actions: [city.action('proposal/approve', { id: proposal })] })],
  ],
  [
    'no action that nobody knows',
    [],
    (city) => ['anna', 'proposal/create', draft(city, { actions: [{ kind: 'no/such', body: new Map() }] })],
  ],
  ['the second approval decides', [proposed(close)], byBen],
  ['nobody approves twice', [proposed(close)], () => ['anna', 'proposal/approve', { id: proposal }]],
  [
    'nor after it was executed',
    [proposed(close), (city) => city.act('ben', 'proposal/approve', { id: proposal })],
    () => ['clara', 'proposal/approve', { id: proposal }],
  ],
  ['who approves anew by another key is one approval more', [proposed(close), ...rekeyed], byAnnaAnew],
  ['nor after its time', [proposed(close), (city) => city.block([], city.timeMs + 60_000)], byBen],
  ['what an action refuses undoes all, the approval too', [proposed(close, ['account/close', { account: dora.id }])], byBen],
  ['the proposer withdraws', [proposed(close)], () => ['anna', 'proposal/withdraw', { id: proposal }]],
  ['nobody else does', [proposed(close)], () => ['ben', 'proposal/withdraw', { id: proposal }]],
  ['before version 2 of the rules nobody rejects', [proposed(close)], () => ['ben', 'proposal/reject', rejecting]],
  [
    'nor puts trustees before the council',
    [],
    (city) => [
      'anna',
      'proposal/create',
      draft(city, { actions: [city.action('trustees/appoint', { body: namedId('council') })] }),
    ],
  ],
];

/** In a city of version 2 of the rules. */
const REJECTIONS: readonly Case[] = [
  ['a member rejects', [proposed(close)], () => ['ben', 'proposal/reject', rejecting]],
  ['nor does a stranger reject', [proposed(close)], () => ['operator', 'proposal/reject', rejecting]],
  ['nor an everyday key', [proposed(close)], () => ['anna/1', 'proposal/reject', rejecting]],
  ['nobody rejects twice', [proposed(close), rejected('ben')], () => ['ben', 'proposal/reject', rejecting]],
  [
    'where too few are left to approve, it is over',
    [proposed(close), rejected('ben')],
    () => ['clara', 'proposal/reject', rejecting],
  ],
  ['for good', [proposed(close), rejected('ben', 'clara')], byBen],
  ['who rejects approves no more', [proposed(close), rejected('anna')], byBen],
  ['who approves anew by another key is no approval more', [proposed(close), ...rekeyed], byAnnaAnew],
  ['who rejected may approve', [proposed(close), rejected('ben')], byBen],
  [
    'a reason is a text',
    [proposed(close)],
    () => [
      'ben',
      'proposal/reject',
      new Map<string, unknown>([
        ['id', proposal],
        ['reason', 7],
      ]),
    ],
  ],
  [
    'and no long one',
    [proposed(close)],
    () => [
      'ben',
      'proposal/reject',
      new Map<string, unknown>([
        ['id', proposal],
        ['reason', 'x'.repeat(257)],
      ]),
    ],
  ],
  [
    'no proposal rejects another',
    [],
    (city) => ['anna', 'proposal/create', draft(city, { actions: [city.action('proposal/reject', rejecting)] })],
  ],
];

const POLICY: readonly Case[] = [
  policyCase('from one validator to four', 4),
  policyCase('never two', 2),
  policyCase('a threshold that nobody can meet', 4, (text) => text.replace('validators 3', 'validators 5')),
  policyCase('a threshold below two thirds', 4, (text) => text.replace('validators 3', 'validators 2')),
  policyCase('one key twice', 4, (text) => text.replace(/^(log .*\n)/, '$1$1')),
  policyCase('no quorum', 4, (text) => text.replace('quorum validators', 'quorum none')),
  policyCase('another spelling of a good one', 4, (text) => `# next year\n${text}`),
  [
    'one change at a time',
    [
      (city) =>
        proposed(['policy/change', { policy: policyOf(city, 4) }], ['policy/change', { policy: policyOf(city, 7) }])(city),
    ],
    byBen,
  ],
  [
    'the block after the decision puts it into force, and the next one is the new set\u2019s',
    [(city) => city.decide('policy/change', { policy: policyOf(city, 4) }), (city) => city.block()],
    () => ['registrar', 'account/create', dora],
  ],
];

/** File name and text of every vector file. */
export function renderGovernanceVectors(): readonly VectorFile[] {
  return [
    ...renderLedgerVectors(makeCity, { accounts: ACCOUNTS, bodies: BODIES, proposals: PROPOSALS, policy: POLICY }),
    ...renderLedgerVectors(() => makeCity({ rulesVersion: 2 }), { rejections: REJECTIONS }),
    ...renderLedgerVectors(makeCityOfFive, { validators: VALIDATOR_CASES }),
  ];
}

if (import.meta.main) writeLedgerVectors('governance', renderGovernanceVectors());
