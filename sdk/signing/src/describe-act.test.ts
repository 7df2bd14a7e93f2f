import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ACTION_FIELDS, DANGEROUS_ACTIONS } from '@oppidum/formats/action-fields';
import { encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, parseCbor } from '@oppidum/formats/cbor';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { encodeOrder } from '@oppidum/formats/order-statement';
import { namedId, publicKeyOf } from '../../../test/support/ledger.ts';
import { newOrder, signAs } from '../../../test/support/orders.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { type ActView, describeAct, nameKey } from './describe-act.ts';
import { type ActKind, judgeRequest, readProposed } from './judge-request.ts';
import { unlockKey } from './locked-key.ts';
import { ACT_WORDS } from './words/all.ts';

const words = Object.entries(ACT_WORDS);

/** What stands in the statement of an order. */
const ORDER_FIELDS = newOrder(namedId('city'));

test('in every language each sentence names fields that its act has, and the same ones', () => {
  for (const [language, { acts, risks, fields }] of words) {
    for (const [kind, sentence] of Object.entries(acts)) {
      const named = [...sentence.matchAll(/\{([a-zA-Z]+)\}/g)].map(([, field]) => field ?? '').sort();
      const english = [...ACT_WORDS.en.acts[kind as ActKind].matchAll(/\{([a-zA-Z]+)\}/g)].map(([, field]) => field ?? '').sort();
      assert.deepEqual(named, english, `${language} ${kind}`);
      const known = { ...ACTION_FIELDS[kind as ActKind], ...('statement' in ACTION_FIELDS[kind as ActKind] ? ORDER_FIELDS : {}) };
      for (const field of named) assert.ok(Object.hasOwn(known, field), `${language} ${kind} {${field}}`);
      for (const field of Object.keys(ACTION_FIELDS[kind as ActKind]))
        if (field !== 'actions') assert.ok(Object.hasOwn(fields, field), `${language} ${field}`);
    }
    for (const kind of DANGEROUS_ACTIONS)
      assert.ok((risks[kind as ActKind] ?? '').length > 0, `${language}: the danger of ${kind}`);
  }
});

/** Every leaf of a body as text, as a reader should find it. */
function leavesOf(value: CborValue): string[] {
  if (value instanceof Uint8Array) return [toHex(value)];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  if (value instanceof Map) return [...value.values()].flatMap(leavesOf);
  return [String(value)];
}

const textOf = ({ sentence, rows, inner }: ActView): string =>
  [...sentence.map(({ text }) => text), ...rows.map(({ value }) => value.text), ...(inner ?? []).map(textOf)].join(' ');

test('nothing in an act is left unsaid, however deep it lies', () => {
  const key = new Map<string, CborValue>(Object.entries(publicKeyOf(namedSigner('x/0'))));
  const device = (name: string): CborMap =>
    new Map<string, CborValue>([
      ['id', namedId(name)],
      ['key', key],
      ['grade', 'bridge'],
      ['label', `lamp ${name}`],
    ]);
  const acts = readProposed(crypto, [
    {
      kind: 'device/register-many',
      body: new Map<string, CborValue>([
        ['model', namedId('m')],
        ['devices', [device('a'), device('b')]],
      ]),
    },
    {
      kind: 'body/change',
      body: new Map<string, CborValue>([
        ['id', namedId('b')],
        ['threshold', 2],
        ['members', [namedId('a'), namedId('b')].sort((x, y) => (toHex(x) < toHex(y) ? -1 : 1))],
      ]),
    },
    {
      kind: 'account/create',
      body: new Map<string, CborValue>([
        ['id', namedId('p')],
        ['holder', 'person'],
        ['key', key],
        ['class', 'full'],
      ]),
    },
  ]);
  for (const act of acts) {
    for (const [language, each] of words) {
      const text = textOf(describeAct(act, each, new Map()));
      for (const leaf of leavesOf(act.body))
        if (leaf !== '-8') assert.ok(text.includes(leaf), `${language} ${act.kind}: ${leaf}`);
    }
  }
});

