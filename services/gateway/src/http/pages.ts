/** Pages for people, built beside the services and served as the files they are. Each names its own content security policy. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { binaryAnswers } from './parameters.ts';

const CONTENT_POLICY = /<meta http-equiv="content-security-policy" content="([^"]*)">/;

/** GET /verify: the offline verifier. Throws PAGE_NOT_BUILT while there is none. */
export function addPageRoutes(app: App, { pagesFolder }: GatewayContext): void {
  app.get(
    '/verify',
    {
      schema: {
        tags: ['pages'],
        summary: 'The offline verifier, one HTML file',
        response: binaryAnswers('the page', 'text/html'),
      },
    },
    async (_request, reply) => {
      const page = await readPage(pagesFolder, 'verify.html');
      const [, policy] = CONTENT_POLICY.exec(page) ?? [];
      if (policy === undefined) throw new Error('a page names its content security policy');
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-cache')
        .header('content-security-policy', `${policy}; frame-ancestors 'none'`)
        .send(Buffer.from(page));
    },
  );
}

async function readPage(folder: string | null, name: string): Promise<string> {
  try {
    if (folder !== null) return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  throw formatError('PAGE_NOT_BUILT', { page: name });
}
