/** What the schemas of the API's answers are made of. */

import { z } from 'zod';

/** An id or hash. */
export const id = () => z.string().regex(/^[0-9a-f]{64}$/);
/** A whole number from 0. */
export const whole = () => z.int().nonnegative();
/** Milliseconds since 1970 (UTC). */
export const timeMs = whole;
/** The height of a block. */
export const height = whole;
/** Bytes. */
export const base64 = () => z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** A page of a list: `next` is the cursor of the page after it, null on the last. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });

/** Who signs with a key. */
export const grade = z.enum(['device', 'bridge', 'imported']);
