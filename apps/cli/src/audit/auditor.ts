/**
 * One audit: every source is asked for its head, each head is judged by itself, and all are compared with the newest that is believed.
 * Sources that are away, refuse or lie keep nobody from being compared with the others.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { describeError, FormatError } from '@oppidum/formats/errors';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyForkFile } from '@oppidum/proofs/verify-fork-file';
import { CliFailure } from '../failure.ts';
import { type Comparison, compareHeads, type LiveLog, type LogFault } from './compare.ts';
import type { Finding } from './findings.ts';
import type { AuditMemory } from './memory.ts';
import { type ProvenFork, proveFork } from './prove-fork.ts';
import { describeAway, type KeptSource, type LiveSource } from './sources.ts';
import { type Group, groupByHead, isBelieved, judgeNote, rememberedHead, type Statement } from './statements.ts';

export type AuditParts = {
  readonly live: readonly LiveSource[];
  readonly kept: readonly KeptSource[];
  /** Null where nothing is to be remembered. */
  readonly memory: AuditMemory | null;
  /** Entries that a source may be behind another unsaid: they are not asked at one moment. */
  readonly behindMax: number;
  /** Writes a proof and says where. */
  readonly writeProof: (fork: ProvenFork) => Promise<string>;
};

/** What one round found. */
export type Round = {
  readonly trust: Trust;
  /** What each source shows. */
  readonly statements: readonly Statement[];
  readonly findings: readonly Finding[];
};

const MEMORY = 'seen before';

/** Audits as often as it is asked to; goes on from the newest policy and all heads that it has seen. */
export class Auditor {
  readonly #parts: AuditParts;
  #trust: Trust;
  /** Of this process, where there is no folder: signed heads that live sources showed. */
  readonly #seen: Statement[] = [];
  /** Heads of the folder, by their files' names, as this trust judges them. */
  #recalled: { readonly trust: Trust; readonly statements: ReadonlyMap<string, Statement> };

  constructor(parts: AuditParts, trust: Trust) {
    this.#parts = parts;
    this.#trust = parts.memory?.follow(trust) ?? trust;
    this.#recalled = { trust: this.#trust, statements: new Map() };
  }

