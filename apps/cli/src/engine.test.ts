import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runCommand } from '../../../test/support/command-line.ts';
import { ENGINE_VERSION, findEngines, isAsMeant, isAtLeast, readVersion } from './engine.ts';
import { ENGINE_MARK, withMeantSource } from './engine-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-engine-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function makeProgram(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** The command with our programs first on PATH. */
const install = (env: Readonly<Record<string, string>> = {}, flags: readonly string[] = ['--again']) => {
  const path = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  return runCommand(['cluster', 'install-engine', ...flags], { env: { PATH: path, ...env } });
};

describe('CometBFT on this machine', () => {
  test('versions are compared by their numbers', () => {
    assert.equal(isAtLeast('1.26.0', '1.22.11'), true);
    assert.equal(isAtLeast('1.22.11', '1.22.11'), true);
    assert.equal(isAtLeast('1.22.9', '1.22.11'), false);
    assert.equal(isAtLeast('1.22', '1.22.11'), false);
    assert.equal(isAtLeast('2', '1.22.11'), true);
  });

  test('a version is its release, and the mark of whoever built it otherwise', () => {
    assert.deepEqual(readVersion('0.38.26'), { release: '0.38.26', mark: null });
    assert.deepEqual(readVersion('v0.38.26+oppidum.0+a'), { release: '0.38.26', mark: 'oppidum.0+a' });
    assert.deepEqual(readVersion('unknown'), { release: 'unknown', mark: null });
  });

  test('one that was built here is told from one as its source has it', () => {
    assert.equal(isAsMeant(`${ENGINE_VERSION}+${ENGINE_MARK}`), true);
    assert.equal(isAsMeant(`v${ENGINE_VERSION}+${ENGINE_MARK}`), true);
    for (const version of [ENGINE_VERSION, `${ENGINE_VERSION}+oppidum.00000000`, `1.0.1+${ENGINE_MARK}`, 'unknown'])
      assert.equal(isAsMeant(version), false, version);
  });

  test('what PATH names before ours is left alone and said; what was built is asked whether it is meant', async () => {
    makeProgram('cometbft', `echo ${ENGINE_VERSION}`);
    const there = await install({}, []);
    assert.deepEqual([there.code, there.stdout], [0, `CometBFT ${ENGINE_VERSION} is there: ${join(folder, 'cometbft')}\n`]);
    assert.match(there.stderr, /not the one that this builds.*take it from PATH/);
    makeProgram('cometbft', `echo ${ENGINE_VERSION}+${ENGINE_MARK}`);
    const meant = await install({}, []);
    assert.deepEqual([meant.code, meant.stderr], [0, '']);
    rmSync(join(folder, 'cometbft'));
  });

  test('it is found on PATH first, and one of another version is told apart', () => {
    makeProgram('cometbft', 'echo 1.0.1');
    const before = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      assert.deepEqual(findEngines()[0], { path: join(folder, 'cometbft'), version: '1.0.1', fits: false });
      makeProgram('cometbft', `echo v${ENGINE_VERSION}`);
      assert.equal(findEngines()[0]?.fits, true);
      makeProgram('cometbft', 'exit 1');
      assert.deepEqual([findEngines()[0]?.version, findEngines()[0]?.fits], ['unknown', false]);
    } finally {
      process.env['PATH'] = before;
      rmSync(join(folder, 'cometbft'));
    }
  });

  test('Go that is too old, a network that is away, a module that was altered: each is said, exit code 5', async () => {
    makeProgram('go', 'echo go version go1.19.8 linux/amd64');
    const old = await install();
    assert.equal(old.code, 5);
    assert.match(old.stderr, /Go 1\.19\.8 is too old .* Install Go 1\.22\.11 or newer/);
    const saying = (text: string): string =>
      `[ "$1" = version ] && echo go version go1.26.0 linux/amd64 && exit 0; echo "${text}" >&2; exit 1`;
    makeProgram('go', saying('dial tcp: lookup proxy.golang.org: no such host'));
    const offline = await install({ GOSUMDB: 'off' });
    assert.equal(offline.code, 5);
    assert.match(offline.stderr, /checksum database is switched off/);
    assert.match(offline.stderr, /could not be built.*connect to the network, or set GOPROXY/);
    makeProgram('go', saying('SECURITY ERROR checksum mismatch'));
    assert.match((await install()).stderr, /not what Go’s checksum database knows: do not use it/);
    const told = `[ "$1" = version ] && echo go version go1.26.0 linux/amd64 && exit 0; echo '{ "Error": "no such host" }'; exit 1`;
    makeProgram('go', told);
    assert.match((await install()).stderr, /set GOPROXY to a mirror that you reach \(no such host\)/);
  });

  test('three lines of its source are built otherwise, and its source is left alone', async () => {
    const lines = [
      ['abci/client/socket_client.go', "\tflushThrottleMS = 20  // Don't wait longer than...", '20', '5 * time.Millisecond'],
      ['blocksync/pool.go', '\tpeerConnWait = 3 * time.Second', '3 * time.Second', '500 * time.Millisecond'],
      ['blocksync/reactor.go', '\tstatusUpdateIntervalSeconds = 10', '10', '1'],
    ] as const;
    const [before, after] = ['const (\n\treqQueueSize    = 256\n', '\n)\n'];
    const write = (file: string, line: string): void => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), before + line + after);
    };
    for (const [file, line] of lines) write(file, line);
    writeFileSync(join(folder, 'go.mod'), 'module x');
    await withMeantSource(folder, async (copy) => {
      for (const [file, line, from, to] of lines)
        assert.equal(readFileSync(join(copy, file), 'utf8'), before + line.replace(from, to) + after);
      assert.equal(readFileSync(join(copy, 'go.mod'), 'utf8'), 'module x');
    });
    for (const [file, line, from] of lines) {
      assert.equal(readFileSync(join(folder, file), 'utf8'), before + line + after);
      write(file, line.replace(from, '7'));
      await assert.rejects(
        withMeantSource(folder, async () => assert.fail()),
        /is not the source that is known/,
        file,
      );
      write(file, line);
    }
  });
});
