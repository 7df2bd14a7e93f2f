/** Häirete toimingud eesti keeles. */

import type { AlarmWords } from './alarm-words.ts';

export const estonianAlarms: AlarmWords = {
  acts: { 'alarm/acknowledge': 'Võtta teadmiseks häire {cause}, mis puudutab {subject}; mida selle suhtes tehakse: {response}' },
  fields: { cause: 'põhjus', subject: 'mille kohta', opening: 'mis selle avas', response: 'mida selle suhtes tehakse' },
  choices: {
    'signal-trip': 'valvur rakendus: foorid vilguvad',
    'lamp-dead': 'lamp peaks põlema, aga on pime',
    'power-residual': 'võetakse voolu, mida ükski lamp ei seleta',
    'device-silent': 'seade vaikib',
    'model-silent': 'paljud ühe mudeli seadmed vaikivad',
    'device-quarantined': 'seade on karantiinis',
    'device-revoked': 'seade tühistati',
    'interlock-held': 'blokeering pidas korralduse kinni',
    'order-refused': 'pearaamat keeldus korraldusest',
    'order-rejected': 'masinad keeldusid korraldusest',
    'break-glass': 'masinatele anti korraldus linnata',
    'manual-control': 'masinat liigutati käsitsi',
    'shard-behind': 'näite ei ankurdata',
    'validator-silent': 'valideerija vaikib',
    seen: 'üle vaadatud; midagi pole vaja teha',
    'crew-sent': 'keegi on teel',
    'planned-work': 'see on plaaniline töö',
    'false-alarm': 'see on valehäire',
    'handed-over': 'teistele üle antud',
  },
};