test('an order is shown to its last field, and its sentence says what moves', () => {
  const order = newOrder(namedId('city'), { arguments: [60, -5] });
  const statement = encodeOrder(order);
  const signatures = signAs('order', statement, ['anna']).map(
    ({ key, signature }) => new Map(Object.entries({ key, signature })),
  );
  const body = new Map<string, CborValue>(Object.entries({ statement, signatures }));
  const [act] = readProposed(crypto, [{ kind: 'order/issue', body }]);
  for (const [, each] of words) {
    const view = describeAct(act!, each, new Map([[nameKey('zone', toHex(order.zone)), 'Harbour']]));
    const sentence = view.sentence.map(({ text }) => text).join('');
    for (const part of ['light/level', '60, -5', toHex(order.zone)]) assert.ok(sentence.includes(part), sentence);
    const text = textOf(view);
    for (const leaf of leavesOf(parseCbor(statement))) if (!/^1700|^30000$/.test(leaf)) assert.ok(text.includes(leaf), leaf);
    for (const part of ['30000 ms', '2023-11-14 22:13:50 UTC', toHex(signatures[0]!.get('signature') as Uint8Array)])
      assert.ok(text.includes(part), part);
    assert.ok(
      view.rows.every(({ label }) => !/^[a-z]+[A-Z]/.test(label)),
      'every label is of the language',
    );
    assert.ok(view.sentence.some((part) => part.kind === 'value' && part.name === 'Harbour'));
    assert.ok(view.rows.some(({ label }) => label === `${each.fields.statement}: ${each.fields.zone}`));
  }
  const broken = new Map<string, CborValue>(Object.entries({ statement: Uint8Array.of(0), signatures }));
  assert.throws(() => readProposed(crypto, [{ kind: 'order/issue', body: broken }]), { code: 'WRONG_TYPE' });
});

test('a name counts for a record of its kind alone: whoever makes a model chooses its id', () => {
  const account = namedId('treasurer');
  const acts = readProposed(crypto, [
    { kind: 'role/grant', body: new Map<string, CborValue>(Object.entries({ account, role: 'operator' })) },
    { kind: 'model/revoke', body: new Map<string, CborValue>(Object.entries({ id: account, reason: 'x' })) },
    {
      kind: 'body/change',
      body: new Map<string, CborValue>(Object.entries({ id: account, threshold: 1, members: [account] })),
    },
  ]);
  const namesBy = (kind: string): readonly (readonly string[])[] =>
    acts.map((act) =>
      describeAct(act, ACT_WORDS.en, new Map([[nameKey(kind, toHex(account)), 'Treasurer']])).rows.flatMap(({ label, value }) =>
        value.kind === 'value' && value.name === 'Treasurer' ? [label] : [],
      ),
    );
  const { fields } = ACT_WORDS.en;
  assert.deepEqual(namesBy('account'), [[fields.account], [], [`${fields.members} 1`]]);
  assert.deepEqual(namesBy('model'), [[], [fields.id], []]);
  assert.deepEqual(namesBy('body'), [[], [], [fields.id]]);
  assert.deepEqual(namesBy('manufacturer'), [[], [], []]);
});

test('every published locked key opens to what it holds', async () => {
  const file = join(resolve(import.meta.dirname, '../../..'), 'vectors/signing/locked-keys.json');
  type Case = { readonly why: string; readonly file: string; readonly key: Readonly<Record<string, string>> };
  const { passphrase, cases } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly passphrase: string;
    readonly cases: readonly Case[];
  };
  for (const { why, file: text, key } of cases) {
    const opened = await unlockKey(encodeUtf8(text), passphrase);
    assert.deepEqual(Object.fromEntries(Object.entries(opened).map(([name, value]) => [name, toHex(value)])), key, why);
  }
});

test('without a city that somebody trusts nothing may be signed, and what is far off not either', () => {
  const { cases } = JSON.parse(
    readFileSync(join(resolve(import.meta.dirname, '../../..'), 'vectors/signing/requests.json'), 'utf8'),
  ) as {
    readonly cases: readonly { readonly file: string }[];
  };
  const file = parseHex(cases[0]?.file ?? '');
  const judged = (nowMs: number) => judgeRequest(crypto, file, { city: null, key: null, nowMs });
  const { validUntil } = judged(0).request.transaction;
  const codesAt = (nowMs: number): readonly string[] => judged(nowMs).refusals.map(({ code }) => code);
  const farMs = 31 * 86_400_000;
  assert.deepEqual(codesAt(validUntil - 1), ['CITY_NOT_PINNED']);
  assert.deepEqual(codesAt(validUntil - farMs), ['CITY_NOT_PINNED']);
  assert.deepEqual(codesAt(validUntil - farMs - 1), ['CITY_NOT_PINNED', 'REQUEST_TOO_FAR']);
  const times = [validUntil, validUntil - 1, validUntil - 600_000, validUntil - 600_001].map((nowMs) => judged(nowMs).time);
  assert.deepEqual(times, ['expired', 'now', 'now', 'early']);
});
