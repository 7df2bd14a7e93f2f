/** Limits of the formats as the numbers that they are: a page that is one file has those that it compares with, and no list of all. */

import { LIMITS } from '@oppidum/formats/limits';
import type { Plugin } from 'vite';

const READ = /\bLIMITS\.(\w+)\b/g;

export function leanLimits(): Plugin {
  return {
    name: 'lean-limits',
    enforce: 'pre',
    transform(code, id) {
      if (!/[\\/](core|sdk|apps)[\\/].*\.ts$/.test(id)) return null;
      return code.replaceAll(READ, (_, name: string) => {
        const limit = (LIMITS as Readonly<Record<string, number>>)[name];
        if (limit === undefined) throw new Error(`${id} reads LIMITS.${name}, which is none`);
        return String(limit);
      });
    },
  };
}