  /** One round over all sources. Throws what breaks this machine alone: disks that are full, files that are gone. */
  async round(): Promise<Round> {
    const { live, kept } = this.#parts;
    const findings: Finding[] = [];
    const notes = await Promise.all(live.map((source) => askHead(source, findings)));
    for (const [i, source] of live.entries()) await this.#follow(source, notes[i] ?? null, findings);
    const shown = live.flatMap((source, i) => this.#judge(source.name, notes[i] ?? null, findings));
    const filed = kept.flatMap(({ name, notes: files, heads }) => [
      ...files.flatMap((note) => this.#judge(name, note, findings)),
      ...heads.map((head) => rememberedHead(name, head)),
    ]);
    findings.push(...kept.flatMap((source) => judgeForks(this.#trust, source)));
    const remembered = this.#recall();
    for (const statement of shown) await this.#remember(statement, remembered);
    const statements = [...shown, ...filed];
    const logs = live.flatMap((source) => logOf(source, shown));
    await this.#compareAll([...statements, ...remembered], logs, findings);
    findings.push(...judgeReach(shown, [...statements, ...remembered], this.#parts.behindMax));
    return { trust: this.#trust, statements, findings };
  }

  /** Where the head of a source is not of the policy at hand, its evidence may lead on to the one that it is of. */
  async #follow(source: LiveSource, note: Bytes | null, findings: Finding[]): Promise<void> {
    if (note === null || isOfPolicy(this.#trust, note)) return;
    try {
      for (const { height, policy, evidence } of await source.changesSince(this.#trust.policy)) {
        await this.#parts.memory?.keepPolicy(height, evidence);
        this.#trust = { policy, former: [this.#trust.policy, ...(this.#trust.former ?? [])] };
      }
    } catch (error) {
      if (!(error instanceof CliFailure || error instanceof FormatError)) throw error;
      // Without an answer about policies its head is judged by the policies at hand.
      if (error.code === 'EVIDENCE_REFUSED')
        findings.push({ code: 'POLICY_FALSE', sources: [source.name], detail: error.message });
    }
  }

  #judge(source: string, note: Bytes | null, findings: Finding[]): readonly Statement[] {
    if (note === null) return [];
    try {
      const statement = judgeNote(this.#trust, source, note);
      const { standing, size } = statement;
      if (standing === 'former') findings.push({ code: 'POLICY_STALE', sources: [source], detail: `its head has size ${size}` });
      if (typeof standing === 'string') return [statement];
      const detail = `${standing.code}: ${describeError(standing.code, standing.details)}`;
      findings.push({ code: 'HEAD_FALSE', sources: [source], detail });
      // Of another log there is nothing to compare.
      return standing.code === 'LOG_UNKNOWN' ? [] : [statement];
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      findings.push({
        code: 'HEAD_FALSE',
        sources: [source],
        detail: `${error.code}: ${describeError(error.code, error.details)}`,
      });
      return [];
    }
  }

  #recall(): readonly Statement[] {
    const { memory } = this.#parts;
    if (memory === null) return this.#seen;
    // Verified once for each policy: a thousand signatures a round would be most of the work.
    const before = this.#recalled.trust === this.#trust ? this.#recalled.statements : new Map<string, Statement>();
    const statements = new Map<string, Statement>();
    for (const [name, note] of memory.heads()) statements.set(name, before.get(name) ?? judgeNote(this.#trust, MEMORY, note));
    this.#recalled = { trust: this.#trust, statements };
    return [...statements.values()];
  }

  /** What nobody signed whom a policy at hand names is no use to anybody, nor what only they signed who are remembered for it. */
  async #remember(statement: Statement, remembered: readonly Statement[]): Promise<void> {
    const { note, size } = statement;
    if (note === null || isRemembered(statement, [...remembered, ...this.#seen])) return;
    const { memory } = this.#parts;
    if (memory !== null) await memory.keepHead(size, note);
    else this.#seen.push({ ...statement, source: MEMORY });
  }

  async #compareAll(statements: readonly Statement[], logs: readonly LiveLog[], findings: Finding[]): Promise<void> {
    const groups = groupByHead(statements);
    // The newest that can be compared by tiles: those of heads that nobody shows any more are nowhere.
    const best = groups.find((group) => isBelieved(group) && isShownBy(logs, group)) ?? groups.find(isBelieved) ?? groups[0];
    if (best === undefined) return;
    const faults = new Map<string, LogFault>();
    const compare = (a: Group, b: Group): Promise<Comparison> => {
      const [earlier, later] = a.size <= b.size ? [a, b] : [b, a];
      return compareHeads(earlier, later, logs, (fault) => faults.set(`${fault.kind} ${fault.source}`, fault));
    };
    const agreeing: Group[] = [best];
    const others: (readonly [Group, Comparison & { readonly kind: 'fork' }])[] = [];
    for (const group of groups) {
      if (group === best) continue;
      const found = await compare(group, best);
      if (found.kind === 'agree') agreeing.push(group);
      else if (found.kind === 'fork') others.push([group, found]);
      // Of a head that was seen and is not reached by anybody, `judgeReach` says so.
      else if (group.size < best.size || !isOnlyRecalled(group)) findings.push(uncompared(group, best));
    }
    for (const [group, found] of others) findings.push(await this.#accuse(group, best, found, agreeing, compare));
    for (const { kind, source, why } of faults.values())
      findings.push({ code: kind === 'false' ? 'TILES_FALSE' : 'TILES_WITHHELD', sources: [source], detail: why });
  }

  /** A key that stands under the head and under any of those that belong together is proven to have forked. */
  async #accuse(
    group: Group,
    best: Group,
    found: Comparison & { readonly kind: 'fork' },
    agreeing: readonly Group[],
    compare: (a: Group, b: Group) => Promise<Comparison>,
  ): Promise<Finding> {
    const sources = sourcesOf(group, best);
    for (const other of agreeing) {
      const comparison = other === best ? found : await compare(group, other);
      const fork = comparison.kind === 'fork' ? proveFork(this.#trust, group, other, comparison) : null;
      if (fork === null) continue;
      const file = await this.#parts.writeProof(fork);
      return { code: 'FORK_PROVEN', sources, detail: fork.detail, file, signers: fork.signers };
    }
    const signed = `${describeSigners(group)}; the other by ${describeSigners(best)}`;
    const detail = `size ${group.size}, root ${shortRoot(group)}, against size ${best.size}, root ${shortRoot(best)}; the first signed by ${signed}`;
    return { code: 'HEADS_CONTRADICT', sources, detail };
  }
}

/** Every known key that signed it is known to have signed this head. Lines of strangers, which anybody may add, count for nothing. */
function isRemembered({ size, root, signers }: Statement, remembered: readonly Statement[]): boolean {
  const same = remembered.filter((other) => other.size === size && equalBytes(other.root, root));
  const known = new Set(same.flatMap((other) => other.signers).map(nameOf));
  return signers.every((key) => known.has(nameOf(key)));
}

function nameOf({ algorithm, name, publicKey }: VerifierKey): string {
  return `${algorithm} ${toHex(publicKey)} ${name}`;
}

/** What others proved before. */
function judgeForks(trust: Trust, { name, forks }: KeptSource): readonly Finding[] {
  return forks.flatMap(({ path, file }): readonly Finding[] => {
    const { verdict, facts } = verifyForkFile(nativeCrypto, file, trust);
    if (verdict !== 'FORK_PROVEN') return [];
    const signers = (facts['signers'] ?? []) as readonly string[];
    return [{ code: 'FORK_PROVEN', sources: [name], detail: signers.join('; '), file: path, signers }];
  });
}

async function askHead(source: LiveSource, findings: Finding[]): Promise<Bytes | null> {
  try {
    return await source.checkpoint();
  } catch (error) {
    if (!(error instanceof CliFailure || error instanceof FormatError)) throw error;
    findings.push({ code: 'SOURCE_AWAY', sources: [source.name], detail: describeAway(error) });
    return null;
  }
}

/** The newest policy believes it, or it cannot even be read. */
function isOfPolicy(trust: Trust, note: Bytes): boolean {
  try {
    return judgeNote(trust, '', note).standing === 'believed';
  } catch (error) {
    if (error instanceof FormatError) return true;
    throw error;
  }
}

/** The log behind what a source shows now; each full tile is asked for once a round. */
function logOf(source: LiveSource, shown: readonly Statement[]): readonly LiveLog[] {
  const head = shown.find((statement) => statement.source === source.name);
  if (head === undefined) return [];
  const tiles = new Map<string, Promise<Bytes>>();
  const tile = (path: string): Promise<Bytes> => {
    const known = tiles.get(path) ?? source.tile(path);
    tiles.set(path, known);
    return known;
  };
  return [{ source: source.name, head, size: head.size, tile }];
}

/** Sources that show clearly less than others do, and whether anybody shows the newest head that was believed. */
function judgeReach(shown: readonly Statement[], all: readonly Statement[], behindMax: number): readonly Finding[] {
  const isGood = (statement: Statement): boolean => isBelieved({ statements: [statement] });
  const good = shown.filter(isGood);
  const reach = Math.max(0, ...good.map(({ size }) => size));
  const newest = all
    .filter(isGood)
    .reduce<Statement | null>((most, each) => (each.size > (most?.size ?? -1) ? each : most), null);
  const behind = good
    .filter(({ size }) => reach - size > behindMax)
    .map(({ source, size }): Finding => ({ code: 'SOURCE_BEHIND', sources: [source], detail: `size ${size} of ${reach}` }));
  if (newest === null || good.length === 0 || newest.size <= reach) return behind;
  const detail = `size ${newest.size} was shown by ${newest.source}; now the largest is ${reach}`;
  return [...behind, { code: 'HEAD_WITHDRAWN', sources: good.map(({ source }) => source), detail }];
}

function isShownBy(logs: readonly LiveLog[], { size, root }: Group): boolean {
  return logs.some(({ head }) => head.size === size && equalBytes(head.root, root));
}

function isOnlyRecalled({ statements }: Group): boolean {
  return statements.every(({ source }) => source === MEMORY);
}

function uncompared(group: Group, best: Group): Finding {
  const detail = `size ${group.size}, root ${shortRoot(group)}, and size ${best.size}, root ${shortRoot(best)}`;
  return { code: 'HEADS_UNCOMPARED', sources: sourcesOf(group), detail };
}

function sourcesOf(...groups: readonly Group[]): readonly string[] {
  return [...new Set(groups.flatMap(({ statements }) => statements.map(({ source }) => source)))];
}

function describeSigners({ statements }: Group): string {
  const names = new Set(
    statements.flatMap(({ signers }) => signers.map(({ name, algorithm }) => (algorithm === 'log' ? 'the log' : name))),
  );
  return names.size === 0 ? 'nobody (only remembered)' : [...names].join(', ');
}

function shortRoot({ root }: Group): string {
  return `${toHex(root).slice(0, 16)}…`;
}
