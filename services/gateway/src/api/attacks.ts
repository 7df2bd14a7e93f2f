/** Answers of the attack desk; forms as in `../api-types.ts`. */

import { z } from 'zod';
import { id, whole } from './common.ts';

/** The name of an attack, as the program that carries it out has it. */
const name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);

/** Without a name, all of them. */
export const attackRequest = z.strictObject({ attack: name.optional() });
export type AttackRequestJson = z.infer<typeof attackRequest>;

/** One that can be carried out: what it tries, and how, by whom and by which rule it is to be stopped. */
export const attack = z.object({
  name,
  tried: z.string(),
  ending: z.enum(['prevented', 'detected']),
  by: z.string(),
  rule: z.string(),
});
export type AttackJson = z.infer<typeof attack>;

/** What anybody can check. `verdict` is what the verifier said beside the attack; `file` is at /api/v1/attacks/files/{file}, null where it is too large to be kept. */
const exhibit = z.object({ name: z.string(), verdict: z.string(), file: id().nullable(), size: whole() });
export type AttackExhibitJson = z.infer<typeof exhibit>;

/** What became of one. `rule` is null where nothing stopped or proved it. */
const outcome = z.object({
  attack: name,
  ending: z.enum(['prevented', 'detected', 'succeeded']),
  by: z.string(),
  rule: z.string().nullable(),
  saw: z.string(),
  evidence: z.array(exhibit),
});
export type AttackOutcomeJson = z.infer<typeof outcome>;

export const attackDesk = z
  .object({
    attacks: z.array(attack),
    state: z.enum(['empty', 'working', 'done', 'failed']),
    /** Those that were asked for, in the order in which they are carried out. */
    asked: z.array(name),
    /** The one that is carried out now; null while the city for it is founded, and at the end. */
    running: name.nullable(),
    outcomes: z.array(outcome),
    /** The policy of the city that was attacked, as a file; null before there is one. */
    policy: id().nullable(),
    /** Why a run came to no end. */
    reason: z.string().nullable(),
  })
  .meta({ id: 'AttackDesk' });
export type AttackDeskJson = z.infer<typeof attackDesk>;
