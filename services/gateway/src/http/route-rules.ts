/**
 * What each address asks of who calls it: the whole policy of the HTTP door on one page. A route that no line names is refused when the
 * application is built, so nothing is open because somebody forgot it.
 */

import type { Right } from '../access/principal.ts';

/** What a request costs: reads, writes, and evidence or checks, which are made anew for each and change nothing. */
export type Budget = 'reads' | 'writes' | 'evidence';

/** Where a request says which device it is about: for keys that are limited to some. `any`: it is about no device. */
export type DeviceIn = 'any' | 'path' | 'query' | 'fact' | 'nowhere';

export type RouteRule = {
  /** Null: everybody may. */
  readonly right: Right | null;
  /** What comes carries its own signature: strangers may, too. */
  readonly isSigned: boolean;
  readonly budget: Budget;
  readonly device: DeviceIn;
};

const open: RouteRule = { right: null, isSigned: false, budget: 'reads', device: 'any' };
const reads = (right: Right, device: DeviceIn = 'any'): RouteRule => ({ right, isSigned: false, budget: 'reads', device });
const writes = (right: Right, device: DeviceIn = 'any'): RouteRule => ({ right, isSigned: false, budget: 'writes', device });
const signed = (right: Right): RouteRule => ({ right, isSigned: true, budget: 'writes', device: 'any' });

