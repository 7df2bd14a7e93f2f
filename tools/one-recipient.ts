/**
 * age for a page that seals and opens by passphrase alone: of the library's recipients those for keys go, and with them three libraries of
 * curves and lattices. `locked-key.ts` opens nothing else than a file for one passphrase, whose header it has read before.
 */

import type { Plugin } from 'vite';

/** What the recipients for keys are made of, and the names that they take from it. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  '@noble/post-quantum/hybrid.js': ['MLKEM768P256', 'MLKEM768X25519'],
  '@noble/curves/nist.js': ['p256'],
  './x25519.js': ['scalarMult', 'scalarMultBase'],
};
const ABSENT = '\0absent:';

/** Puts nothing in their place: whoever used one of them would fail at once. */
export function onlyPassphrases(): Plugin {
  return {
    name: 'only-passphrases',
    enforce: 'pre',
    resolveId: (id, importer) =>
      /age-encryption[\\/]dist[\\/]/.test(importer ?? '') && Object.hasOwn(MODULES, id) ? `${ABSENT}${id}` : null,
    load(id) {
      if (!id.startsWith(ABSENT)) return null;
      return (MODULES[id.slice(ABSENT.length)] ?? []).map((name) => `export const ${name} = undefined;`).join('\n');
    },
  };
}
