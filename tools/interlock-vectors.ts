/** Writes vectors/interlocks/*.json: `node tools/interlock-vectors.ts`; specs/interlocks.md says how to read them. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { checkContradictions } from '@oppidum/contracts/safety/contradictions';
import { evaluateInterlocks, type SensorView } from '@oppidum/contracts/safety/interlocks';
import { toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type Envelope, envelopeSchema, parseEnvelope, type Quantity, type Rule, type Sensor } from '@oppidum/formats/envelope';
import { answerOf } from '@oppidum/ledger/action';
import { levelQuantity, levelRule, makeEnvelope, sensorsOf } from '../test/support/envelopes.ts';

const wind: Quantity = { ...levelQuantity(), name: 'wind', sensors: sensorsOf('wind', 'inlet', 'outlet'), decimals: 0 };
const calm: Rule = levelRule({ name: 'calm', needs: { quantity: 'wind', max: 10 } });
const never: Rule = { name: 'never wide', command: 'gate/open', arguments: [{ min: 90 }] };
const [first, second] = levelQuantity().sensors as [Sensor, Sensor];

/** By what an envelope shows; each is accepted, or refused by its form or because it contradicts itself. */
const ENVELOPES: readonly (readonly [why: string, changes: Partial<Envelope>])[] = [
  ['a level, a rule, a safe direction', {}],
  ['nothing is measured, ruled or safe', { quantities: [], rules: [], safe: [], dangerous: [] }],
  ['the second version names the first', { version: 2, previous: new Uint8Array(32).fill(7) }],
  ['the first version names none', { previous: new Uint8Array(32).fill(7) }],
  ['the second version names one', { version: 2 }],
  ['two of three sensors must speak', { quantities: [levelQuantity({ sensors: sensorsOf('level', 'a', 'b', 'c'), least: 2 })] }],
  ['no more must speak than there are', { quantities: [levelQuantity({ least: 3 })] }],
  ['one sensor is not enough', { quantities: [levelQuantity({ sensors: [first] })] }],
  ['one device is one sensor', { quantities: [levelQuantity({ sensors: [first, { ...first, name: 'other' }] })] }],
  ['sensors ascend by device', { quantities: [levelQuantity({ sensors: [second, first] })] }],
  ['a sensor is of one quantity', { quantities: [levelQuantity(), levelQuantity({ name: 'tide' })] }],
  ['a rule needs what is described', { rules: [calm] }],
  ['a rule that needs nothing forbids', { rules: [never] }],
  ['a need has a bound', { rules: [levelRule({ needs: { quantity: 'level' } })] }],
  ['a range is not empty', { rules: [levelRule({ needs: { quantity: 'level', min: 1, max: 0 } })] }],
  ['rules have names of their own', { rules: [levelRule(), levelRule()] }],
  ['a command has one number of arguments', { safe: [{ command: 'gate/open', arguments: [] }] }],
  ['dangerous commands ascend', { dangerous: ['gate/open', 'gate/close'] }],
  ['a dangerous lifetime is at most a minute', { dangerousLifetimeMsMax: 60_001 }],
  ['and no longer than any', { lifetimeMsMax: 59_999 }],
  ['two limits of one quantity', { rules: [levelRule(), levelRule({ name: 'dry', needs: { quantity: 'level', min: 50 } })] }],
  ['that leave no value', { rules: [levelRule(), levelRule({ name: 'dry', needs: { quantity: 'level', min: 201 } })] }],
  [
    'for other commands',
    {
      rules: [levelRule(), levelRule({ name: 'shut', needs: { quantity: 'level', min: 201 }, arguments: [{ max: 0 }] })],
      safe: [],
    },
  ],
  ['limits of two quantities', { quantities: [levelQuantity(), wind], rules: [levelRule(), calm] }],
  ['a safe direction that a rule is about', { safe: [{ command: 'gate/open', arguments: [{ max: 1 }] }] }],
  ['a safe direction that is forbidden', { rules: [never], safe: [{ command: 'gate/open', arguments: [{ min: 95 }] }] }],
  ['forbidden and needed is only forbidden', { rules: [never, levelRule()] }],
];

