/** Examples in the description of the API, made from its schemas, so that each one fits its schema. */

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minimum?: number;
};

/** An instant in 2026, for everything that is a time in milliseconds. */
const TIME_MS = 1_795_600_000_000;
/** Schemas that hold themselves end here. */
const DEPTH_MAX = 8;

/** Texts for the patterns that the schemas of the API use. */
const TEXTS: readonly string[] = [
  '4e1243bd22c66e76c2ba9eddc1f91394e57f9f83d3c1b7a0e5f6a1b2c3d4e5f6',
  '9f3c2a1b7d4e5f60',
  'T3BwaWR1bQ==',
  'Main street 1',
];

/** A value of a schema; `schemas` are those that it refers to by name. */
export function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>, name = '', depth = 0): unknown {
  if (depth > DEPTH_MAX) return null;
  const inner = (part: Schema, partName = name): unknown => exampleOf(part, schemas, partName, depth + 1);
  const { $ref, enum: choices, properties, items, additionalProperties } = schema;
  const type = [schema.type].flat().find((one) => one !== undefined && one !== 'null');
  if ($ref !== undefined) return exampleOf(schemas[$ref.split('/').at(-1) ?? ''] ?? {}, schemas, name, depth + 1);
  if ('const' in schema) return schema.const;
  if (choices !== undefined) return choices[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (choice !== undefined) return inner(choice);
  if (type === 'object' || properties !== undefined) {
    const shown = Object.entries(properties ?? {}).map(([key, part]) => [key, inner(part, key)]);
    if (shown.length === 0 && typeof additionalProperties === 'object') shown.push(['name', inner(additionalProperties)]);
    return Object.fromEntries(shown);
  }
  if (type === 'array') return items === undefined ? [] : [inner(items)];
  if (type === 'integer' || type === 'number') return /Ms$/.test(name) ? TIME_MS : Math.max(schema.minimum ?? 1, 1);
  if (type === 'boolean') return false;
  return type === 'string' ? textOf(schema) : null;
}

function textOf({ pattern }: Schema): string {
  const form = pattern === undefined ? null : new RegExp(pattern, 'u');
  return (form === null ? TEXTS.at(-1) : TEXTS.find((text) => form.test(text))) ?? '';
}
