/**
 * Lamps and cabinets in the shape of the TALQ data model 2.7.1 (BSD-3; this software is no certified TALQ product), for management systems
 * that read it: what is shown here was signed by the devices and is provable by itself; this shape proves nothing.
 */

import { type Bytes, toHex } from '@oppidum/formats/bytes';

export type TalqValue = string | number | boolean | { readonly [name: string]: TalqValue };
/** One attribute of a function; `timestamp`: RFC 3339. */
export type TalqAttribute = { readonly type: string; readonly value: TalqValue; readonly timestamp?: string };
export type TalqFunction = { readonly id: string; readonly type: string } & {
  readonly [attribute: string]: string | TalqAttribute;
};
export type TalqDevice = {
  readonly address: string;
  readonly name: string;
  readonly class: string;
  readonly functions: readonly TalqFunction[];
};
export type TalqGroup = {
  readonly address: string;
  readonly name: string;
  readonly ownerCMS: string;
  readonly members: readonly { readonly resource: string; readonly address: string }[];
};

/** A lamp as the city knows it: levels in whole percent, `null` where it never said. `atMs`: when it signed that. */
export type KnownLamp = {
  readonly device: Bytes;
  readonly label: string;
  readonly place: { readonly latitude: number; readonly longitude: number } | null;
  readonly levelPercent: number | null;
  readonly aimPercent: number | null;
  readonly powerW: number | null;
  readonly isDead: boolean;
  readonly atMs: number;
};

/** A cabinet's meter. */
export type KnownCabinet = {
  readonly device: Bytes;
  readonly label: string;
  readonly energyKwh: number;
  readonly powerKw: number;
  readonly atMs: number;
};

export const LAMP_CLASS = 'Oppidum lamp';
export const CABINET_CLASS = 'Oppidum cabinet';

/** A UUID of version 8 (RFC 9562 §5.8): the first 122 bits of an id that fit around version and variant. */
export function talqAddress(id: Bytes): string {
  const bytes = id.slice(0, 16);
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A logical device for a lamp: what it is, what it does and is to do, and what it takes. */
export function talqLamp({ device, label, place, levelPercent, aimPercent, powerW, isDead, atMs }: KnownLamp): TalqDevice {
  const timestamp = new Date(atMs).toISOString();
  const attribute = (type: string, value: TalqValue): TalqAttribute => ({ type, value, timestamp });
  const level = (value: number) => ({ name: 'LevelState', value });
  const known = (name: string, found: TalqAttribute | null) => (found === null ? {} : { [name]: found });
  return {
    address: talqAddress(device),
    name: label,
    class: LAMP_CLASS,
    functions: [
      {
        ...{ id: 'basic', type: 'BasicFunction' },
        displayName: attribute('AttributeString', label),
        serial: attribute('AttributeString', toHex(device)),
        ...known('location', place === null ? null : attribute('AttributeLocation', place)),
      },
      {
        ...{ id: 'actuator', type: 'LampActuatorFunction' },
        // What a lamp does when it has lost what it needs to know: specs/lighting.md §4.
        defaultLightState: attribute('AttributeLevelState', level(100)),
        ...known('actualLightState', levelPercent === null ? null : attribute('AttributeLevelState', level(levelPercent))),
        ...known('targetLightCommand', aimPercent === null ? null : attribute('AttributeCommand', { state: level(aimPercent) })),
      },
      {
        ...{ id: 'monitor', type: 'LampMonitorFunction' },
        lampFailure: attribute('AttributeBoolean', isDead),
        ...known('activePower', powerW === null ? null : attribute('AttributeFloat', powerW)),
      },
    ],
  };
}

/** A logical device for a cabinet. */
export function talqCabinet({ device, label, energyKwh, powerKw, atMs }: KnownCabinet): TalqDevice {
  const timestamp = new Date(atMs).toISOString();
  const attribute = (type: string, value: TalqValue): TalqAttribute => ({ type, value, timestamp });
  return {
    address: talqAddress(device),
    name: label,
    class: CABINET_CLASS,
    functions: [
      {
        ...{ id: 'basic', type: 'BasicFunction' },
        displayName: attribute('AttributeString', label),
        serial: attribute('AttributeString', toHex(device)),
      },
      {
        ...{ id: 'meter', type: 'ElectricalMeterFunction' },
        totalActiveEnergy: attribute('AttributeFloat', energyKwh),
        totalPower: attribute('AttributeFloat', powerKw),
      },
    ],
  };
}

/** The lamps of a section, which are dimmed together, as one group. `address`: any id of 32 bytes. */
export function talqGroup(
  section: { readonly id: Bytes; readonly name: string; readonly lamps: readonly Bytes[] },
  ownerCms: string,
): TalqGroup {
  const members = section.lamps.map((device) => ({ resource: 'devices', address: talqAddress(device) }));
  return { address: talqAddress(section.id), name: section.name, ownerCMS: ownerCms, members };
}

/** What devices of the two classes can do: the functions and attributes that `talqLamp` and `talqCabinet` give. */
export function talqClasses(): readonly object[] {
  const read = (...names: readonly string[]) => names.map((name) => ({ name, readOnly: true }));
  const commands = { scope: 'override', states: [{ name: 'LevelState' }], levels: [{ start: 1, end: 100 }] };
  return [
    {
      name: LAMP_CLASS,
      functions: [
        { functionId: 'basic', type: 'BasicFunction', attributes: read('displayName', 'serial', 'location') },
        {
          ...{ functionId: 'actuator', type: 'LampActuatorFunction' },
          attributes: [...read('defaultLightState', 'actualLightState'), { name: 'targetLightCommand', commands }],
        },
        { functionId: 'monitor', type: 'LampMonitorFunction', attributes: read('lampFailure', 'activePower') },
      ],
    },
    {
      name: CABINET_CLASS,
      functions: [
        { functionId: 'basic', type: 'BasicFunction', attributes: read('displayName', 'serial') },
        { functionId: 'meter', type: 'ElectricalMeterFunction', attributes: read('totalActiveEnergy', 'totalPower') },
      ],
    },
  ];
}
