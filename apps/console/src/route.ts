/** Addresses within the console: all behind `#`, so that every one is a permanent link and the server needs to know none. */

import { AREAS } from './areas.ts';

export type Route =
  | { readonly view: 'city' | 'ledger' | 'trust' }
  | { readonly view: RecordName; readonly id: string }
  | { readonly view: 'block'; readonly height: number }
  | { readonly view: 'search'; readonly text: string }
  | { readonly view: 'area'; readonly area: string; readonly argument: string };

const ID = /^[0-9a-f]{64}$/;
/** Views of one record, or of what is made of it, by its id. */
const WITH_ID = ['device', 'reading', 'transaction', 'account', 'proposal', 'model', 'manufacturer'] as const;
type RecordName = (typeof WITH_ID)[number];

/** The view of an address; the city for any that is none of ours. */
export function parseRoute(hash: string): Route {
  const [view = '', argument = ''] = hash.replace(/^#\/?/, '').split('/');
  if (view === 'ledger' || view === 'trust') return { view };
  const named = WITH_ID.find((each) => each === view);
  if (named !== undefined && ID.test(argument)) return { view: named, id: argument };
  if (view === 'block' && /^[0-9]{1,15}$/.test(argument)) return { view, height: Number(argument) };
  if (view === 'search') return { view, text: decodeOrEmpty(argument) };
  if (Object.hasOwn(AREAS, view)) return { view: 'area', area: view, argument: decodeOrEmpty(argument) };
  return { view: 'city' };
}

/** The address of a view. */
export function addressOf(route: Route): string {
  if ('id' in route) return `#/${route.view}/${route.id}`;
  if ('height' in route) return `#/block/${route.height}`;
  if ('area' in route) return `#/${route.area}${route.argument === '' ? '' : `/${encodeURIComponent(route.argument)}`}`;
  if ('text' in route) return `#/search/${encodeURIComponent(route.text)}`;
  return `#/${route.view}`;
}

function decodeOrEmpty(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
