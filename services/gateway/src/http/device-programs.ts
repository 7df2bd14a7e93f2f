/** GET /docs/device.py, /docs/device.sh: devices in other languages, as the documentation has them, for whoever has only the address of a city. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatError } from '@oppidum/formats/errors';
import type { App } from './app.ts';
import { binaryAnswers } from './parameters.ts';

const FOLDER = resolve(import.meta.dirname, '../../../../docs');
const PROGRAMS = [
  { name: 'device.py', type: 'text/x-python', summary: 'A device in Python, made from the specifications alone' },
  { name: 'device.sh', type: 'text/x-shellscript', summary: 'A device with bash, openssl and curl' },
] as const;

/** Adds the routes. They throw PAGE_NOT_BUILT where this city was installed without its documentation. */
export function addDeviceProgramRoutes(app: App): void {
  for (const { name, type, summary } of PROGRAMS)
    app.get(
      `/docs/${name}`,
      { schema: { tags: ['pages'], summary, response: binaryAnswers('its text', type) } },
      async (_request, reply) =>
        reply
          .type(`${type}; charset=utf-8`)
          .header('cache-control', 'no-cache')
          .send(await readProgram(name)),
    );
}

async function readProgram(name: string): Promise<Buffer> {
  try {
    return await readFile(resolve(FOLDER, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw formatError('PAGE_NOT_BUILT', { page: name });
  }
}
