/**
 * A machine that takes orders: it obeys what is proven, once, in time, and signs what it did. Neither the network nor the gateway nor the
 * city's validators can move it; they can only bring what the keys of its zone signed for the challenge that it drew itself.
 *
 *   challenge sent → order comes → every check (`accept-order.ts`) → journal durable → done → answer signed, durable in the outbox
 */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import type { Signer } from '@oppidum/formats/crypto';
import { draftChallenge } from '@oppidum/formats/device-challenge';
import type { Device } from '../device.ts';
import type { OrderLink, ZoneLink } from '../order-link.ts';
import type { SensorValue } from '../reading-pack.ts';
import { type Accepted, acceptOrder, type Judging, vetoOf } from './accept-order.ts';
import { holdSafe, isOutside } from './hold-safe.ts';
import type { OrderState } from './order-state.ts';
import { type ZoneDocuments, ZoneFollower } from './zone-follower.ts';

type Answering = Pick<Device, 'id' | 'keyNumber' | 'audience' | 'measure'>;

export type OrderAgentOptions = Omit<Judging, 'device'> & {
  /** Signs the answers, as any reading. */
  readonly device: Answering;
  readonly signer: { sign(message: Bytes): ReturnType<Signer['sign']> | Promise<Bytes> };
  readonly link: OrderLink;
  /** Where newer key sets, envelopes and documents come from by themselves; without it they are asked for when an order names them. */
  readonly news?: { readonly link: ZoneLink; readonly documents: ZoneDocuments | null };
  /** Something that was no order for us, or that will be tried again; `code` is of the error catalogue. */
  readonly onTrouble?: (trouble: { readonly code: string }) => void;
  /** What became of an order that the zone's keys signed. */
  readonly onOutcome?: (outcome: OrderOutcome) => void;
};

type Answer = { readonly id: Bytes; readonly command: Command; readonly code: string | null };

/** `code` is null for an order that was obeyed. */
export type OrderOutcome = { readonly order: Bytes; readonly command: Command; readonly code: string | null };

/** A machine is told of once when it takes longer than this. */
const ACK_AFTER_MS = 200;
/** Numbers of challenges are set aside so many at a time: one durable write each. */
const NUMBERS_AHEAD = 1_000;
/** Orders already answered: their copies are met with silence, for the outbox brings the answer. */
const ANSWERED_COUNT_MAX = 64;
/** Whoever sends what is no order makes the machine sign one alarm in so long. */
const ALARM_EVERY_MS = 60_000;
/** Old orders that are told of within that time: true ones that somebody kept and sends again must not fill the outbox. */
const SPENT_TOLD_MAX = 16;
/** Messages that wait for one another: whoever sends faster than the machine judges loses them, and true orders come again. */
const WAITING_COUNT_MAX = 32;
/** Without an envelope nobody has said how long orders live. */
const RENEW_MS = 30_000;

/** From `start` to `stop`. */
export class OrderAgent {
  readonly #options: OrderAgentOptions;
  readonly #answered: string[] = [];
  #number = 0;
  /** Done, and not yet told: the outbox was full, or the disk. */
  #unanswered: Answer | null = null;
  #alarmedMs = Number.NEGATIVE_INFINITY;
  #heldMs = Number.NEGATIVE_INFINITY;
  #spentSinceMs = Number.NEGATIVE_INFINITY;
  #spentCount = 0;
  #waitingCount = 0;
  /** The newest challenge as it was sent. */
  #sent: Bytes | null = null;
  #queue: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  readonly #follower: ZoneFollower | null;
  #forget: readonly (() => void)[] = [];
  #isStopped = true;

  constructor(options: OrderAgentOptions) {
    const { crypto, store, news } = options;
    this.#options = options;
    this.#follower = news === undefined ? null : new ZoneFollower({ crypto, store, ...news });
  }

