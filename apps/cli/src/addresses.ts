/** The addresses of one city's gateways, and which of them answers: asked in their order, the one that last answered first. */

import { FormatError } from '@oppidum/formats/errors';
import { CliFailure } from './failure.ts';

/** Where the last answer came from, by list: a command asks many times, and waits for an address that is away only once. */
const working = new Map<string, number>();

/** The addresses in `--api` or OPPIDUM_API: one, or several with commas between them. */
export function splitAddresses(api: string): readonly string[] {
  return api
    .split(',')
    .map((address) => address.trim().replace(/\/+$/, ''))
    .filter((address) => address !== '');
}

/**
 * Asks one address after the other until one answers; a refusal is an answer, for it is the same everywhere. Nothing is done twice:
 * what is sent again has the id that it had. Throws what the last of them threw.
 */
export async function askEach<T>(addresses: readonly string[], ask: (address: string) => Promise<T>): Promise<T> {
  const list = addresses.join(',');
  const first = working.get(list) ?? 0;
  for (let tried = 1; ; tried++) {
    const at = (first + tried - 1) % addresses.length;
    try {
      const answer = await ask(addresses[at] as string);
      working.set(list, at);
      return answer;
    } catch (error) {
      if (tried >= addresses.length || !isAway(error)) throw error;
    }
  }
}

/** The gateway is away, or says that its node is: another one of the city may answer. */
function isAway(error: unknown): boolean {
  if (error instanceof CliFailure) return error.isAway;
  return error instanceof FormatError && error.code === 'CITY_UNREACHABLE';
}
