/** The API described by itself: OpenAPI 3.1 at /openapi.json, and pages to read and try it at /docs, all from this machine. */

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { VERSION } from '../gateway-context.ts';
import type { App } from './app.ts';

/** Must be registered before the routes that it describes. */
export async function addDescription(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Oppidum',
        version: VERSION,
        description:
          'A city’s ledger and telemetry. Every answer can be had as evidence that proves itself under the city’s policy.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutInputs(jsonSchemaTransformObject(document)),
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
