/**
 * Shapes of values: one definition gives the strict parser, the encoder, the TypeScript type, the JSON form and the CDDL.
 * A struct is a CBOR map with text keys; optional fields are absent, never null; unknown and missing fields are refused.
 */

import { type Bytes, encodeBase64, encodeUtf8, parseBase64, parseHex, toHex } from './bytes.ts';
import type { CborMap, CborValue } from './cbor.ts';
import { formatError } from './errors.ts';

/** What JSON carries: bytes as lower-case hex (ids, keys) or base64 (longer), integers as numbers. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

// Methods, not properties: their bivariance lets a list of fields of many types be one `Schema<unknown>` record.
export type Schema<T> = {
  /** Parses a decoded CBOR value; `path` names the place in errors. Throws FormatError. */
  parse(value: CborValue, path: string): T;
  /** The CBOR value; encoding what `parse` returned gives equal bytes. */
  encode(value: T): CborValue;
  toJson(value: T): Json;
  /** Throws FormatError as `parse` does. */
  fromJson(json: Json, path: string): T;
  /** CDDL (RFC 8610) of the CBOR form. */
  readonly cddl: string;
  readonly isOptional?: boolean;
};

/** The value type of a schema. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

function wrongType(path: string, want: string): never {
  throw formatError('WRONG_TYPE', { at: path, want });
}

/** What is the same in CBOR and in JSON. */
function plain<T extends string | number | boolean>(parse: (value: unknown, path: string) => T) {
  return { parse, encode: (value: T) => value, toJson: (value: T) => value, fromJson: parse };
}

/** A whole number in [min, max]; default 0 … 2^53 − 1. */
export function uint(options: { min?: number; max?: number } = {}): Schema<number> {
  const min = options.min ?? 0;
  const max = options.max ?? Number.MAX_SAFE_INTEGER;
  const parse = (value: unknown, path: string): number => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return wrongType(path, 'an integer');
    if (value < min || value > max) throw formatError('NUMBER_RANGE', { at: path, min, max });
    return value;
  };
  return { ...plain(parse), cddl: min === 0 && max === Number.MAX_SAFE_INTEGER ? 'uint' : `${min}..${max}` };
}

/** A byte string of exactly `length` bytes; JSON: lower-case hex. */
export function bytes(length: number): Schema<Bytes> {
  return {
    parse(value, path) {
      if (!(value instanceof Uint8Array)) return wrongType(path, 'a byte string');
      if (value.length !== length) throw formatError('LENGTH_WRONG', { at: path, want: length, got: value.length });
      return value;
    },
    encode: (value) => value,
    toJson: toHex,
    fromJson: (json, path) => (typeof json === 'string' ? parseHex(json, length) : wrongType(path, 'a hex text')),
    cddl: `bstr .size ${length}`,
  };
}

/** A byte string of `min` to `max` bytes; JSON: base64. */
export function blob(max: number, min = 0): Schema<Bytes> {
  return {
    parse(value, path) {
      if (!(value instanceof Uint8Array)) return wrongType(path, 'a byte string');
      if (value.length < min || value.length > max) throw formatError('LENGTH_WRONG', { at: path, min, max, got: value.length });
      return value;
    },
    encode: (value) => value,
    toJson: encodeBase64,
    fromJson(json, path) {
      if (typeof json !== 'string') return wrongType(path, 'a base64 text');
      return this.parse(parseBase64(json), path);
    },
    cddl: `bstr .size (${min}..${max})`,
  };
}

/** A text of `min` to `max` UTF-8 bytes without control characters. */
export function text(max: number, min = 1): Schema<string> {
  const parse = (value: unknown, path: string): string => {
    if (typeof value !== 'string') return wrongType(path, 'a text');
    let isPlain = true;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit < 0x20 || unit > 0x7e) isPlain = false;
    }
    const size = isPlain ? value.length : encodeUtf8(value).length;
    if (size < min || size > max) throw formatError('LENGTH_WRONG', { at: path, min, max, got: size });
    for (let i = 0; !isPlain && i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit < 0x20 || unit === 0x7f) throw formatError('TEXT_INVALID', { at: path, want: 'no control characters' });
    }
    return value;
  };
  return { ...plain(parse), cddl: `tstr .size (${min}..${max})` };
}

