/** What is said of the act on an alarm, and of alarms wherever one is named, in every language. */

import type { AlarmCause, AlarmResponse } from '@oppidum/formats/alarm';

/** Names of fields in that act. */
export type AlarmFieldName = 'cause' | 'subject' | 'opening' | 'response';

export type AlarmWords = {
  readonly acts: { readonly 'alarm/acknowledge': string };
  readonly fields: Readonly<Record<AlarmFieldName, string>>;
  readonly choices: Readonly<Record<AlarmCause | AlarmResponse, string>>;
};

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

export const chineseAlarms: AlarmWords = {
  acts: { 'alarm/acknowledge': '确认关于 {subject} 的警报 {cause}；处理方式：{response}' },
  fields: { cause: '原因', subject: '关于', opening: '由何触发', response: '处理方式' },
  choices: {
    'signal-trip': '监视器跳闸，信号灯闪烁',
    'lamp-dead': '灯该亮却不亮',
    'power-residual': '有灯具无法解释的用电',
    'device-silent': '一台设备已静默',
    'model-silent': '同型号许多设备静默',
    'device-quarantined': '一台设备处于隔离中',
    'device-revoked': '一台设备已被撤销',
    'interlock-held': '联锁拦住了一条命令',
    'order-refused': '账本拒绝了一条命令',
    'order-rejected': '机器拒绝了一条命令',
    'break-glass': '未经城市对机器下达了命令',
    'manual-control': '一台机器被手动操作',
    'shard-behind': '读数未被锚定',
    'validator-silent': '一个验证者已静默',
    seen: '已查看；无需处理',
    'crew-sent': '已派人前往',
    'planned-work': '属于计划内工作',
    'false-alarm': '误报',
    'handed-over': '已移交他人',
  },
};

export const arabicAlarms: AlarmWords = {
  acts: { 'alarm/acknowledge': 'الإقرار بالإنذار {cause} بشأن {subject}؛ وما يُفعل حياله: {response}' },
  fields: { cause: 'السبب', subject: 'بشأن', opening: 'ما فتحه', response: 'ما يُفعل حياله' },
  choices: {
    'signal-trip': 'تدخّل مراقب: إشاراته تومض',
    'lamp-dead': 'مصباح يجب أن يضيء وهو مظلم',
    'power-residual': 'تُسحب كهرباء لا يفسرها أي مصباح',
    'device-silent': 'جهاز صامت',
    'model-silent': 'أجهزة كثيرة من طراز صامتة',
    'device-quarantined': 'جهاز في الحجر',
    'device-revoked': 'أُلغي جهاز',
    'interlock-held': 'حجز تعشيق أمان أمرًا',
    'order-refused': 'رفض السجل أمرًا',
    'order-rejected': 'رفضت آلات أمرًا',
    'break-glass': 'أُمرت آلات دون المدينة',
    'manual-control': 'حُرّكت آلة يدويًا',
    'shard-behind': 'القراءات لا تُثبَّت',
    'validator-silent': 'مدقق صامت',
    seen: 'اطُّلع عليه؛ ولا يلزم شيء',
    'crew-sent': 'شخص في الطريق',
    'planned-work': 'عمل مخطط له',
    'false-alarm': 'إنذار كاذب',
    'handed-over': 'سُلّم إلى آخرين',
  },
};
