/** Cases of vectors/governance/validators.json: a city of five validators whose consensus keys its genesis names. */

import { encodeUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { cityOrigin } from '@oppidum/formats/ids';
import { encodePolicy } from '@oppidum/formats/policy';
import { consensusAddress, type Validator } from '@oppidum/formats/state-validators';
import { encodeVerifierKey } from '@oppidum/formats/verifier-key';
import { makeCity, namedId, type TestCity } from '../test/support/ledger.ts';
import { MemoryLog } from '../test/support/memory-log.ts';
import { namedSigner, namedValidator } from '../test/support/signers.ts';
import type { Case, Step } from './ledger-vectors.ts';

const keyOf = (name: string) => namedSigner(name).publicKey;
const some = (...numbers: number[]) => numbers.map(namedValidator);
const originOf = (city: TestCity) => cityOrigin(city.genesis.name, city.rules.genesis);

/** A change of policy to these, naming those. */
const changeTo = (city: TestCity, members: readonly Validator[], named: readonly Validator[] | null = members) => ({
  policy: encodePolicy(city.rules.crypto, policyOfValidators(originOf(city), members)),
  ...(named === null ? {} : { validators: named.map(({ cosignerKey: _, ...rest }) => rest) }),
});

/** anna and ben decide it together. */
const decide = (why: string, members: readonly Validator[], named?: readonly Validator[] | null, ...before: Step[]): Case => [
  why,
  before,
  (city) => [['anna', 'ben'], 'proposal/create', proposalOf(city, changeTo(city, members, named))],
];
const proposalOf = (city: TestCity, body: object) => ({
  id: namedId('proposal'),
  body: namedId('council'),
  actions: [city.action('policy/change', body)],
  expiresMs: city.timeMs + 60_000,
});
const decided =
  (...members: readonly Validator[]): Step =>
  (city) =>
    city.decide('policy/change', changeTo(city, members));
const block: Step = (city) => city.block();
const proven =
  (...numbers: readonly number[]): Step =>
  (city) =>
    city.block(
      [],
      undefined,
      numbers.map((i) => ({
        kind: 'duplicate-vote',
        address: consensusAddress(city.rules.crypto, keyOf(`validator ${i} consensus`)),
        voteHeight: 1,
      })),
    );
const anything = () =>
  [
    'registrar',
    'account/create',
    { id: namedId('dora'), holder: 'person', key: { algorithm: -8, publicKey: keyOf('dora/0') }, class: 'full' },
  ] as const;

/** A log key under two histories of the block log. */
const fork = (city: TestCity, by: string, isOne = false) => {
  const entries = (label: string, count: number) => Array.from({ length: count }, (_, i) => encodeUtf8(`${label} ${i}`));
  const ours = new MemoryLog(entries('entry', 5));
  const other = isOne ? ours : new MemoryLog([...ours.entries.slice(0, 2), ...entries('other', 3)]);
  const { crypto } = city.rules;
  const origin = originOf(city);
  return {
    key: encodeVerifierKey(crypto, { name: origin, algorithm: 'log', publicKey: keyOf(by) }),
    earlier: signCheckpoint(crypto, namedSigner(by), { origin, size: 4, root: ours.root(4) }),
    later: signCheckpoint(crypto, namedSigner(by), { origin, size: 5, root: other.root(5) }),
    root: other.root(4),
    consistency: other.consistency(4, 5),
  };
};
const reported = (why: string, by: string, isOne = false, ...before: Step[]): Case => [
  why,
  before,
  (city) => ['clara', 'validator/report-fork', fork(city, by, isOne)],
];

const FIVE = some(0, 1, 2, 3, 4);
const rotated = { ...namedValidator(0), cosignerKey: keyOf('new cosigner'), consensusKey: keyOf('new consensus') };

export const makeCityOfFive = (): TestCity => makeCity({ validatorCount: 5, hasConsensusKeys: true });
export const VALIDATOR_CASES: readonly Case[] = [
  decide('a sixth validator', some(0, 1, 2, 3, 4, 5)),
  ['the next block tells the engine', [decided(...some(0, 1, 2, 3, 4, 5))], anything],
  ['of keys that change', [decided(rotated, ...FIVE.slice(1))], anything],
  ['of all that go', [decided(namedValidator(3))], anything],
  decide('an outside change leaves the validators as they are', FIVE, null),
  decide('but the policy has no others', some(0, 1, 2, 3), null),
  decide('one is not named', some(0, 1, 2, 3, 4, 5), FIVE),
  decide('in another order', FIVE, FIVE.toReversed()),
  decide('a consensus key of zeros', [...some(0, 1, 2, 3), { ...namedValidator(4), consensusKey: new Uint8Array(32) }]),
  decide('a consensus key that is a log key', [
    ...some(0, 1, 2, 3),
    { ...namedValidator(4), consensusKey: namedValidator(0).logKey },
  ]),
  decide('a key of another', [
    { ...namedValidator(0), consensusKey: namedValidator(1).consensusKey },
    { ...namedValidator(1), consensusKey: keyOf('x') },
    ...FIVE.slice(2),
  ]),
  decide('a key that was retired', FIVE, FIVE, decided(...some(0, 1, 2, 3)), block),
  ['who voted twice is removed with the next block', [proven(4)], anything],
  ['four are left and then three', [proven(4, 3)], anything],
  ['two are never left', [proven(4, 3), block, proven(2)], anything],
  ['of a stranger nothing follows', [proven(9)], anything],
  decide('who was removed does not come back', FIVE, FIVE, proven(4)),
  reported('a fork of a validator', 'validator 2 log'),
  reported('is told once', 'validator 2 log', false, (city) =>
    city.act('clara', 'validator/report-fork', fork(city, 'validator 2 log')),
  ),
  reported('a fork of nobody', 'stranger'),
  reported('one history is no fork', 'validator 2 log', true),
];
