import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, toHex } from '@oppidum/formats/bytes';
import { manufacturerKind } from '@oppidum/formats/state-devices';
import { bodyKind, cityKind, proposalKind } from '@oppidum/formats/state-governance';
import { at, parseState } from '@oppidum/formats/state-layout';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { makeTrusteeCity, TRUSTEE_COUNT_MAX, trusteeName, trusteeNames } from '../../../../test/support/trustees.ts';
import { twoThirdsOf } from './trustees.ts';

const proposal = namedId('p');
const works = { id: namedId('works'), name: 'The works', account: namedId('maker') };
const trustees = namedId('trustees');
const idsOf = (names: readonly string[]) => names.map(namedId).sort(compareBytes);

const propose = (city: TestCity, by: string, id = proposal, body = trustees) =>
  city.act(by, 'proposal/create', {
    id,
    body,
    actions: [city.action('manufacturer/create', works)],
    expiresMs: city.timeMs + 60_000,
  });
const approve = (city: TestCity, by: string | readonly string[]) => city.act(by, 'proposal/approve', { id: proposal });
const rejects = (city: TestCity, by: string | readonly string[]) =>
  city.act(by, 'proposal/reject', { id: proposal, reason: 'unknown to us' });
const isAdmitted = (city: TestCity) => city.read(at(manufacturerKind, works.id)) !== null;
const change = (city: TestCity, names: readonly string[], threshold = twoThirdsOf(names.length)) =>
  city.decide('body/change', { id: trustees, threshold, members: idsOf(names) });

test('two thirds, rounded up, and more than a third, for every number of trustees a body may have', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map((n) => [n, twoThirdsOf(n), n - twoThirdsOf(n) + 1]),
    [
      [1, 1, 1],
      [2, 2, 1],
      [3, 2, 2],
      [4, 3, 2],
      [5, 4, 2],
      [6, 4, 3],
      [7, 5, 3],
    ],
  );
  for (let n = 1; n <= 64; n++) {
    const enough = twoThirdsOf(n);
    assert.ok(3 * enough >= 2 * n && 3 * (enough - 1) < 2 * n, `${n}: the least that is two thirds`);
    const veto = n - enough + 1;
    assert.ok(3 * veto > n && 3 * (veto - 1) <= n, `${n}: the least that is more than a third`);
  }
});

test('where there are trustees no registrar admits a maker, nor does the council', () => {
  const city = makeTrusteeCity(3);
  assert.equal(city.act('registrar', 'manufacturer/create', works), 'TRUSTEES_REQUIRED');
  assert.equal(city.details['trustees'], toHex(trustees));
  assert.equal(
    city.act(['registrar', ...trusteeNames(3)], 'manufacturer/create', works),
    'TRUSTEES_REQUIRED',
    'nor all of them at once',
  );
  assert.equal(city.decide('manufacturer/create', works), 'TRUSTEES_REQUIRED');
  assert.equal(isAdmitted(city), false);
});

test('a city without trustees goes on as before: a registrar admits, and no body does', () => {
  const city = makeTrusteeCity(3, false);
  assert.equal(city.decide('manufacturer/create', works), 'NOT_AUTHORIZED');
  assert.equal(city.act('registrar', 'manufacturer/create', works), 'OK');
});

test('two of three trustees admit a maker, which then announces models', () => {
  const city = makeTrusteeCity(3);
  assert.equal(propose(city, trusteeName(0)), 'OK');
  assert.equal(isAdmitted(city), false);
  assert.equal(approve(city, trusteeName(0)), 'ALREADY_APPROVED', 'nobody counts twice');
  assert.equal(approve(city, 'anna'), 'NOT_AUTHORIZED', 'nor who is no trustee');
  assert.equal(approve(city, trusteeName(1)), 'OK');
  assert.deepEqual(
    city.events.map(({ kind }) => kind),
    ['proposal/approved', 'proposal/executed', 'manufacturer/created'],
  );
  const model = {
    id: namedId('lamp'),
    manufacturer: works.id,
    name: 'Lamp',
    deviceType: 'street-light',
    personal: false,
    simulated: true,
  };
  assert.equal(city.act('maker', 'model/create', model), 'OK');
});

/** What a trustee said last: yes, no or nothing. */
type Word = 'A' | 'R' | '-';
type Step = readonly [member: number, word: 'A' | 'R'];

