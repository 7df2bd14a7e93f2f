/** Debian's Mosquitto on a free port, in a folder of the test: started, killed, started again on the same port. Its ACL is the one that specs/doors.md §1.5 shows. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';

const ATTEMPT_COUNT_MAX = 200;

export type BrokerUser = { readonly username: string; readonly password: string };

/** The user that a gateway is to the broker. */
export const GATEWAY_USER: BrokerUser = { username: 'city', password: 'correct horse' };

/** A running broker. */
export class TestBroker {
  readonly url: string;
  readonly #file: string;
  #child: ChildProcess;

  private constructor(url: string, file: string, child: ChildProcess) {
    this.url = url;
    this.#file = file;
    this.#child = child;
  }

  /** Knows the gateway and these devices, whose user name is their id; each may do what the specification gives it. */
  static async start(folder: string, genesis: string, devices: readonly BrokerUser[]): Promise<TestBroker> {
    const port = await freePorts(1);
    const [file, users, rights] = ['mosquitto.conf', 'users', 'acl'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(users, [GATEWAY_USER, ...devices].map(({ username, password }) => `${username}:${password}\n`).join(''), {
      mode: 0o600,
    });
    const hashed = spawnSync(join('/usr/bin', 'mosquitto_passwd'), ['-U', users]);
    assert.equal(hashed.status, 0, hashed.stderr.toString());
    writeFileSync(
      rights,
      [
        `user ${GATEWAY_USER.username}`,
        `topic read v1/${genesis}/+/up`,
        `topic write v1/${genesis}/+/down`,
        `topic read v1/${genesis}/+/ack`,
        `topic write v1/${genesis}/+/order`,
        `topic read v1/${genesis}/+/have`,
        `topic write v1/${genesis}/+/zone`,
        `pattern write v1/${genesis}/%u/up`,
        `pattern read v1/${genesis}/%u/down`,
        `pattern write v1/${genesis}/%u/ack`,
        `pattern read v1/${genesis}/%u/order`,
        `pattern write v1/${genesis}/%u/have`,
        `pattern read v1/${genesis}/%u/zone`,
        '',
      ].join('\n'),
      { mode: 0o600 },
    );
    const settings = { listener: `${port} 127.0.0.1`, allow_anonymous: false, password_file: users, acl_file: rights };
    const kept = { persistence: true, persistence_location: `${folder}/`, autosave_interval: 1, autosave_on_changes: true };
    const user = process.getuid?.() === 0 ? { user: 'root' } : {};
    const lines = Object.entries({ ...settings, ...kept, ...user }).map(([name, value]) => `${name} ${value}\n`);
    writeFileSync(file, lines.join(''));
    return new TestBroker(`mqtt://127.0.0.1:${port}`, file, await launch(file, port));
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Starts it again on the same port. */
  async again(): Promise<void> {
    this.#child = await launch(this.#file, Number(new URL(this.url).port));
  }
}

async function launch(file: string, port: number): Promise<ChildProcess> {
  const child = spawn(findProgram('mosquitto') as string, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  child.stderr.on('data', (text: Buffer) => log.push(text.toString()));
  for (let attempt = 0; attempt < ATTEMPT_COUNT_MAX; attempt++) {
    if (child.exitCode !== null) break;
    if (await isListening(port)) return child;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill('SIGKILL');
  throw new Error(`the broker did not start: ${log.join('')}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