/** The longest pattern that a route begins with counts; `*` after the method stands for the rest of its address. */
const RULES: Readonly<Record<string, RouteRule>> = {
  // Is it alive, what can it say, and its pages: nothing of the city in them.
  'GET /': open,
  'GET /livez': open,
  'GET /readyz': open,
  'GET /docs*': open,
  'GET /openapi*': open,
  'GET /asyncapi*': open,
  'GET /verify*': open,
  'GET /sign': open,
  'GET /device-page*': open,
  'GET /assets*': open,
  'GET /metrics': reads('metrics:read'),
  // The ledger is public to whoever may see it at all.
  'GET /map.geojson': reads('ledger:read'),
  'GET /checkpoint': reads('ledger:read'),
  'GET /tile/*': reads('ledger:read'),
  'GET /log/*': reads('ledger:read'),
  'GET /shards/*': reads('ledger:read'),
  'GET /city.policy': reads('ledger:read'),
  'GET /genesis.cbor': reads('ledger:read'),
  'GET /api/v1/city*': reads('ledger:read'),
  'GET /api/v1/find*': reads('ledger:read'),
  'GET /api/v1/policies*': reads('ledger:read'),
  'GET /api/v1/blocks*': reads('ledger:read'),
  'GET /api/v1/anchors*': reads('ledger:read'),
  'GET /api/v1/accounts*': reads('ledger:read'),
  'GET /api/v1/roles*': reads('ledger:read'),
  'GET /api/v1/bodies*': reads('ledger:read'),
  'GET /api/v1/proposals*': reads('ledger:read'),
  'GET /api/v1/zones*': reads('ledger:read'),
  // Made of what many lamps said.
  'GET /api/v1/zones/:id/cabinets': { ...reads('readings:read', 'nowhere'), budget: 'evidence' },
  'GET /api/v1/zones/:id/lighting': { ...reads('readings:read', 'nowhere'), budget: 'evidence' },
  'GET /api/v1/orders*': reads('ledger:read'),
  // Changes of zones that wait: what is brought carries the signature of an order key of its zone.
  'GET /api/v1/zone-drafts*': reads('ledger:read'),
  'POST /api/v1/zone-drafts': signed('transactions:submit'),
  'GET /api/v1/alarms*': reads('ledger:read'),
  // Drafts take the newest challenges, and change nothing. What goes by break-glass carries the signatures of order keys.
  'POST /api/v1/orders/draft': { ...reads('ledger:read'), budget: 'evidence' },
  'POST /api/v1/orders/break-glass': signed('transactions:submit'),
  'GET /api/v1/devices*': reads('ledger:read'),
  // A dry run: the ledger is asked, a thousand times, and not changed. Fastify's pattern has the colon twice.
  'POST /api/v1/devices:*': { ...reads('ledger:read'), budget: 'evidence' },
  'GET /api/v1/models*': reads('ledger:read'),
  'GET /api/v1/manufacturers*': reads('ledger:read'),
  'GET /api/v1/transactions*': reads('ledger:read'),
  'POST /api/v1/transactions': signed('transactions:submit'),
  // Readings, and what is made of them.
  'GET /api/v1/readings': reads('readings:read', 'query'),
  'GET /api/v1/readings/:id': reads('readings:read', 'fact'),
  'GET /api/v1/readings/*': reads('readings:read', 'query'),
  'GET /api/v1/devices/:id/trust': reads('ledger:read'),
  'GET /api/v1/devices/:id/*': reads('readings:read', 'path'),
  'GET /api/v1/series*': reads('readings:read', 'query'),
  'GET /api/v1/receipts': reads('readings:read', 'query'),
  'GET /api/v1/receipts/:id': reads('readings:read', 'fact'),
  // It sends a limited key only what is about its devices.
  'GET /api/v1/live*': reads('readings:read'),
  'POST /api/v1/readings': signed('readings:write'),
  'POST /api/v1/uplinks*': writes('readings:write', 'nowhere'),
  // A challenge carries its signature; who asks for an order names the challenge, which is the device or may read it on the ledger anyway.
  'POST /api/v1/devices/:id/challenge': { ...signed('readings:write'), device: 'path' },
  // Signed by the device, or by the chip in it.
  'POST /api/v1/devices/:id/report': { ...signed('readings:write'), device: 'path' },
  'GET /api/v1/devices/:id/order': { right: 'readings:write', isSigned: true, budget: 'reads', device: 'path' },
  'GET /api/v1/devices/:id/zone': { right: 'readings:write', isSigned: true, budget: 'reads', device: 'path' },
  // Evidence of facts, and of records of the state.
  'GET /api/v1/evidence/state': { ...reads('evidence:read'), budget: 'evidence' },
  'GET /api/v1/evidence/:id': { ...reads('evidence:read', 'fact'), budget: 'evidence' },
  'POST /api/v1/evidence/:id': { ...reads('evidence:read', 'fact'), budget: 'evidence' },
  'GET /api/v1/evidence*': { ...reads('evidence:read', 'query'), budget: 'evidence' },
  // Lamps in the shape that other management systems read, and what those ask for: a request moves nothing.
  'GET /api/v1/talq/device-classes': reads('ledger:read'),
  'GET /api/v1/talq/devices': reads('readings:read', 'nowhere'),
  'GET /api/v1/talq/groups': reads('ledger:read'),
  'POST /api/v1/talq/override-commands': { ...reads('ledger:read'), budget: 'evidence' },
  // The tamper desk: only in a demo city, and only from its own machine (http/tamper.ts).
  'GET /api/v1/tamper': reads('evidence:read', 'nowhere'),
  'POST /api/v1/tamper': writes('evidence:read', 'nowhere'),
  'DELETE /api/v1/tamper': writes('evidence:read', 'nowhere'),
  // The attack desk: the same, and never against this city (http/attacks.ts).
  'GET /api/v1/attacks*': reads('evidence:read', 'nowhere'),
  'POST /api/v1/attacks': writes('evidence:read', 'nowhere'),
  'DELETE /api/v1/attacks': writes('evidence:read', 'nowhere'),
  // Keys, and who did what with them.
  'GET /api/v1/keys': reads('keys:manage'),
  'POST /api/v1/keys': writes('keys:manage'),
  'DELETE /api/v1/keys/:id': writes('keys:manage'),
  'GET /api/v1/audit': reads('audit:read'),
};

/** The rule of a route by its method and pattern. Throws a plain Error where there is none: add a line above. */
export function ruleOf(method: string, pattern: string): RouteRule {
  const name = `${method === 'HEAD' ? 'GET' : method} ${pattern}`;
  const exact = RULES[name];
  if (exact !== undefined) return exact;
  let best: { readonly size: number; readonly rule: RouteRule } | null = null;
  for (const [key, rule] of Object.entries(RULES)) {
    if (!key.endsWith('*') || !name.startsWith(key.slice(0, -1))) continue;
    if (best === null || key.length > best.size) best = { size: key.length, rule };
  }
  if (best === null) throw new Error(`the route ${name} has no rule: add it to http/route-rules.ts`);
  return best.rule;
}