/** What should come of words one after the other, by fractions and not by thresholds. */
function expected(
  count: number,
  steps: readonly Step[],
): { readonly codes: readonly string[]; readonly end: 'open' | 'admitted' | 'rejected' } {
  const words: Word[] = Array.from({ length: count }, () => '-');
  let end: 'open' | 'admitted' | 'rejected' = 'open';
  const codes = steps.map(([member, word]) => {
    if (end !== 'open') return 'PROPOSAL_CLOSED';
    if (words[member] === word) return word === 'A' ? 'ALREADY_APPROVED' : 'ALREADY_REJECTED';
    words[member] = word;
    const countOf = (what: Word) => words.filter((each) => each === what).length;
    if (3 * countOf('A') >= 2 * count) end = 'admitted';
    else if (3 * countOf('R') > count) end = 'rejected';
    return 'OK';
  });
  return { codes, end };
}

/** Says words about a proposal in one block that is not kept. The first word is its proposer's, by proposing. */
class Votes {
  readonly #city: TestCity;
  readonly #envelopes = new Map<string, Uint8Array>();

  constructor(city: TestCity) {
    this.#city = city;
  }

  run(steps: readonly Step[]) {
    const said = new Map<string, number>();
    const envelopes = steps.map(([member, word], i) => {
      const name = i === 0 ? `proposes ${member}` : `${word} ${member}`;
      const time = (said.get(name) ?? 0) + 1;
      said.set(name, time);
      return this.#envelope(member, i === 0 ? 'propose' : word, `${name} ${time}`);
    });
    const { outcomes, changes } = this.#city.execute(envelopes);
    const codes = outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.code : outcome.refused.code));
    const after = (kind: typeof proposalKind | typeof manufacturerKind, id: Uint8Array) =>
      changes.find(({ key }) => compareBytes(key, at(kind as typeof proposalKind, id).key) === 0)?.value ?? null;
    const record = parseState(proposalKind, after(proposalKind, proposal) ?? assert.fail());
    const isMade = after(manufacturerKind, works.id) !== null;
    const { executed, rejected } = record;
    assert.equal(executed, isMade);
    assert.ok(!(executed && rejected !== undefined), 'never both');
    return { codes, end: executed ? 'admitted' : rejected === undefined ? 'open' : 'rejected' };
  }

  /** Signed once: most cases say the same things in another order. */
  #envelope(member: number, word: 'propose' | 'A' | 'R', name: string): Uint8Array {
    const known = this.#envelopes.get(name);
    if (known !== undefined) return known;
    const city = this.#city;
    const actions = [city.action('manufacturer/create', works)];
    const action =
      word === 'propose'
        ? city.action('proposal/create', { id: proposal, body: trustees, actions, expiresMs: city.timeMs + 60_000 })
        : word === 'A'
          ? city.action('proposal/approve', { id: proposal })
          : city.action('proposal/reject', { id: proposal, reason: 'unknown to us' });
    const made = city.transaction(trusteeName(member), [action]);
    this.#envelopes.set(name, made);
    return made;
  }
}

/** Every way in which members from the second on may speak, in their order. */
function waysOf(count: number): readonly (readonly Step[])[] {
  let ways: readonly (readonly Step[])[] = [[]];
  for (let member = 1; member < count; member++)
    ways = ways.flatMap((way) => [way, [...way, [member, 'A'] as const], [...way, [member, 'R'] as const]]);
  return ways;
}

for (let count = 1; count <= TRUSTEE_COUNT_MAX; count++) {
  test(`${count} trustees: every way to speak, the proposer keeping the word or taking it back at the end`, () => {
    const votes = new Votes(makeTrusteeCity(count));
    const ends = new Map<string, number>();
    for (const way of waysOf(count))
      for (const steps of [way, [...way, [0, 'R'] as const]]) {
        const all: readonly Step[] = [[0, 'A'], ...steps];
        const want = expected(count, all);
        assert.deepEqual(votes.run(all), want, all.join(' '));
        ends.set(want.end, (ends.get(want.end) ?? 0) + 1);
      }
    assert.deepEqual(
      [...ends.keys()].sort(),
      count === 1 ? ['admitted'] : ['admitted', 'open', 'rejected'],
      'all of them were seen',
    );
  });
}

test('up to four trustees: every order of up to four words, also by those who changed their mind', () => {
  for (let count = 1; count <= 4; count++) {
    const votes = new Votes(makeTrusteeCity(count));
    const said = trusteeNames(count).flatMap((_, member): Step[] => [
      [member, 'A'],
      [member, 'R'],
    ]);
    let ways: readonly (readonly Step[])[] = [[]];
    for (let length = 0; length < (count === 4 ? 3 : 4); length++)
      ways = ways.flatMap((way) => said.map((step) => [...way, step]));
    for (const way of ways) {
      const all: readonly Step[] = [[0, 'A'], ...way];
      assert.deepEqual(votes.run(all), expected(count, all), all.join(' '));
    }
  }
});

