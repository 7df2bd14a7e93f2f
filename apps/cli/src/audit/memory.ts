/**
 * What an audit remembers in its folder, so that nobody who starts it again is led back: the policy it came to, and every head that was
 * shown to it. It holds no secret.
 *
 *   policies/HEIGHT.evidence      each change of policy since the one that was trusted first, proven under the one before
 *   heads/SIZE-DIGEST.checkpoint  signed heads as they were shown; DIGEST: 16 hex digits of the SHA-256 of the file
 *   fork-….fork                   what was proven
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { writeFileDurably } from '@oppidum/device/durable-file';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { CliFailure, EXIT } from '../failure.ts';

/** Heads that are kept; the smallest go first. */
const HEAD_COUNT_MAX = 1_000;
const HEAD_FORM = /^([0-9]{1,16})-[0-9a-f]{16}\.checkpoint$/;
const POLICY_FORM = /^([0-9]{1,16})\.evidence$/;
/** For everybody to read. */
const MODE = 0o644;

/** An audit's folder. */
export class AuditMemory {
  readonly folder: string;
  #heads = new Map<string, Bytes>();

  /** Makes the folder where there is none. */
  constructor(folder: string) {
    this.folder = folder;
    for (const name of ['policies', 'heads']) mkdirSync(join(folder, name), { recursive: true });
  }

  /** From the policy trusted first to the newest one that this audit ever saw. Throws exit code 1 where a kept change does not hold. */
  follow(first: Trust): Trust {
    let trust = first;
    for (const { name } of this.#list('policies', POLICY_FORM)) {
      const { report, trust: next } = verifySuccessorPolicy(nativeCrypto, this.#read('policies', name), trust);
      // What lies before the policy that was given leads nowhere from it, and need not.
      if (report.verdict === 'OK') trust = next ?? trust;
      else if (trust !== first)
        throw new CliFailure(`${join(this.folder, 'policies', name)} does not hold: ${report.verdict}`, {
          exitCode: EXIT.failed,
          action: 'Restore it from a copy, or begin with another folder',
        });
    }
    return trust;
  }

  /** Signed heads as they were shown, by the names of their files, which never change: each is read once. */
  heads(): ReadonlyMap<string, Bytes> {
    const names = this.#list('heads', HEAD_FORM).map(({ name }) => name);
    this.#heads = new Map(names.map((name) => [name, this.#heads.get(name) ?? this.#read('heads', name)]));
    return this.#heads;
  }

  /** Keeps the evidence of a change of policy. */
  async keepPolicy(height: number, evidence: Bytes): Promise<void> {
    await writeFileDurably(join(this.folder, 'policies', `${height}.evidence`), evidence, MODE);
  }

  /** Keeps a signed head, also another note of the same head: others may have cosigned it. */
  async keepHead(size: number, note: Bytes): Promise<void> {
    const name = `${size}-${toHex(nativeCrypto.sha256(note)).slice(0, 16)}.checkpoint`;
    if (existsSync(join(this.folder, 'heads', name))) return;
    await writeFileDurably(join(this.folder, 'heads', name), note, MODE);
    this.#heads.set(name, note);
    const kept = this.#list('heads', HEAD_FORM);
    for (const old of kept.slice(0, Math.max(0, kept.length - HEAD_COUNT_MAX))) rmSync(join(this.folder, 'heads', old.name));
  }

  /** Names of one kind, by their number. */
  #list(place: string, form: RegExp): readonly { readonly name: string; readonly number: number }[] {
    return readdirSync(join(this.folder, place))
      .map((name) => ({ name, number: Number(form.exec(name)?.[1] ?? Number.NaN) }))
      .filter(({ number }) => !Number.isNaN(number))
      .sort((a, b) => a.number - b.number);
  }

  #read(place: string, name: string): Bytes {
    return new Uint8Array(readFileSync(join(this.folder, place, name)));
  }
}