  /** Tells what a power cut left half done, and asks for orders. */
  async start(): Promise<void> {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const { store, link } = this.#options;
    this.#number = store.read().numbered;
    await this.#inTurn(async () => {
      const { acting } = store.read();
      if (acting === null) return;
      await this.#finish(acting.order, { command: acting.command, arguments: acting.arguments }, 'ORDER_INTERRUPTED');
    });
    const deafen = link.onOrder((message) => void this.receive(message));
    this.#forget = [deafen, ...(this.#follower === null ? [] : [this.#follower.listen((news) => void this.#follow(news))])];
    await this.#inTurn(() => this.#renew());
  }

  /** Takes no more orders; resolves when the one at hand is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const forget of this.#forget) forget();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#queue;
    this.#options.challenges.void();
  }

  /** Judges one message and, where every check holds, obeys it; one after the other. */
  async receive(message: Bytes): Promise<void> {
    await this.#wait(() => this.#judge(message));
  }

  /** What was signed for the zone: in turn with orders, so that each is judged by what was in force when it came. */
  async #follow(news: Bytes): Promise<void> {
    await this.#wait(async () => {
      const refused = (await this.#follower?.take(news)) ?? null;
      if (refused !== null) this.#trouble(refused.code);
    });
  }

  async #wait(work: () => Promise<void>): Promise<void> {
    if (this.#waitingCount >= WAITING_COUNT_MAX) return this.#trouble('OVERLOADED');
    this.#waitingCount++;
    await this.#inTurn(async () => {
      this.#waitingCount--;
      if (!this.#isStopped) await work();
    });
  }

  /** Somebody works the machine by hand: that is always done, and told. What was ordered before is void. */
  manual(command: Command): Promise<void> {
    this.#options.challenges.void();
    return this.#inTurn(async () => {
      const code = await this.#act(command);
      // What was ordered meanwhile was ordered by somebody who did not know of this either.
      this.#options.challenges.void();
      const failure = code === null ? [] : [code];
      await this.#tell('order/local', ['manual', command.command, ...command.arguments, ...failure].join(' '));
      await this.#renew();
    });
  }

  /** One after the other. What the outside denies (a full disk, a full outbox) is told; a broken invariant of ours is not caught. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      if (!isOutside(error)) throw error;
      this.#trouble(error.code);
    });
    return this.#queue;
  }

  async #judge(message: Bytes): Promise<void> {
    const judged = await acceptOrder({ ...this.#options, device: this.#options.device.id }, message);
    if (judged.kind === 'unproven') return this.#alarm(judged.code);
    const { id, order } = judged;
    const command = { command: order.command, arguments: order.arguments };
    if (this.#answered.includes(toHex(id))) return;
    // One journal, one order: what was done before is answered first, unless this one brings the machine to safety.
    if (this.#unanswered !== null) await this.#retry(order.mode === 'break-glass');
    if (judged.kind === 'accepted') return this.#obey(judged, command);
    if (judged.code === 'CHALLENGE_SPENT') return this.#refuseSpent(id, command);
    await this.#answer(id, command, judged.code);
    if (judged.code === 'ORDER_EXPIRED') await this.#renew();
  }

  /**
   * A true order for a challenge that is none any more. Whoever sends old ones again moves nothing by it: the open challenges stay open, so
   * that the order which is being signed for one of them is still obeyed.
   */
  async #refuseSpent(id: Bytes, command: Command): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#spentSinceMs >= ALARM_EVERY_MS) [this.#spentSinceMs, this.#spentCount] = [nowMs, 0];
    if (++this.#spentCount > SPENT_TOLD_MAX) return this.#trouble('CHALLENGE_SPENT');
    await this.#answer(id, command, 'CHALLENGE_SPENT');
    if (this.#sent !== null) this.#options.link.sendChallenge(this.#sent);
  }

  /** COMMIT POINT: once the journal is durable the order counts as obeyed, whatever happens. */
  async #obey({ id, order: { mode, lifetimeMs }, challenge }: Accepted, command: Command): Promise<void> {
    const { store, challenges, actuator } = this.#options;
    try {
      await store.write({ ...store.read(), acting: { order: id, command: command.command, arguments: [...command.arguments] } });
    } catch (error) {
      if (!isOutside(error)) throw error;
      return this.#hold(error.code);
    }
    // Asked again, for the disk may have taken its time: somebody's hand was at the machine, the order grew old, or the machine hot.
    const late = challenges.check(challenge, lifetimeMs)?.code ?? vetoOf(actuator, command);
    challenges.void();
    const ack = setTimeout(() => void this.#acknowledge(id), ACK_AFTER_MS);
    const code = late ?? (await this.#act(command));
    clearTimeout(ack);
    if (mode === 'break-glass' && code === null) await this.#tell('order/local', `break-glass ${toHex(id)}`);
    await this.#finish(id, command, code);
    await this.#renew();
  }

  /** Nothing can be noted, so nothing is done that must be done once: the safe state until there is room, and the order comes again. */
  async #hold(code: string): Promise<void> {
    const { actuator, device } = this.#options;
    const nowMs = performance.now();
    const isTold = nowMs - this.#heldMs < ALARM_EVERY_MS;
    if (isTold) return this.#trouble(code);
    this.#heldMs = nowMs;
    await holdSafe({ actuator, device, onTrouble: ({ code: trouble }) => this.#trouble(trouble) }, code);
  }

  /** Why it was not done, or null: whatever a maker's code throws ends neither the agent nor the process. */
  async #act(command: Command): Promise<string | null> {
    try {
      await this.#options.actuator.act(command);
      return null;
    } catch (error) {
      this.#trouble(isOutside(error) ? error.code : 'ACTUATOR_FAILED');
      return 'ACTUATOR_FAILED';
    }
  }

  /** Beside the turn, so nobody waits for it: what it meets is told here. */
  async #acknowledge(id: Bytes): Promise<void> {
    try {
      await this.#tell('order/ack', toHex(id));
    } catch (error) {
      if (!isOutside(error)) throw error;
      this.#trouble(error.code);
    }
  }

  /** The answer first, durable in the outbox; then the journal is closed. Whatever comes between is told again after a restart. */
  async #finish(id: Bytes, command: Command, code: string | null): Promise<void> {
    const { store } = this.#options;
    this.#unanswered = { id, command, code };
    await this.#answer(id, command, code);
    this.#unanswered = null;
    await store.write({ ...store.read(), acting: null });
  }

  async #retry(mayFail: boolean): Promise<void> {
    const { id, command, code } = this.#unanswered as Answer;
    await this.#finish(id, command, code).catch((error: unknown) => {
      if (!mayFail || !isOutside(error)) throw error;
      this.#trouble(error.code);
    });
  }

  async #answer(id: Bytes, command: Command, code: string | null): Promise<void> {
    const name = toHex(id);
    if (code === null) await this.#tell('order/applied', name);
    else await this.#tell('order/rejected', `${name} ${code}`);
    this.#answered.push(name);
    if (this.#answered.length > ANSWERED_COUNT_MAX) this.#answered.shift();
    this.#options.onOutcome?.({ order: id, command, code });
  }

  /** What happened, with what the machine is doing now. */
  async #tell(sensor: string, value: string): Promise<void> {
    await this.#options.device.measure([{ sensor, value }, ...this.#state()] satisfies readonly SensorValue[]);
  }

  /** Nothing where the maker's code throws: what became of the order is told all the same. */
  #state(): readonly SensorValue[] {
    try {
      return this.#options.actuator.state();
    } catch (error) {
      this.#trouble(isOutside(error) ? error.code : 'ACTUATOR_FAILED');
      return [];
    }
  }

  /** No order that is proven: said aloud, signed once in a while, so that it shows and cannot fill the outbox. */
  async #alarm(code: string): Promise<void> {
    this.#trouble(code);
    const nowMs = performance.now();
    if (nowMs - this.#alarmedMs < ALARM_EVERY_MS) return;
    this.#alarmedMs = nowMs;
    await this.#tell('order/alarm', code);
  }

  /** A fresh challenge, sent, and the next one when half of an order's life is over. */
  async #renew(): Promise<void> {
    if (this.#isStopped) return;
    const { crypto, device, signer, challenges, link, store } = this.#options;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#inTurn(() => this.#again()), renewMs(store.read()));
    const number = await this.#nextNumber();
    const { audience: city, id, keyNumber } = device;
    const { toBeSigned, seal } = draftChallenge(crypto, { city, device: id, challenge: challenges.renew(), keyNumber, number });
    this.#sent = seal(await signer.sign(toBeSigned));
    link.sendChallenge(this.#sent);
    this.#follower?.tell();
  }

  /** What could not be told yet is tried first: nobody may ever send another order. */
  async #again(): Promise<void> {
    if (this.#unanswered !== null) await this.#retry(true);
    await this.#renew();
  }

  /** Rising for ever: what a restart may have used is left out. */
  async #nextNumber(): Promise<number> {
    const { store } = this.#options;
    const state = store.read();
    if (this.#number >= state.numbered) await store.write({ ...state, numbered: this.#number + NUMBERS_AHEAD });
    this.#number++;
    return this.#number;
  }

  #trouble(code: string): void {
    this.#options.onTrouble?.({ code });
  }
}

function renewMs({ envelope }: OrderState): number {
  return envelope === null
    ? RENEW_MS
    : Math.ceil((envelope.dangerous.length > 0 ? envelope.dangerousLifetimeMsMax : envelope.lifetimeMsMax) / 2);
}