/** true or false. */
export function bool(): Schema<boolean> {
  const parse = (value: unknown, path: string): boolean =>
    typeof value === 'boolean' ? value : wrongType(path, 'true or false');
  return { ...plain(parse), cddl: 'bool' };
}

/** One of a few texts. */
export function oneOf<const T extends string>(...choices: readonly T[]): Schema<T> {
  const parse = (value: unknown, path: string): T => {
    const choice = choices.find((candidate) => candidate === value);
    return choice ?? wrongType(path, choices.join(' or '));
  };
  return { ...plain(parse), cddl: choices.map((choice) => `"${choice}"`).join(' / ') };
}

/** A list of `min` to `max` items; with `order` the items ascend strictly by it, so a set has one spelling. */
export function list<T>(item: Schema<T>, options: { min?: number; max: number; order?: (a: T, b: T) => number }): Schema<T[]> {
  const min = options.min ?? 0;
  const checked = (items: T[], path: string): T[] => {
    if (items.length < min || items.length > options.max) {
      throw formatError('LENGTH_WRONG', { at: path, min, max: options.max, got: items.length });
    }
    for (let i = 1; options.order !== undefined && i < items.length; i++) {
      const order = options.order(items[i - 1] as T, items[i] as T);
      if (order === 0) throw formatError('DUPLICATE_KEY', { at: `${path}/${i}` });
      if (order > 0) throw formatError('UNSORTED', { at: `${path}/${i}` });
    }
    return items;
  };
  return {
    parse(value, path) {
      if (!Array.isArray(value)) return wrongType(path, 'a list');
      if (value.length > options.max) throw formatError('LENGTH_WRONG', { at: path, min, max: options.max, got: value.length });
      return checked(
        value.map((element, i) => item.parse(element, `${path}/${i}`)),
        path,
      );
    },
    encode: (items) => items.map((element) => item.encode(element)),
    toJson: (items) => items.map((element) => item.toJson(element)),
    fromJson(json, path) {
      if (!Array.isArray(json)) return wrongType(path, 'a list');
      return checked(
        json.map((element, i) => item.fromJson(element, `${path}/${i}`)),
        path,
      );
    },
    cddl: `[${min}*${options.max} ${bracket(item.cddl)}]`,
  };
}

/** A field that may be absent from its struct. */
export function optional<T>(inner: Schema<T>): Schema<T | undefined> & { readonly isOptional: true } {
  return {
    parse: inner.parse,
    encode: (value) => inner.encode(value as T),
    toJson: (value) => inner.toJson(value as T),
    fromJson: inner.fromJson,
    cddl: inner.cddl,
    isOptional: true,
  };
}

type AnySchema = Schema<unknown>;
type Fields = Readonly<Record<string, AnySchema>>;
type OptionalName<F> = { [K in keyof F]: F[K] extends { readonly isOptional: true } ? K : never }[keyof F];
/** The object type of a struct's fields. */
export type StructOf<F> = { readonly [K in Exclude<keyof F, OptionalName<F>>]: Infer<F[K]> } & {
  readonly [K in OptionalName<F>]?: Exclude<Infer<F[K]>, undefined>;
};

