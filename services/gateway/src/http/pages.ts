/** Pages for people, built beside the services and served as the files they are: the console at `/`, the offline verifier at `/verify`, the offline signing page at `/sign`. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { takesCoding } from './compression.ts';
import { binaryAnswers } from './parameters.ts';

/** The verifier names its own policy: it is the same from any place, also from a file. */
const CONTENT_POLICY = /<meta http-equiv="content-security-policy" content="([^"]*)">/;
/** The console loads and asks nothing but from where it came; its map styles what it draws as it goes. */
const CONSOLE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data: blob:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** Named by their content, so they never change. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Content codings in which pages lie ready, by the ending of their files: the smallest first. */
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
const ASSET_TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', json: 'application/json' };
const assetParams = z.object({ name: z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.(js|css|json)$/) });

/** Pages that are one file and name their own policy. */
const SINGLE_PAGES = [
  { path: '/verify', file: 'verify.html', summary: 'The offline verifier, one HTML file' },
  { path: '/sign', file: 'sign.html', summary: 'The offline signing page, one HTML file' },
  { path: '/device-page', file: 'device.html', summary: 'A browser as a device: an example for makers' },
] as const;

const EMPTY_MAP = JSON.stringify({ type: 'FeatureCollection', features: [] });

/** GET /, /assets/{name}, /map.geojson, /verify, /sign, /device-page. Throws PAGE_NOT_BUILT while they are not there. */
export function addPageRoutes(app: App, { pagesFolder, mapFile }: GatewayContext): void {
  app.get(
    '/',
    { schema: { tags: ['pages'], summary: 'The console', response: binaryAnswers('the page', 'text/html') } },
    async (request, reply) => {
      const page = await readIfBuilt(pagesFolder, 'console/index.html');
      // Without a console the bare address leads to what there is to read.
      if (page === null) return reply.redirect('/docs');
      return sendPage(reply, await encoded(request, reply, pagesFolder, 'console/index.html', page), CONSOLE_POLICY);
    },
  );
  app.get(
    '/assets/:name',
    {
      schema: {
        tags: ['pages'],
        summary: 'What the console loads',
        params: assetParams,
        response: binaryAnswers('the file', ...Object.values(ASSET_TYPES)),
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const file = await readPage(pagesFolder, `console/assets/${name}`);
      const type = ASSET_TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
      // A worker is bound by the policy that its own script comes with.
      return reply
        .type(`${type}; charset=utf-8`)
        .header('cache-control', FOR_EVER)
        .header('content-security-policy', CONSOLE_POLICY)
        .send(await encoded(request, reply, pagesFolder, `console/assets/${name}`, file));
    },
  );
  app.get(
    '/map.geojson',
    {
      schema: {
        tags: ['pages'],
        summary: 'What maps show below the devices, as the operator gave it: empty where there is none',
        response: binaryAnswers('GeoJSON (RFC 7946)', 'application/geo+json'),
      },
    },
    async (_request, reply) =>
      reply
        .type('application/geo+json; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send((mapFile === null ? null : await readIfThere(mapFile)) ?? EMPTY_MAP),
  );
  for (const { path, file, summary } of SINGLE_PAGES) {
    app.get(
      path,
      { schema: { tags: ['pages'], summary, response: binaryAnswers('the page', 'text/html') } },
      async (request, reply) => {
        const page = await readPage(pagesFolder, file);
        const [, policy] = CONTENT_POLICY.exec(page.toString('utf8')) ?? [];
        if (policy === undefined) throw new Error(`${file} names its content security policy`);
        return sendPage(reply, await encoded(request, reply, pagesFolder, file, page), `${policy}; frame-ancestors 'none'`);
      },
    );
  }
}

function sendPage(reply: FastifyReply, page: Buffer, policy: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-cache')
    .header('content-security-policy', policy)
    .send(page);
}

/** The file as the client takes it best, of what was compressed when it was built. */
async function encoded(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string | null,
  name: string,
  page: Buffer,
): Promise<Buffer> {
  reply.header('vary', 'accept-encoding');
  for (const [coding, ending] of CODINGS) {
    if (!takesCoding(request.headers['accept-encoding'], coding)) continue;
    const file = await readIfBuilt(folder, name + ending);
    if (file === null) continue;
    reply.header('content-encoding', coding);
    return file;
  }
  return page;
}

async function readPage(folder: string | null, name: string): Promise<Buffer> {
  const page = await readIfBuilt(folder, name);
  if (page === null) throw formatError('PAGE_NOT_BUILT', { page: name });
  return page;
}

async function readIfBuilt(folder: string | null, name: string): Promise<Buffer | null> {
  return folder === null ? null : readIfThere(join(folder, name));
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return null;
}
