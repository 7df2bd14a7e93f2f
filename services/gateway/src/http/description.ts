/** The API described by itself: OpenAPI 3.1 at /openapi.json, and pages to read and try it at /docs, all from this machine. */

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { ErrorCode } from '@oppidum/formats/errors';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { VERSION } from '../gateway-context.ts';
import type { App } from './app.ts';
import { exampleOf } from './examples.ts';
import { makeProblem } from './problem.ts';
import { ruleOf } from './route-rules.ts';

/** Must be registered before the routes that it describes. */
export async function addDescription(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Oppidum',
        version: VERSION,
        description:
          'A city’s ledger and telemetry. Every answer can be had as evidence that proves itself under the city’s policy. Messages over MQTT and the live stream are in [AsyncAPI](/asyncapi.json), codes of refusals on [their page](/docs/errors).',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { key: KEY_SCHEME } },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withExamples(withAccess(withoutInputs(jsonSchemaTransformObject(document)))),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { validatorUrl: null, deepLinking: true },
    staticCSP: PAGE_POLICY,
    theme: PAGE_THEME,
  });
  // Whoever opens the bare address in a browser wants to know what is here.
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json').send(Buffer.from(JSON.stringify(app.swagger()))),
  );
}

type Description = ReturnType<typeof jsonSchemaTransformObject>;

const KEY_SCHEME = {
  type: 'http',
  scheme: 'bearer',
  description: 'An API key (`oppidum key create`). On this machine, what is not about people is read without one.',
} as const;

type Operation = { description?: string; security?: object[]; responses?: Record<string, object> };

/** Of each operation the right it asks for, and the refusals that every request can meet, each with an example. */
function withAccess(document: Description): Description {
  const { paths = {} } = document as { readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const { right, isSigned, budget } = ruleOf(method.toUpperCase(), path.replaceAll(/\{([^}]+)\}/g, ':$1'));
      const words =
        right === null ? 'For everybody.' : `${isSigned ? 'For everybody; a key needs' : 'Needs'} the right \`${right}\`.`;
      operation.description = [operation.description, `${words} Counts among ${budget}.`].filter(Boolean).join(' ');
      operation.security = right === null ? [{}] : isSigned ? [{}, { key: [] }] : [{ key: [] }];
      const codes: readonly ErrorCode[] = ['REQUEST_INVALID', 'RATE_LIMITED', ...(right === null ? [] : KEY_CODES)];
      operation.responses = { ...operation.responses, ...refusals(path, codes) };
    }
  }
  return document;
}

type Content = { readonly schema?: object; example?: unknown };
type Answer = { readonly content?: Readonly<Record<string, Content>> };

/** With an example of every JSON that is answered or sent. */
function withExamples(document: Description): Description {
  const { paths = {}, components } = document as {
    readonly paths?: Readonly<
      Record<string, Readonly<Record<string, { responses?: Record<string, Answer>; requestBody?: Answer }>>>
    >;
    readonly components?: { readonly schemas?: Readonly<Record<string, object>> };
  };
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  for (const { responses = {}, requestBody } of operations) {
    for (const answer of [...Object.values(responses), requestBody]) {
      const content = answer?.content?.['application/json'];
      if (content?.schema === undefined || content.example !== undefined) continue;
      content.example = exampleOf(content.schema, components?.schemas ?? {});
    }
  }
  return document;
}

const KEY_CODES = ['API_KEY_MISSING', 'API_KEY_RIGHT'] as const;

function refusals(path: string, codes: readonly ErrorCode[]): Record<string, object> {
  return Object.fromEntries(
    codes.map((code) => {
      const example = makeProblem(code, {}, { url: path, id: '4bf92f3577b34da6a3ce929d0e0e4736' });
      const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example } };
      return [String(example.status), { description: example.title, content }];
    }),
  );
}

/** Without the schemas of JSON that nobody sends: requests here are signed bytes. */
function withoutInputs(document: Description): Description {
  const { components } = document as { readonly components?: { readonly schemas?: Readonly<Record<string, object>> } };
  const kept = Object.entries(components?.schemas ?? {}).filter(([name]) => !name.endsWith('Input'));
  return { ...document, components: { ...components, schemas: Object.fromEntries(kept) } } as Description;
}

/** No bar of somebody else's name over the page; and phones lay it out at their own width. */
const PAGE_THEME = {
  title: 'Oppidum: the API of a city',
  css: [{ filename: 'page.css', content: '.swagger-ui .topbar { display: none }' }],
  js: [
    {
      filename: 'page.js',
      content:
        "document.head.append(Object.assign(document.createElement('meta'), { name: 'viewport', content: 'width=device-width, initial-scale=1' }));",
    },
  ],
};

/** The pages draw themselves with inline styles and pictures in data URLs; scripts come from files here. */
const PAGE_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};
