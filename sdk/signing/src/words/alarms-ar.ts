/** أعمال على الإنذارات بالعربية. */

import type { AlarmWords } from './alarm-words.ts';

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