const NOW_MS = 1_700_000_000_000;
const speaks = (value: number, ageMs = 0): SensorView => ({ state: 'speaks', value, signedMs: NOW_MS - ageMs });
const silent: SensorView = { state: 'silent' };
const doubted: SensorView = { state: 'quarantined', because: 'quarantined' };
const voting = { quantities: [levelQuantity({ sensors: sensorsOf('level', 'inlet', 'outlet', 'third'), least: 2 })] };
const both = { quantities: [levelQuantity(), wind], rules: [levelRule(), calm] };

/** What each sensor last said, in the order of the quantities and of their sensors. */
type Evaluation = readonly [why: string, changes: Partial<Envelope>, args: readonly number[], views: readonly SensorView[]];
const EVALUATIONS: readonly Evaluation[] = [
  ['at the limit', {}, [1], [speaks(200), speaks(200)]],
  ['above it', {}, [1], [speaks(201), speaks(201)]],
  ['one above it', {}, [1], [speaks(199), speaks(201)]],
  ['as far apart as may be', {}, [1], [speaks(100), speaks(105)]],
  ['further', {}, [1], [speaks(100), speaks(106)]],
  ['as old as may be', {}, [1], [speaks(100, 10_000), speaks(100)]],
  ['older', {}, [1], [speaks(100, 10_001), speaks(100)]],
  ['ahead of block time', {}, [1], [speaks(100, -5_000), speaks(100)]],
  ['one silent', {}, [1], [speaks(100), silent]],
  ['both silent', {}, [1], [silent, silent]],
  ['one not believed', {}, [1], [doubted, speaks(100)]],
  ['silence before doubt', {}, [1], [silent, doubted]],
  ['doubt before silence', {}, [1], [doubted, silent]],
  ['a safe command passes in silence', {}, [0], [silent, silent]],
  ['the number of arguments', {}, [], [speaks(100), speaks(100)]],
  ['forbidden', { rules: [never] }, [90], [speaks(100), speaks(100)]],
  ['below what is forbidden', { rules: [never] }, [89], [silent, silent]],
  ['two of three', voting, [1], [speaks(100), silent, speaks(101)]],
  ['one of three', voting, [1], [speaks(100), silent, doubted]],
  ['nobody is outvoted', voting, [1], [speaks(100), speaks(106), speaks(101)]],
  ['all rules', both, [1], [speaks(100), speaks(100), speaks(9), speaks(10)]],
  ['the first rule that fails', both, [1], [speaks(201), speaks(201), speaks(11), speaks(11)]],
  ['the second', both, [1], [speaks(200), speaks(200), speaks(11), speaks(11)]],
];

function renderEnvelopes() {
  return ENVELOPES.map(([why, changes]) => {
    const bytes = encodeBy(envelopeSchema, makeEnvelope(changes));
    const refused = answerOf(() => checkContradictions(parseEnvelope(bytes)));
    const { first, second } = refused?.details ?? {};
    return { why, envelope: toHex(bytes), code: refused?.code ?? null, ...(first === undefined ? {} : { first, second }) };
  });
}

function renderEvaluations() {
  return EVALUATIONS.map(([why, changes, args, views]) => {
    const envelope = makeEnvelope(changes);
    const sensors = envelope.quantities.flatMap((quantity) => quantity.sensors);
    const look = (sensor: (typeof sensors)[number]) => views[sensors.indexOf(sensor)] ?? silent;
    const refused = evaluateInterlocks(envelope, { command: 'gate/open', arguments: args }, NOW_MS, look);
    const answer = { code: refused?.code ?? null, ...(refused === null ? {} : { details: refused.details }) };
    const given = { command: 'gate/open', arguments: args };
    return { why, envelope: toHex(encodeBy(envelopeSchema, envelope)), ...given, nowMs: NOW_MS, views, ...answer };
  });
}

/** The texts of the files, by name. */
export function renderInterlockVectors(): Readonly<Record<string, string>> {
  const files = { 'envelopes.json': renderEnvelopes(), 'evaluations.json': renderEvaluations() };
  return Object.fromEntries(Object.entries(files).map(([name, cases]) => [name, `${JSON.stringify({ cases }, null, 2)}\n`]));
}

if (import.meta.main) {
  const folder = new URL('../vectors/interlocks/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(renderInterlockVectors())) writeFileSync(new URL(name, folder), text);
}
