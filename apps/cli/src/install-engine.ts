/** `oppidum cluster install-engine`: CometBFT built from its source by Go, whose checksum database vouches for what is fetched. */

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openCli } from './cli.ts';
import {
  ENGINE_FOLDER,
  ENGINE_VERSION,
  engineVersion,
  findEngines,
  GO_VERSION_MIN,
  goVersion,
  isAsMeant,
  isAtLeast,
  pathWithGo,
} from './engine.ts';
import { ENGINE_MARK, withMeantSource } from './engine-source.ts';
import { CliFailure, EXIT } from './failure.ts';

const MODULE = `github.com/cometbft/cometbft@v${ENGINE_VERSION}`;
const KEPT_LINES = 20;
/** What CometBFT's own build puts there, so that `cometbft version` tells ours from others. */
const MARK = `-X github.com/cometbft/cometbft/version.TMGitCommitHash=${ENGINE_MARK}`;
/** What Go says where it cannot fetch. */
const OFFLINE = /dial tcp|no such host|i\/o timeout|connection refused|network is unreachable|TLS handshake|proxyconnect/;
/** What it says where the fetched bytes are not those that the checksum database knows. */
const TAMPERED = /SECURITY ERROR|checksum mismatch/;

/** Builds it, unless what it builds is there, or another that a node takes because PATH names it before ours; verifies what was built. */
export async function installEngine({ again = false }: { readonly again?: boolean }, self: Command): Promise<void> {
  const { output } = openCli(self);
  const there = findEngines().find(({ fits }) => fits);
  const isOurs = there?.path === join(ENGINE_FOLDER, 'cometbft');
  if (there !== undefined && !again && (isAsMeant(there.version) || !isOurs)) {
    output.line(`CometBFT ${there.version} is there: ${there.path}`);
    if (!isAsMeant(there.version))
      output.note(`It is not the one that this builds, which costs a busy machine less: take it from PATH, and run this again.`);
    return;
  }
  const go = goVersion();
  if (go === null)
    throw unavailable(
      'Go is not on this machine',
      `Install Go ${GO_VERSION_MIN} or newer (go.dev/dl), or put cometbft 0.38 on PATH`,
    );
  if (!isAtLeast(go, GO_VERSION_MIN))
    throw unavailable(
      `Go ${go} is too old to build CometBFT`,
      `Install Go ${GO_VERSION_MIN} or newer (go.dev/dl), or put cometbft 0.38 on PATH`,
    );
  if (checksumsAreOff())
    output.note(
      'Go’s checksum database is switched off here (GOSUMDB, GONOSUMDB, GOFLAGS): nothing vouches for what is fetched.',
    );
  output.note(`Building ${MODULE} with Go ${go}: a minute or two…`);
  mkdirSync(ENGINE_FOLDER, { recursive: true });
  const { code, said } = await build(output.options.verbose);
  if (code !== 0) throw unavailable('CometBFT could not be built', adviceOf(said));
  const path = join(ENGINE_FOLDER, 'cometbft');
  const version = engineVersion(path) ?? 'nothing';
  if (!isAsMeant(version))
    throw unavailable(
      `What was built says that it is ${version}, not ${ENGINE_VERSION}+${ENGINE_MARK}`,
      `Remove ${path} and try again`,
    );
  output.line(`CometBFT ${version} is in ${ENGINE_FOLDER}.`);
}

type GoAnswer = { readonly code: number | null; readonly said: string; readonly told: string };

/** Fetched and checked first, so that the source is there in which one line is built otherwise. */
async function build(isShown: boolean): Promise<GoAnswer> {
  const fetched = await runGo(['mod', 'download', '-json', MODULE], isShown);
  if (fetched.code !== 0) return { ...fetched, said: `${fetched.said}\n${errorIn(fetched.told)}`.trim() };
  const { Dir: source } = JSON.parse(fetched.told) as { readonly Dir: string };
  return withMeantSource(source, (copy) => runGo(['install', '-ldflags', MARK, './cmd/cometbft'], isShown, copy));
}

/** With `-json` Go puts its error there. */
function errorIn(told: string): string {
  const [, error = ''] = /"Error": (".*")/.exec(told) ?? [];
  return error === '' ? '' : (JSON.parse(error) as string);
}

/** `said`: the last lines for people; `told`: the answer. */
async function runGo(words: readonly string[], isShown: boolean, cwd?: string): Promise<GoAnswer> {
  const child = spawn('go', words, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: pathWithGo(), GOBIN: ENGINE_FOLDER },
  });
  let lines: readonly string[] = [];
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (isShown) process.stderr.write(text);
    lines = [...lines, ...text.split('\n')].slice(-KEPT_LINES);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  return { code, said: lines.join('\n').trim(), told };
}

function adviceOf(said: string): string {
  const last = said.split('\n').at(-1) ?? '';
  if (TAMPERED.test(said))
    return `What was fetched is not what Go’s checksum database knows: do not use it, and see who stands between (${last})`;
  if (OFFLINE.test(said))
    return `The modules cannot be fetched: connect to the network, or set GOPROXY to a mirror that you reach (${last})`;
  return `Go said: ${last === '' ? 'nothing; see -v' : last}`;
}

function checksumsAreOff(): boolean {
  const { GOSUMDB, GONOSUMDB, GONOSUMCHECK, GOFLAGS, GOINSECURE } = process.env;
  return (
    GOSUMDB === 'off' ||
    [GONOSUMDB, GONOSUMCHECK, GOINSECURE].some((value) => value !== undefined && value !== '') ||
    /-insecure/.test(GOFLAGS ?? '')
  );
}

function unavailable(message: string, action: string): CliFailure {
  return new CliFailure(message, { exitCode: EXIT.unavailable, action });
}
