/**
 * JSON Schema of a W3C Thing Description 1.1, written from the recommendation (§5.3: vocabulary and defaults; §5.3.4.2: URI variables),
 * as far as this city uses it. What the recommendation leaves open (further vocabulary) stays open.
 */

const strings = { type: 'array', items: { type: 'string' }, minItems: 1 };
const oneOrMany = { anyOf: [{ type: 'string' }, strings] };

const dataSchema = {
  type: 'object',
  properties: {
    type: { enum: ['boolean', 'integer', 'number', 'string', 'object', 'array', 'null'] },
    unit: { type: 'string' },
    title: { type: 'string' },
    readOnly: { type: 'boolean' },
    writeOnly: { type: 'boolean' },
    minimum: { type: 'number' },
    maximum: { type: 'number' },
    multipleOf: { type: 'number', exclusiveMinimum: 0 },
    properties: { type: 'object', additionalProperties: { $ref: '#/$defs/dataSchema' } },
    required: { type: 'array', items: { type: 'string' } },
  },
};

const formOf = (operations: readonly string[]) => ({
  type: 'object',
  required: ['href'],
  properties: {
    href: { type: 'string', minLength: 1 },
    contentType: { type: 'string' },
    op: { anyOf: [{ enum: operations }, { type: 'array', items: { enum: operations }, minItems: 1 }] },
  },
});

const affordanceOf = (operations: readonly string[]) => ({
  type: 'object',
  required: ['forms'],
  properties: {
    forms: { type: 'array', minItems: 1, items: formOf(operations) },
    title: { type: 'string' },
    description: { type: 'string' },
    uriVariables: { type: 'object', additionalProperties: { $ref: '#/$defs/dataSchema' } },
  },
});

/** The schema. */
export const THING_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: { dataSchema },
  type: 'object',
  required: ['@context', 'title', 'security', 'securityDefinitions'],
  properties: {
    '@context': {
      anyOf: [
        { const: 'https://www.w3.org/2022/wot/td/v1.1' },
        {
          type: 'array',
          prefixItems: [{ const: 'https://www.w3.org/2022/wot/td/v1.1' }],
          minItems: 1,
          items: { anyOf: [{ type: 'string' }, { type: 'object', additionalProperties: { type: 'string' } }] },
        },
      ],
    },
    '@type': oneOrMany,
    id: { type: 'string', pattern: '^[a-z][a-z0-9+.-]*:' },
    title: { type: 'string', minLength: 1 },
    description: { type: 'string' },
    base: { type: 'string', pattern: '^https?://' },
    version: { type: 'object', required: ['instance'], properties: { instance: { type: 'string' } } },
    security: oneOrMany,
    securityDefinitions: {
      type: 'object',
      minProperties: 1,
      additionalProperties: {
        type: 'object',
        required: ['scheme'],
        properties: {
          scheme: { enum: ['nosec', 'auto', 'combo', 'basic', 'digest', 'apikey', 'bearer', 'psk', 'oauth2'] },
          in: { enum: ['header', 'query', 'body', 'cookie', 'auto'] },
          name: { type: 'string' },
        },
      },
    },
    uriVariables: { type: 'object', additionalProperties: { $ref: '#/$defs/dataSchema' } },
    properties: {
      type: 'object',
      additionalProperties: {
        allOf: [
          affordanceOf(['readproperty', 'writeproperty', 'observeproperty', 'unobserveproperty']),
          { $ref: '#/$defs/dataSchema' },
          { properties: { observable: { type: 'boolean' } } },
        ],
      },
    },
    actions: {
      type: 'object',
      additionalProperties: {
        allOf: [
          affordanceOf(['invokeaction', 'queryaction', 'cancelaction']),
          {
            properties: {
              input: { $ref: '#/$defs/dataSchema' },
              output: { $ref: '#/$defs/dataSchema' },
              safe: { type: 'boolean' },
              idempotent: { type: 'boolean' },
            },
          },
        ],
      },
    },
  },
};
