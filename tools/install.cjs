/**
 * Makes `node_modules` complete, once, for whoever comes first: `npm start` and `npm test` of a fresh clone may be
 * launched together. A mark written last says that the installation belongs to this lock file and this platform, and
 * whether it holds all or only what a city runs on: a browser and compilers for tests are no download of those who start one.
 */
const { spawn, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');
const MODULES = path.join(ROOT, 'node_modules');
const MARK = path.join(MODULES, '.oppidum-installed');
const LOCK = path.join(ROOT, '.cache', 'install.lock');
const WINDOWS = process.platform === 'win32';
const NODE_MAJOR = 24;
/** Whoever installs touches the lock this often; a lock left untouched for longer is dead, even if its process number lives. */
const LOCK_TOUCH_MS = 1_000;
const LOCK_AGE_MAX_MS = 15_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What the installation depends on; a mark with this text says it is complete. */
function expectedMark() {
  const lock = fs.readFileSync(path.join(ROOT, 'package-lock.json'));
  return createHash('sha256').update(lock).update(process.platform).update(process.arch).digest('hex');
}

/** What the mark says after the digest where development packages were left out. */
const RUN_ONLY = ' run';

/** What is installed for this lock file: 'all', 'run' (no development packages) or null. */
function installedPart() {
  try {
    const [digest, part] = fs.readFileSync(MARK, 'utf8').split(' ');
    if (digest !== expectedMark() || chooseNode() === null) return null;
    return part === undefined ? 'all' : 'run';
  } catch {
    return null;
  }
}

/**
 * What to install for who needs `part`: all where development packages lie there already, by hand or for another lock file. Whoever starts
 * a city takes nothing away from who develops it.
 */
function partFor(part) {
  if (part === 'all') return part;
  try {
    if (!fs.readFileSync(MARK, 'utf8').endsWith(RUN_ONLY)) return 'all';
  } catch {
    // No mark says nothing about what is there.
  }
  return hasDevelopmentPackages() ? 'all' : part;
}

/** Whether any package is there that the lock file has for development only. */
function hasDevelopmentPackages() {
  const { packages = {} } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).some(([place, { dev }]) => dev === true && fs.existsSync(path.join(ROOT, place)));
}

function isInstalled(part) {
  const have = installedPart();
  return have === 'all' || have === part;
}

function pinnedNode() {
  const name = `node-${WINDOWS ? 'win' : process.platform}-${process.arch}`;
  return path.join(MODULES, name, 'bin', WINDOWS ? 'node.exe' : 'node');
}

/** Path of the Node to run on: the pinned one where this platform has it, else a new enough system Node, else null. */
function chooseNode() {
  if (fs.existsSync(pinnedNode())) return pinnedNode();
  return Number(process.versions.node.split('.')[0]) >= NODE_MAJOR ? process.execPath : null;
}

function isInside(folder, file) {
  return !path.relative(folder, file).startsWith('..');
}

/** The system's npm as [command, ...arguments], never one from node_modules, which npm is about to delete. */
function systemNpm(env) {
  const node = [process.env.npm_node_execpath, process.execPath].find((file) => file && !isInside(MODULES, file));
  const cli = process.env.npm_execpath;
  if (node && cli && path.basename(cli) === 'npm-cli.js' && !isInside(MODULES, cli)) return [node, cli];
  for (const folder of env.PATH.split(path.delimiter)) {
    const file = path.join(folder, WINDOWS ? 'npm.cmd' : 'npm');
    if (fs.existsSync(file)) return [file];
  }
  throw new Error('npm was not found. Install Node.js (18 or newer) together with npm and run this again.');
}

/** The environment without anything from node_modules on its PATH. */
function systemEnv() {
  const env = { ...process.env };
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const kept = (env[key] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '' && !/node_modules[\\/]\.bin$/.test(folder));
  delete env[key];
  return { ...env, PATH: kept.join(path.delimiter) };
}

