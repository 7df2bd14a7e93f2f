import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const SKIP = process.platform === 'win32' ? 'the stand-in for npm is a shell script' : false;
const PINNED = `node-${process.platform}-${process.arch}`;
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A clone with our launcher, a task that says `ran`, and an npm that links this Node as the pinned one. */
function makeClone(npmScript: string): string {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-install-'));
  folders.push(root);
  mkdirSync(join(root, 'tools'));
  for (const file of ['run.cjs', 'install.cjs', 'stay-with-parent.cjs'])
    cpSync(join(import.meta.dirname, file), join(root, 'tools', file));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  writeFileSync(join(root, 'tools/test.ts'), "const word: string = 'ran';\nconsole.log(word, ...process.argv.slice(2));\n");
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/npm'), `#!/bin/sh\necho "$@" >> installs\n${npmScript}\n`);
  chmodSync(join(root, 'bin/npm'), 0o755);
  return root;
}

const LINK_NODE = `sleep 0.3; mkdir -p node_modules/.bin node_modules/${PINNED}/bin; ln -sf '${process.execPath}' node_modules/${PINNED}/bin/node`;

function launch(root: string, ...args: string[]): ChildProcess {
  const { npm_execpath: _cli, npm_node_execpath: _node, npm_lifecycle_event: _event, ...env } = process.env;
  const path = `${join(root, 'bin')}:${env['PATH']}`;
  return spawn(process.execPath, [join(root, 'tools/run.cjs'), ...args], { cwd: root, env: { ...env, PATH: path } });
}

async function finish(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    output += String(chunk);
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, output };
}

function installs(root: string): number {
  return readFileSync(join(root, 'installs'), 'utf8').trim().split('\n').length;
}

test('two commands launched together on a fresh clone install once, and both run', { skip: SKIP }, async () => {
  const root = makeClone(LINK_NODE);
  const [first, second] = await Promise.all([finish(launch(root, 'test', 'a')), finish(launch(root, 'test', 'b'))]);
  assert.match(first.output, /ran a/);
  assert.match(second.output, /ran b/);
  assert.deepEqual([first.code, second.code, installs(root)], [0, 0, 1]);
  assert.ok(existsSync(join(root, 'node_modules/.bin/node')), 'npm may drop it; it is there');
  assert.ok(!existsSync(join(root, '.cache/install.lock')));

  const again = await finish(launch(root, 'test'));
  assert.deepEqual([again.output, installs(root)], ['ran\n', 1]);
});

test('whoever starts a city downloads nothing for tests; tests add it beside the city and take nothing away', {
  skip: SKIP,
}, async () => {
  const root = makeClone(LINK_NODE);
  mkdirSync(join(root, 'apps/cli/src'), { recursive: true });
  writeFileSync(join(root, 'apps/cli/src/main.ts'), "console.log('city');\n");
  assert.match((await finish(launch(root, 'start'))).output, /city/);
  assert.match((await finish(launch(root, 'test'))).output, /ran/);
  assert.match((await finish(launch(root, 'start'))).output, /city/);
  const [first = '', second = '', ...more] = readFileSync(join(root, 'installs'), 'utf8').trim().split('\n');
  assert.match(first, /^ci --omit=dev /);
  assert.match(second, /^install --no-save --include=dev /);
  assert.deepEqual(more, []);
  for (const flags of [first, second]) assert.match(flags, / --ignore-scripts /, 'no package runs anything when it is installed');
});

test('whoever starts a city keeps the development packages that lie there, with a mark of another lock file or none', {
  skip: SKIP,
}, async () => {
  const root = makeClone(LINK_NODE);
  mkdirSync(join(root, 'apps/cli/src'), { recursive: true });
  writeFileSync(join(root, 'apps/cli/src/main.ts'), "console.log('city');\n");
  await finish(launch(root, 'test'));
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{"node_modules/checker":{"dev":true}}}');
  await finish(launch(root, 'start'));
  rmSync(join(root, 'node_modules/.oppidum-installed'));
  mkdirSync(join(root, 'node_modules/checker'));
  await finish(launch(root, 'start'));
  rmSync(join(root, 'node_modules'), { recursive: true });
  await finish(launch(root, 'start'));
  const flags = readFileSync(join(root, 'installs'), 'utf8').trim().split('\n');
  assert.deepEqual(
    flags.map((line) => /--(include|omit)=dev/.exec(line)?.[1]),
    ['include', 'include', 'include', 'omit'],
  );
});