test('trustees who come while a proposal waits count for it, and raise what it needs', () => {
  const city = makeTrusteeCity(3);
  assert.equal(propose(city, trusteeName(0)), 'OK');
  assert.equal(change(city, trusteeNames(6)), 'OK');
  assert.equal(approve(city, trusteeName(1)), 'OK');
  assert.equal(isAdmitted(city), false, 'two of three would have been enough, two of six are not');
  assert.equal(approve(city, [trusteeName(4), trusteeName(5)]), 'OK');
  assert.equal(isAdmitted(city), true);
});

test('who leaves takes approval and rejection along, and who comes back has said nothing', () => {
  const city = makeTrusteeCity(4);
  assert.equal(propose(city, trusteeName(0)), 'OK');
  assert.equal(rejects(city, trusteeName(3)), 'OK');
  assert.equal(change(city, [trusteeName(1), trusteeName(2), trusteeName(4)]), 'OK');
  assert.equal(change(city, trusteeNames(4)), 'OK');
  assert.equal(rejects(city, trusteeName(2)), 'OK');
  assert.equal(city.read(at(proposalKind, proposal))?.rejected, undefined, 'one of four, not two');
  assert.equal(approve(city, [trusteeName(0), trusteeName(1)]), 'OK', 'the proposer has to say it again');
  assert.equal(isAdmitted(city), false);
  assert.equal(approve(city, trusteeName(3)), 'OK');
  assert.equal(isAdmitted(city), true);
});

test('fewer trustees need fewer words; those said already are counted with the next one', () => {
  const city = makeTrusteeCity(7);
  assert.equal(propose(city, trusteeName(0)), 'OK');
  assert.equal(rejects(city, [trusteeName(1), trusteeName(2)]), 'OK');
  assert.equal(change(city, trusteeNames(4)), 'OK');
  assert.equal(city.read(at(proposalKind, proposal))?.rejected, undefined, 'a change of the body decides nothing by itself');
  assert.equal(approve(city, trusteeName(3)), 'OK');
  assert.equal(isAdmitted(city), false, 'two of four approve');
  assert.equal(rejects(city, trusteeName(3)), 'OK');
  assert.equal(city.read(at(proposalKind, proposal))?.rejected, city.height);
});

test('a proposal to the former trustees does nothing once others were appointed', () => {
  const city = makeTrusteeCity(3);
  assert.equal(propose(city, trusteeName(0)), 'OK');
  const board = { id: namedId('board'), name: 'Board', threshold: 1, members: idsOf(['clara']) };
  assert.equal(
    city.decideAll([
      ['body/create', board],
      ['trustees/appoint', { body: board.id }],
    ]),
    'OK',
  );
  assert.deepEqual(city.event('trustees/appointed')?.get('body'), board.id);
  assert.equal(approve(city, trusteeName(1)), 'TRUSTEES_REQUIRED');
  assert.equal(propose(city, 'clara', namedId('q'), board.id), 'OK', 'one trustee decides alone');
  assert.equal(isAdmitted(city), true);
});

test('nothing is admitted after the time of the proposal', () => {
  const city = makeTrusteeCity(3);
  assert.equal(propose(city, trusteeName(0)), 'OK');
  city.block([], city.timeMs + 60_000);
  assert.equal(approve(city, trusteeName(1)), 'PROPOSAL_EXPIRED');
  assert.equal(rejects(city, trusteeName(1)), 'PROPOSAL_EXPIRED');
  assert.equal(isAdmitted(city), false);
});

test('what was rejected is proposed again, and may be admitted then', () => {
  const city = makeTrusteeCity(3);
  assert.equal(propose(city, trusteeName(0)), 'OK');
  assert.equal(rejects(city, [trusteeName(1), trusteeName(2)]), 'OK');
  assert.equal(approve(city, trusteeName(1)), 'PROPOSAL_CLOSED');
  assert.equal(propose(city, trusteeName(0), namedId('again')), 'OK');
  assert.equal(city.act(trusteeName(2), 'proposal/approve', { id: namedId('again') }), 'OK');
  assert.equal(isAdmitted(city), true);
});

