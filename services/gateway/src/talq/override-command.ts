/**
 * What a management system asks of lamps in the shape of a TALQ override command, read into a request: a command and whom it is for. A
 * request moves nothing. It becomes an order when the order keys of the zone sign it, like any other, and is refused like any other.
 */

/** Keys of TALQ error messages that are given here. */
type TalqErrorKey = 'payloadError' | 'overrideCommandNotValid' | 'overrideAddressNotValid';
export type TalqError = { readonly key: TalqErrorKey; readonly description: string };

/** For all lamps of a zone, those of a section of its programme, or one. Ids in hex. */
export type TalqTarget =
  | { readonly zone: string }
  | { readonly zone: string; readonly section: number }
  | { readonly device: string };

/** Whom addresses mean; null for strangers. */
export type TalqBook = {
  device(address: string): TalqTarget | null;
  group(address: string): TalqTarget | null;
};

/** `start`, `expiration` and `reference` are as the system gave them: whoever prepares the order sees them, the order does not hold them. */
export type OrderRequest = {
  readonly target: TalqTarget;
  readonly command: string;
  readonly arguments: readonly number[];
  readonly start: string | null;
  readonly expiration: string | null;
  readonly reference: string | null;
};

type Given = { readonly [name: string]: unknown };

/** Reads an override command: one request for each address, or every reason why not. */
export function readOverride(body: unknown, book: TalqBook): readonly OrderRequest[] | { readonly errors: readonly TalqError[] } {
  if (!isObject(body)) return refuse('payloadError', 'an override command is an object');
  const { addresses, targetCommand } = body;
  if (!Array.isArray(addresses) || addresses.length === 0)
    return refuse('overrideAddressNotValid', 'name the lamps or groups in addresses');
  const wish = readCommand(targetCommand);
  if ('key' in wish) return { errors: [wish] };
  const targets = addresses.map((address) => findTarget(address, book));
  const errors = targets.filter((target) => 'key' in target);
  if (errors.length > 0) return { errors };
  return (targets as readonly TalqTarget[]).map((target) => ({ target, ...commandFor(target, wish.percent), ...wish.facts }));
}

function refuse(key: TalqErrorKey, description: string): { readonly errors: readonly TalqError[] } {
  return { errors: [{ key, description }] };
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Facts = Pick<OrderRequest, 'start' | 'expiration' | 'reference'>;

/** `percent`: null to go back to the programme, which an override command without a command asks for. */
function readCommand(command: unknown): { readonly percent: number | null; readonly facts: Facts } | TalqError {
  if (command === undefined) return { percent: null, facts: { start: null, expiration: null, reference: null } };
  if (!isObject(command) || !isObject(command['state'])) return { key: 'payloadError', description: 'targetCommand has a state' };
  const { name, value } = command['state'];
  if (name !== 'LevelState')
    return { key: 'overrideCommandNotValid', description: `lamps take LevelState, not ${String(name).slice(0, 64)}` };
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 100)
    return { key: 'payloadError', description: 'a level is a whole number from 0 to 100' };
  if (value === 0) return { key: 'overrideCommandNotValid', description: 'no order switches a lamp off by night' };
  if (command['rampToLevelTime'] !== undefined || command['rampFromLevelTime'] !== undefined)
    return { key: 'overrideCommandNotValid', description: 'how fast lamps change is set by the programme of their zone' };
  const text = (given: unknown): string | null => (typeof given === 'string' ? given.slice(0, 256) : null);
  const facts = { start: text(command['start']), expiration: text(command['expiration']), reference: text(command['cmsRefId']) };
  return { percent: value, facts };
}

/** `/devices/ADDRESS`, perhaps with a function and an attribute behind it, or `/groups/ADDRESS`. */
function findTarget(reference: unknown, book: TalqBook): TalqTarget | TalqError {
  const unknown = (what: string): TalqError => ({ key: 'overrideAddressNotValid', description: what.slice(0, 128) });
  if (!isObject(reference) || typeof reference['address'] !== 'string')
    return unknown('an address has a resource and an address');
  const { resource } = reference;
  const [address = '', ...rest] = reference['address'].split('/');
  if (resource === 'groups' && rest.length === 0) return book.group(address) ?? unknown(`no group ${address}`);
  const isLevel = rest.length === 0 || rest.join('/') === 'actuator' || rest.join('/') === 'actuator/targetLightCommand';
  if (resource !== 'devices' || !isLevel) return unknown(`nothing to dim at ${String(resource)}/${reference['address']}`);
  return book.device(address) ?? unknown(`no device ${address}`);
}

function commandFor(target: TalqTarget, percent: number | null): Pick<OrderRequest, 'command' | 'arguments'> {
  if (percent === null) return { command: 'light/programme', arguments: [] };
  if (percent === 100) return { command: 'light/full', arguments: [] };
  if ('section' in target) return { command: 'light/section-level', arguments: [target.section, percent] };
  return { command: 'light/level', arguments: [percent] };
}
