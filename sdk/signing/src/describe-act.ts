/**
 * An act in words: one sentence, then every field of it with its name. Nothing is left out: rows are made of what stands in the body, not
 * of what somebody thought of. Pages and the command line turn parts into their own kind of text.
 */

import { type Bytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, parseCbor } from '@oppidum/formats/cbor';
import type { Act } from './judge-request.ts';
import type { ActWords, FieldName } from './words/act-words.ts';
import { STATEMENTS } from './zone-acts.ts';

/** A piece of a sentence: words of ours, or a value that somebody chose. `name`: what an id is called, as far as that is known. */
export type Part =
  | { readonly kind: 'words'; readonly text: string }
  | { readonly kind: 'value'; readonly text: string; readonly name: string | null };

/** One field. `lines`: a file of several lines. */
export type Row = { readonly label: string; readonly value: Part; readonly isFile: boolean };

export type ActView = {
  readonly sentence: readonly Part[];
  /** What is dangerous about it; null for most acts. */
  readonly risk: string | null;
  readonly rows: readonly Row[];
  /** Of a proposal: what it does. Null where that is not known. */
  readonly inner: readonly ActView[] | null;
};

/** Names by `nameKey`, as far as somebody knows them. */
export type Names = ReadonlyMap<string, string>;

/**
 * Of a record of the ledger by its kind and id (hex). The kind counts: most ids are chosen by who makes the record, so whoever makes a
 * model could give it somebody's account as its id, and a name that the account never had.
 */
export function nameKey(recordKind: string, id: string): string {
  return `${recordKind} ${id}`;
}

/** Fields that name a record of another kind than the act is about. */
const KINDS: Readonly<Record<string, string>> = {
  account: 'account',
  members: 'account',
  operator: 'account',
  owner: 'account',
  body: 'body',
  model: 'model',
  zone: 'zone',
  manufacturer: 'manufacturer',
  device: 'device',
};

/** The kind of record that a field of an action names, or null: none that has a name, or one that is only to be made. */
export function recordKindOf(actionKind: string, field: string): string | null {
  const [area = '', verb = ''] = actionKind.split('/');
  const name = field !== 'id' ? field : verb.startsWith('create') || verb.startsWith('register') ? '' : area;
  return Object.hasOwn(KINDS, name) ? (KINDS[name] ?? null) : null;
}

/** The act in the words of a language. */
export function describeAct(act: Act, words: ActWords, names: Names): ActView {
  const { kind, body, inner } = act;
  const nameOf: NameOf = (field, id) => names.get(nameKey(recordKindOf(kind, field) ?? '', id)) ?? null;
  const rows: Row[] = [];
  for (const [field, value] of body) {
    // What a proposal does is shown as acts of their own.
    if (kind === 'proposal/create' && field === 'actions') continue;
    addRows(rows, [String(field)], value, words, nameOf);
  }
  return {
    sentence: fillSentence(words.acts[kind], (field) => valuePart(field, fieldOf(body, field), words, nameOf)),
    risk: words.risks[kind] ?? null,
    rows,
    inner: inner?.map((each) => describeAct(each, words, names)) ?? null,
  };
}

/** A field of the act, or of a statement in it. */
function fieldOf(body: CborMap, field: string): CborValue {
  const own = body.get(field);
  if (own !== undefined) return own;
  for (const [name, value] of body) {
    const opened = openStatement(String(name), value);
    const inner = opened instanceof Map ? opened.get(field) : undefined;
    if (inner !== undefined) return inner;
  }
  return null;
}

/** What a statement says, where the field holds one; its form was checked when the act was read. */
function openStatement(field: string, value: CborValue): CborValue {
  return value instanceof Uint8Array && Object.hasOwn(STATEMENTS, field) ? parseCbor(value) : value;
}

/** What the id (hex) in a field of the act is called, or null. */
type NameOf = (field: string, id: string) => string | null;

/** Sentences name fields in braces. */
function fillSentence(sentence: string, partOf: (field: string) => Part): readonly Part[] {
  return sentence
    .split(/(\{[a-zA-Z]+\})/)
    .filter((piece) => piece !== '')
    .map((piece) => (piece.startsWith('{') ? partOf(piece.slice(1, -1)) : { kind: 'words', text: piece }));
}

function addRows(rows: Row[], path: readonly string[], given: CborValue, words: ActWords, nameOf: NameOf): void {
  const value = openStatement(path.at(-1) ?? '', given);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) addRows(rows, [...path, `${i + 1}`], item, words, nameOf);
    return;
  }
  if (value instanceof Map) {
    for (const [field, inner] of value) addRows(rows, [...path, String(field)], inner, words, nameOf);
    return;
  }
  const field = path.findLast((step) => !/^\d+$/.test(step)) ?? '';
  // An order names its key set by a number; elsewhere keys stand under this name.
  const named = field === 'keys' && typeof value === 'number' ? [...path.slice(0, -1), 'keySet'] : path;
  rows.push({
    // A path, and no phrase: words beside each other would be read as one. Numbers belong to the word before them.
    label: named
      .map((step) => labelOf(step, words))
      .join(': ')
      .replace(/: (?=\d)/g, ' '),
    value: valuePart(field, value, words, nameOf),
    isFile: field === 'policy',
  });
}

function labelOf(step: string, { fields }: ActWords): string {
  return Object.hasOwn(fields, step) ? fields[step as FieldName] : step;
}

function valuePart(field: string, value: CborValue, words: ActWords, nameOf: NameOf): Part {
  if (value instanceof Uint8Array) return bytesPart(field, value, nameOf);
  if (typeof value === 'boolean') return { kind: 'words', text: value ? words.yes : words.no };
  if (field === 'algorithm') return plain(value === -8 ? 'Ed25519' : 'ES256');
  // Arguments of a command, in a sentence.
  if (Array.isArray(value)) return plain(value.join(', '));
  if (isDuration(field)) return plain(`${String(value)} ms`);
  if (field.endsWith('Ms') && typeof value === 'number') return plain(timeText(value));
  if (typeof value === 'string' && isChoice(field) && Object.hasOwn(words.choices, value))
    return { kind: 'value', text: value, name: words.choices[value as keyof ActWords['choices']] };
  return plain(value === null ? '–' : String(value));
}

/** Fields that say how long, not when. */
function isDuration(field: string): boolean {
  return ['lifetimeMs', 'freshMs', 'lifetimeMsMax', 'dangerousLifetimeMsMax'].includes(field);
}

/** Fields whose texts are ours, never somebody's. */
function isChoice(field: string): boolean {
  return ['holder', 'class', 'grade', 'role', 'legalBasis', 'outcome', 'cause', 'response'].includes(field);
}

function plain(text: string): Part {
  return { kind: 'value', text, name: null };
}

function bytesPart(field: string, value: Bytes, nameOf: NameOf): Part {
  // A policy is a text; that it is one was checked when the act was read.
  if (field === 'policy' && value.length !== 32) return plain(parseUtf8(value));
  const hex = toHex(value);
  return { kind: 'value', text: hex, name: nameOf(field, hex) };
}

/** RFC 3339, in UTC: the same on every machine that signs. */
export function timeText(timeMs: number): string {
  return timeMs <= 8.64e15 ? `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC` : String(timeMs);
}
