/** A source made of text, so that a law can be shown to see what it forbids. */

import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';
import type { Source } from './sources.ts';

/** The sample as if it stood in `core/formats/src/sample.ts`. */
export function sampleSource(text: string): Source {
  const config = JSON.stringify({ compilerOptions: { noLib: true, types: [] }, files: ['sample.ts'] });
  const fs = createVirtualFileSystem({ '/sample/tsconfig.json': config, '/sample/sample.ts': text });
  const api = new API({ cwd: '/sample', fs });
  const snapshot = api.updateSnapshot({ openProjects: ['/sample/tsconfig.json'] });
  const [project] = snapshot.getProjects();
  const tree = project?.program.getSourceFile('/sample/sample.ts');
  if (tree === undefined) throw new Error('the sample was not parsed');
  snapshot.dispose();
  api.close();
  return { path: 'core/formats/src/sample.ts', text, tree, isTest: false, house: 'core/formats' };
}