/** A map with exactly these text keys. */
export function struct<const F extends Fields>(fields: F): Schema<StructOf<F>> {
  const entries = Object.entries(fields);
  const names = new Set(entries.map(([name]) => name));
  // As RFC 8949 §4.2.1 sorts short texts, so that encoding finds them in order.
  const sorted = entries.toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));

  const build = (present: (name: string) => boolean, parseField: (name: string, schema: AnySchema) => unknown, path: string) => {
    const result: Record<string, unknown> = {};
    for (const [name, schema] of entries) {
      if (present(name)) result[name] = parseField(name, schema);
      else if (schema.isOptional !== true) throw formatError('MISSING_FIELD', { at: `${path}/${name}` });
    }
    return result as StructOf<F>;
  };

  return {
    parse(value, path) {
      if (!(value instanceof Map)) return wrongType(path, 'a map');
      for (const key of value.keys()) {
        if (typeof key !== 'string' || !names.has(key)) throw formatError('UNKNOWN_FIELD', { at: `${path}/${key}` });
      }
      return build(
        (name) => value.has(name),
        (name, schema) => schema.parse(value.get(name) as CborValue, `${path}/${name}`),
        path,
      );
    },
    encode(value) {
      const map: CborMap = new Map();
      for (const [name, schema] of sorted) {
        const field = (value as Record<string, unknown>)[name];
        if (field !== undefined) map.set(name, schema.encode(field));
      }
      return map;
    },
    toJson(value) {
      const json: Record<string, Json> = {};
      for (const [name, schema] of entries) {
        const field = (value as Record<string, unknown>)[name];
        if (field !== undefined) json[name] = schema.toJson(field);
      }
      return json;
    },
    fromJson(json, path) {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrongType(path, 'an object');
      for (const key of Object.keys(json)) if (!names.has(key)) throw formatError('UNKNOWN_FIELD', { at: `${path}/${key}` });
      const object = json as { readonly [name: string]: Json };
      return build(
        (name) => Object.hasOwn(object, name),
        (name, schema) => schema.fromJson(object[name] as Json, `${path}/${name}`),
        path,
      );
    },
    cddl: `{ ${entries.map(([name, schema]) => `${schema.isOptional === true ? '? ' : ''}${fieldName(name)}: ${schema.cddl}`).join(', ')} }`,
  };
}

/** An array of exactly these items, in this order, as an object by their names: smaller than a struct, for small devices. */
export function tuple<const F extends Fields>(fields: F): Schema<StructOf<F>> {
  const entries = Object.entries(fields);
  const collect = (items: readonly unknown[], path: string, read: (schema: AnySchema, item: unknown, at: string) => unknown) => {
    if (items.length !== entries.length) throw formatError('LENGTH_WRONG', { at: path, want: entries.length, got: items.length });
    const result: Record<string, unknown> = {};
    for (const [i, [name, schema]] of entries.entries()) result[name] = read(schema, items[i], `${path}/${name}`);
    return result as StructOf<F>;
  };
  return {
    parse(value, path) {
      if (!Array.isArray(value)) return wrongType(path, 'a list');
      return collect(value, path, (schema, item, at) => schema.parse(item as CborValue, at));
    },
    encode: (value) => entries.map(([name, schema]) => schema.encode((value as Record<string, unknown>)[name])),
    toJson(value) {
      const named = value as Record<string, unknown>;
      return Object.fromEntries(entries.map(([name, schema]) => [name, schema.toJson(named[name])]));
    },
    fromJson: (json, path) => struct(fields).fromJson(json, path),
    cddl: `[${entries.map(([name, schema]) => `${fieldName(name)}: ${bracket(schema.cddl)}`).join(', ')}]`,
  };
}

/** A value or null: in a tuple nothing can be left out. */
export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return {
    parse: (value, path) => (value === null ? null : inner.parse(value, path)),
    encode: (value) => (value === null ? null : inner.encode(value)),
    toJson: (value) => (value === null ? null : inner.toJson(value)),
    fromJson: (json, path) => (json === null ? null : inner.fromJson(json, path)),
    cddl: `${inner.cddl} / null`,
  };
}

/** One of two structs, told apart by a field that the first one alone has, and always. */
export function either<A extends object, B extends object>(
  mark: string & Exclude<keyof A, keyof B>,
  first: Schema<A>,
  second: Schema<B>,
): Schema<A | B> {
  const of = (value: object): Schema<A | B> => (Object.hasOwn(value, mark) ? first : second) as Schema<A | B>;
  return {
    parse: (value, path) => (value instanceof Map && value.has(mark) ? first : second).parse(value, path),
    encode: (value) => of(value).encode(value),
    toJson: (value) => of(value).toJson(value),
    fromJson: (json, path) => (typeof json === 'object' && json !== null ? of(json) : second).fromJson(json, path),
    cddl: `${first.cddl} / ${second.cddl}`,
  };
}

function fieldName(name: string): string {
  return /^[a-zA-Z]+$/.test(name) ? name : `"${name}"`;
}

function bracket(cddl: string): string {
  return cddl.includes(' / ') ? `(${cddl})` : cddl;
}
