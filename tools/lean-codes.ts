/**
 * QR codes for a page that is one file: it draws them itself, from texts in alphanumeric mode. Of the library that leaves the core: no
 * renderers, and neither the search for the best mixture of modes nor Japanese characters.
 */

import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const ABSENT = '\0absent-of-codes:';

/** Puts nothing in their place: whoever used one of them would fail at once. */
export function leanCodes(): Plugin {
  return {
    name: 'lean-codes',
    enforce: 'pre',
    resolveId(id, importer = '') {
      if (id === 'qrcode') return createRequire(importer).resolve('qrcode/lib/core/qrcode.js');
      return /qrcode[\\/]lib[\\/]core[\\/]segments\.js$/.test(importer) && /^(dijkstrajs|\.\/kanji-data)$/.test(id)
        ? ABSENT + id
        : null;
    },
    load: (id) => (id.startsWith(ABSENT) ? 'module.exports = undefined;' : null),
  };
}
