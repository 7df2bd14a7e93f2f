/** CometBFT on this machine: where it is looked for, which version is there, and the Go that could build it. */

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINE_MARK } from './engine-source.ts';

/** What `install-engine` builds. */
export const ENGINE_VERSION = '0.38.26';
/** Go's own modules need this one. */
export const GO_VERSION_MIN = '1.22.11';
/** Where a node looks for CometBFT besides PATH. */
export const ENGINE_FOLDER = fileURLToPath(new URL('../../../.cache/engine', import.meta.url));
const GO_FOLDER = '/usr/local/go/bin';
/** A program that does not answer by then is none. */
const ANSWER_MS = 20_000;

/** A CometBFT that is there; `fits`: a node would take it. */
export type Engine = { readonly path: string; readonly version: string; readonly fits: boolean };

/** PATH with the folder into which Go's installer puts it. */
export function pathWithGo(): string {
  return `${process.env['PATH'] ?? ''}${delimiter}${GO_FOLDER}`;
}

/** Every CometBFT, in the order in which a node looks; it takes the first that fits. */
export function findEngines(): readonly Engine[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ENGINE_FOLDER].filter((folder) => folder !== '');
  return [...new Set(folders)]
    .map((folder) => join(folder, 'cometbft'))
    .flatMap((path) => {
      if (!isExecutable(path)) return [];
      const version = engineVersion(path) ?? 'unknown';
      return [{ path, version, fits: readVersion(version).release.startsWith('0.38.') }];
    });
}

/** Whether a CometBFT of this version is what `install-engine` builds: one as its source has it names the version alone, and is slow. */
export function isAsMeant(version: string): boolean {
  const { release, mark } = readVersion(version);
  return release === ENGINE_VERSION && mark === ENGINE_MARK;
}

/** What a CometBFT says of its version, `v0.38.26+mark`, in its parts: the release, and who built it otherwise; null where nobody did. */
export function readVersion(version: string): { readonly release: string; readonly mark: string | null } {
  const [, release = version, mark = null] = /^v?([^+]*)(?:\+(.*))?$/.exec(version) ?? [];
  return { release, mark };
}

/** What a program says to `version`; null where it says nothing. */
export function engineVersion(path: string): string | null {
  const { status, stdout } = spawnSync(path, ['version'], { encoding: 'utf8', timeout: ANSWER_MS });
  return status === 0 ? stdout.trim() : null;
}

/** The version of Go, as 1.26.0; null without Go. */
export function goVersion(): string | null {
  const { status, stdout } = spawnSync('go', ['version'], {
    encoding: 'utf8',
    timeout: ANSWER_MS,
    env: { ...process.env, PATH: pathWithGo() },
  });
  const [, version] = /go version go(\d+(?:\.\d+)*)/.exec(status === 0 ? stdout : '') ?? [];
  return version ?? null;
}

/** Whether a version of numbers and dots is at least another. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const differing = want.findIndex((part, i) => (have[i] ?? 0) !== part);
  return differing < 0 || (have[differing] ?? 0) > (want[differing] as number);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