test('a maker is revoked by two thirds of the trustees, or by an operator at once; neither by one trustee', () => {
  for (const by of ['trustees', 'operator']) {
    const city = makeTrusteeCity(3);
    assert.equal(propose(city, trusteeName(0)), 'OK');
    assert.equal(approve(city, trusteeName(1)), 'OK');
    const revoke = { id: works.id, reason: 'keys were sold' };
    assert.equal(city.act(trusteeName(0), 'manufacturer/revoke', revoke), 'NOT_AUTHORIZED');
    assert.equal(city.decide('manufacturer/revoke', revoke), 'NOT_AUTHORIZED', 'the council is neither');
    if (by === 'operator') assert.equal(city.act('operator', 'manufacturer/revoke', revoke), 'OK');
    else {
      const body = {
        id: namedId('q'),
        body: trustees,
        actions: [city.action('manufacturer/revoke', revoke)],
        expiresMs: city.timeMs + 60_000,
      };
      assert.equal(city.act(trusteeName(2), 'proposal/create', body), 'OK');
      assert.equal(city.read(at(manufacturerKind, works.id))?.to, undefined);
      assert.equal(city.act(trusteeName(1), 'proposal/approve', { id: namedId('q') }), 'OK');
    }
    assert.equal(city.read(at(manufacturerKind, works.id))?.to, city.height);
    assert.equal(propose(city, trusteeName(0), namedId('back')), 'OK');
    assert.equal(
      city.act(trusteeName(1), 'proposal/approve', { id: namedId('back') }),
      'MANUFACTURER_EXISTS',
      'its id does not come back',
    );
  }
});

test('trustees decide about makers and nothing else', () => {
  const city = makeTrusteeCity(1);
  const body = (kind: string, given: object) => ({
    id: proposal,
    body: trustees,
    actions: [city.action(kind, given)],
    expiresMs: city.timeMs + 60_000,
  });
  assert.equal(
    city.act(trusteeName(0), 'proposal/create', body('role/grant', { account: namedId('maker'), role: 'operator' })),
    'NOT_AUTHORIZED',
  );
  assert.equal(city.act(trusteeName(0), 'proposal/create', body('trustees/appoint', { body: trustees })), 'NOT_AUTHORIZED');
});

test('trustees/appoint is refused, in this order', () => {
  const city = makeTrusteeCity(3, false);
  assert.equal(city.act('anna', 'trustees/appoint', { body: trustees }), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('trustees/appoint', { body: namedId('none') }), 'BODY_UNKNOWN');
  for (const threshold of [1, 3]) {
    assert.equal(city.decide('body/change', { id: trustees, threshold, members: idsOf(trusteeNames(3)) }), 'OK');
    assert.equal(city.decide('trustees/appoint', { body: trustees }), 'TRUSTEES_THRESHOLD');
    assert.deepEqual(city.details, { body: toHex(trustees), want: 2, got: threshold });
  }
  assert.equal(city.decide('body/change', { id: trustees, threshold: 2, members: idsOf(trusteeNames(3)) }), 'OK');
  assert.equal(city.act('registrar', 'manufacturer/create', { ...works, id: namedId('early') }), 'OK', 'not yet appointed');
  assert.equal(city.decide('trustees/appoint', { body: trustees }), 'OK');
  assert.deepEqual(city.read(at(cityKind))?.trustees, trustees);
  assert.equal(city.act('registrar', 'manufacturer/create', works), 'TRUSTEES_REQUIRED');
  assert.notEqual(city.read(at(manufacturerKind, namedId('early'))), null, 'who was admitted before stays');
});

test('the body of the trustees keeps its two thirds; other bodies choose', () => {
  const city = makeTrusteeCity(3);
  assert.equal(change(city, trusteeNames(3), 3), 'TRUSTEES_THRESHOLD');
  assert.equal(change(city, [trusteeName(0), 'nobody'], 1), 'TRUSTEES_THRESHOLD', 'before its members are looked at');
  assert.equal(change(city, [trusteeName(0), 'nobody']), 'ACCOUNT_UNKNOWN');
  assert.equal(change(city, trusteeNames(6)), 'OK');
  assert.deepEqual(city.read(at(bodyKind, trustees)), { name: 'trustees', threshold: 4, memberCount: 6 });
  assert.equal(city.decide('body/change', { id: namedId('council'), threshold: 1, members: idsOf(['anna', 'ben']) }), 'OK');
});

test('so many trustees stay able that two thirds can decide', () => {
  const city = makeTrusteeCity(3);
  assert.equal(city.decide('account/close', { account: namedId(trusteeName(0)) }), 'OK');
  assert.equal(city.decide('account/close', { account: namedId(trusteeName(1)) }), 'GOVERNANCE_DEADLOCK');
});
