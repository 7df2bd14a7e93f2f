/**
 * Who may do what at the doors. A request's principal is decided once, before anything else; whatever goes on for longer (a stream of
 * events) asks again before each part, and is told at once when a key is revoked.
 */

import type { FastifyRequest } from 'fastify';
import { localPrincipal, type Principal, type Right } from './principal.ts';

/** Told with the id of a key that was revoked just now. */
export type OnRevoked = (keyId: string) => void;

/** The one place that says who may do what. */
export class Access {
  readonly #principals = new WeakMap<FastifyRequest, Principal>();
  readonly #listeners = new Set<OnRevoked>();

  /** Whose request this is. */
  principalOf(request: FastifyRequest): Principal {
    return this.#principals.get(request) ?? localPrincipal(request.ip);
  }

  /** True while this principal has the right: its key is neither revoked nor expired meanwhile. */
  stillMay({ rights }: Principal, right: Right): boolean {
    return rights.has(right);
  }

  /** Calls the listener at every revocation from now on, until the returned function is called. */
  onRevoked(listener: OnRevoked): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
