'use strict';
/**
 * Runs one task of this repository with the pinned Node, setting everything up first where needed:
 *   node tools/run.cjs start|test|bench|check|format|simulate|cli [arguments]
 * CommonJS, no dependency, any Node ≥ 18. Why it is so: decisions/0001-node-24-type-stripping-and-bootstrap.md.
 */
const { spawn } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const { ROOT, SIGNALS, WINDOWS, chooseNode, install, systemEnv } = require('./install.cjs');

/** Terminals and npm may both deliver one Ctrl-C; the child gets it once. */
const SAME_SIGNAL_MS = 300;
/** How often we look whether npm still lives: a signal to npm ends it and its shell, and never reaches us. */
const PARENT_CHECK_MS = 200;

const TASKS = {
  start: ['apps/cli/src/main.ts', 'start'],
  cli: ['apps/cli/src/main.ts'],
  test: ['tools/test.ts'],
  check: ['tools/test.ts', 'types', 'lint'],
  bench: ['test/bench/main.ts'],
  simulate: ['test/simulator/main.ts'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write'],
};

/** They run on what a city runs on; the others need compilers and a browser besides. */
const RUN_TASKS = ['start', 'cli'];

/** Flags of ours that npm keeps for itself when `--` was forgotten: `npm start --port 9000` would run on 8420. */
function checkFlags() {
  if (process.env.npm_lifecycle_event !== 'start') return;
  const lost = ['port', 'mqtt_port', 'host', 'data', 'demo'].filter((name) => process.env[`npm_config_${name}`] !== undefined);
  if (lost.length === 0) return;
  const flags = lost.map((name) => `--${name === 'demo' ? 'no-demo' : name.replace('_', '-')}`);
  console.error(`npm kept ${flags.join(' and ')} for itself. Write \`--\` before flags: npm start -- ${flags[0]} …`);
  process.exit(2);
}

/** Runs the task; its exit code becomes ours, and each signal reaches it once. */
function runTask(task, args) {
  const [entry, ...first] = TASKS[task];
  const rest = task === 'format' && args.length === 0 ? ['.'] : args;
  const flags = ['--disable-warning=ExperimentalWarning', '--require', path.join(__dirname, 'stay-with-parent.cjs')];
  // It starts the others and waits for them: 20 MB less of what nobody collects.
  if (task === 'start') flags.push('--max-semi-space-size=1');
  const env = systemEnv();
  const child = spawn(chooseNode(), [...flags, path.join(ROOT, entry), ...first, ...rest], {
    // Its own process group: signals of the terminal reach only us, and we pass each on.
    detached: !WINDOWS,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    cwd: task === 'cli' || task === 'start' ? process.cwd() : ROOT,
    env: {
      ...env,
      PATH: path.join(ROOT, 'node_modules', '.bin') + path.delimiter + env.PATH,
      // Types stripped and code compiled once: half the time to start and 25 MB less for each process.
      NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? path.join(ROOT, '.cache', 'compile'),
    },
  });
  const sentAt = {};
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - (sentAt[signal] ?? 0) > SAME_SIGNAL_MS) child.kill(signal);
      sentAt[signal] = now;
    });
  }
  if (process.env.npm_lifecycle_event !== undefined && !WINDOWS) {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      child.kill('SIGTERM');
    }, PARENT_CHECK_MS);
  }
  child.on('error', fail);
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + os.constants.signals[signal]));
}

function fail(error) {
  console.error(error.message);
  process.exit(1);
}

async function main([task, ...args]) {
  if (!Object.hasOwn(TASKS, task ?? '')) {
    console.error(`Usage: node tools/run.cjs ${Object.keys(TASKS).join('|')} [arguments]`);
    process.exit(2);
  }
  checkFlags();
  await install(RUN_TASKS.includes(task) ? 'run' : 'all');
  runTask(task, args);
}

main(process.argv.slice(2)).catch(fail);
