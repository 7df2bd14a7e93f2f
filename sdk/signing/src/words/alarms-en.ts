/** Acts on alarms in English. */

import type { AlarmWords } from './alarm-words.ts';

export const englishAlarms: AlarmWords = {
  acts: { 'alarm/acknowledge': 'Acknowledge the alarm {cause} of {subject}; what is done about it: {response}' },
  fields: { cause: 'cause', subject: 'about', opening: 'opened by', response: 'what is done about it' },
  choices: {
    'signal-trip': 'a monitor tripped: its signals flash',
    'lamp-dead': 'a lamp should burn and is dark',
    'power-residual': 'power is taken that no lamp explains',
    'device-silent': 'a device is silent',
    'model-silent': 'many devices of a model are silent',
    'device-quarantined': 'a device is in quarantine',
    'device-revoked': 'a device was revoked',
    'interlock-held': 'an interlock held an order back',
    'order-refused': 'the ledger refused an order',
    'order-rejected': 'machines refused an order',
    'break-glass': 'machines were ordered without the city',
    'manual-control': 'a machine was moved by hand',
    'shard-behind': 'readings are not anchored',
    'validator-silent': 'a validator is silent',
    seen: 'looked at; nothing needs to be done',
    'crew-sent': 'somebody is on the way',
    'planned-work': 'it is planned work',
    'false-alarm': 'it is a false alarm',
    'handed-over': 'handed over to others',
  },
};