let runningNpm = null;

/** Installs from nothing, or adds what is missing beside a city that may run on what is there. */
function runNpm(part) {
  const env = systemEnv();
  const [command, ...first] = systemNpm(env);
  const flags = [
    ...(installedPart() === null ? ['ci'] : ['install', '--no-save']),
    part === 'all' ? '--include=dev' : '--omit=dev',
    '--include=optional',
    // npm before 11 knows no `allowScripts`: what packages would run here, it would run.
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-engine-strict',
    '--loglevel=error',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...flags], { cwd: ROOT, env, shell: command.endsWith('.cmd') });
    runningNpm = child;
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const tail = output.trim().split('\n').slice(-20).join('\n');
      reject(
        new Error(
          `Setting up failed: \`npm ${flags[0]}\` ended with ${code}. Check the network and free space, then run this again.\n${tail}`,
        ),
      );
    });
  });
}

/** npm 10 may drop `.bin/node`; a pinned Node that cannot run here (musl) is removed, so that the system's is used. */
function settleNode() {
  const pinned = pinnedNode();
  const link = path.join(MODULES, '.bin', 'node');
  if (!WINDOWS) fs.rmSync(link, { force: true });
  if (fs.existsSync(pinned)) {
    const answer = spawnSync(pinned, ['--version'], { encoding: 'utf8' });
    if (answer.status === 0 && answer.stdout.startsWith(`v${NODE_MAJOR}.`)) {
      if (!WINDOWS) fs.symlinkSync(path.relative(path.dirname(link), pinned), link);
      return;
    }
    fs.rmSync(pinned, { force: true });
  }
  if (chooseNode() !== null) return;
  const place = `${process.platform} on ${process.arch}`;
  throw new Error(
    `No pinned Node runs on this system (${place}), and the installed one is ${process.version}. Install Node.js ${NODE_MAJOR} or newer and run this again.`,
  );
}

/** True when this process now holds the lock; its file holds our process number. */
function takeLock() {
  fs.mkdirSync(path.dirname(LOCK), { recursive: true });
  try {
    fs.writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    removeStaleLock();
    return false;
  }
}

function removeStaleLock() {
  const moved = `${LOCK}.${process.pid}`;
  try {
    if (isHeld(LOCK)) return;
    // Renaming is atomic: of several waiters one removes it, and a fresh lock moved by mistake is put back.
    fs.renameSync(LOCK, moved);
    if (isHeld(moved)) fs.linkSync(moved, LOCK);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(moved, { force: true });
  }
}

function isHeld(file) {
  const ageMs = Date.now() - fs.statSync(file).mtimeMs;
  if (ageMs > LOCK_AGE_MAX_MS) return false;
  const pid = Number(fs.readFileSync(file, 'utf8'));
  if (pid === 0) return true; // made, its number not yet written
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Installs 'all' or what is enough to 'run', unless that is done; waits while another process does it. */
async function install(wanted) {
  if (isInstalled(wanted)) return;
  for (let waits = 0; !takeLock(); waits += 1) {
    if (waits === 5) console.error('Waiting for another `npm start` or `npm test` to finish setting up…');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const touching = setInterval(() => fs.utimes(LOCK, new Date(), new Date(), () => {}), LOCK_TOUCH_MS);
  const release = () => {
    clearInterval(touching);
    fs.rmSync(LOCK, { force: true });
  };
  const onSignal = (signal) => {
    runningNpm?.kill(signal);
    release();
    process.exit(128 + os.constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    if (isInstalled(wanted)) return; // by the one we waited for
    const part = partFor(wanted);
    console.error('Setting up Oppidum (once, less than a minute)…');
    await runNpm(part);
    settleNode();
    fs.writeFileSync(MARK, expectedMark() + (part === 'all' ? '' : RUN_ONLY));
  } finally {
    release();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

module.exports = { ROOT, SIGNALS, WINDOWS, chooseNode, install, systemEnv };