test('another lock file means another installation', { skip: SKIP }, async () => {
  const root = makeClone(LINK_NODE);
  await finish(launch(root, 'test'));
  writeFileSync(join(root, 'package-lock.json'), '{"changed":1}');
  await finish(launch(root, 'test'));
  assert.equal(installs(root), 2);
});

test('a lock left by a dead process, or not touched for long, does not hold anybody up', { skip: SKIP }, async () => {
  const longAgo = new Date(Date.now() - 60_000);
  for (const [pid, touched] of [
    [2 ** 22 + 1, new Date()],
    [process.pid, longAgo],
  ] as const) {
    const root = makeClone(LINK_NODE);
    mkdirSync(join(root, '.cache'));
    const lock = join(root, '.cache/install.lock');
    writeFileSync(lock, String(pid));
    utimesSync(lock, touched, touched);
    assert.match((await finish(launch(root, 'test'))).output, /ran/);
  }
});

test('a failed installation says so, leaves no mark and lets go of the lock', { skip: SKIP }, async () => {
  const root = makeClone('echo no route to host; exit 1');
  const { code, output } = await finish(launch(root, 'test'));
  assert.equal(code, 1);
  assert.match(output, /Setting up failed: `npm ci` ended with 1\. .*run this again\.\nno route to host/s);
  assert.ok(!existsSync(join(root, '.cache/install.lock')));
  assert.equal((await finish(launch(root, 'test'))).code, 1);
  assert.equal(installs(root), 2);
});

test('a pinned Node that cannot run here gives way to the system Node when that is new enough', { skip: SKIP }, async () => {
  const root = makeClone(
    `mkdir -p node_modules/.bin node_modules/${PINNED}/bin; printf '#!/bin/sh\\nexit 127\\n' > node_modules/${PINNED}/bin/node`,
  );
  const { code, output } = await finish(launch(root, 'test'));
  assert.match(output, /ran/);
  assert.equal(code, 0);
});

test('an interrupt reaches the task once, and its exit code comes back', { skip: SKIP }, async () => {
  const root = makeClone(LINK_NODE);
  const task =
    "let count = 0;\nprocess.on('SIGINT', () => { count += 1; setTimeout(() => process.exit(40 + count), 500); });\nsetInterval(() => {}, 1000);\nconsole.log('up');\n";
  writeFileSync(join(root, 'tools/test.ts'), task);
  const child = launch(root, 'test');
  const ended = finish(child);
  await new Promise((done) => child.stdout?.once('data', done));
  child.kill('SIGINT');
  child.kill('SIGINT');
  assert.equal((await ended).code, 41);
});

test('a launcher that is killed takes its task along', { skip: SKIP }, async () => {
  const root = makeClone(LINK_NODE);
  const task =
    "import { writeFileSync } from 'node:fs';\nprocess.on('SIGTERM', () => { writeFileSync('stopped', ''); process.exit(0); });\nsetInterval(() => {}, 1000);\nconsole.log('up');\n";
  writeFileSync(join(root, 'tools/test.ts'), task);
  const child = launch(root, 'test');
  await new Promise((done) => child.stdout?.once('data', done));
  child.kill('SIGKILL');
  for (let waits = 0; waits < 1_200 && !existsSync(join(root, 'stopped')); waits += 1)
    await new Promise((done) => setTimeout(done, 50));
  assert.ok(existsSync(join(root, 'stopped')));
});

test('an unknown task is refused with the list of tasks', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.cjs'), 'nope']);
  const { code, output } = await finish(child);
  assert.equal(code, 2);
  assert.match(output, /start\|cli\|test\|check\|bench\|simulate\|format/);
});
