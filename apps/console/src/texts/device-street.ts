/** What the view of a device says of its zone, of orders to it, and of how far it is believed. */

import type { DeviceTrustJson } from '@oppidum/gateway/api/trust';
import type { LanguageCode } from '@oppidum/pages/languages';

type Because = NonNullable<DeviceTrustJson['because']>;

export type StreetTexts = {
  readonly zoneHeading: string;
  readonly zone: string;
  readonly noZone: string;
  readonly mayOrder: string;
  /** With {count}, {threshold} and {dangerous}. */
  readonly mayOrderSays: string;
  readonly can: string;
  readonly canNothing: string;
  readonly orders: string;
  readonly ordersNone: string;
  readonly trustHeading: string;
  readonly believed: string;
  readonly counts: string;
  readonly countsNot: Readonly<Record<Because, string>>;
  readonly reputation: string;
  /** With {score} and {threshold}. */
  readonly reputationSays: string;
  readonly firmware: string;
  readonly firmwareNone: string;
  readonly permitted: string;
  readonly permittedNot: string;
  readonly attested: string;
  readonly attestedNone: string;
  readonly sold: string;
  readonly cases: string;
  readonly quarantines: string;
  readonly cause: string;
  readonly causes: Readonly<Record<'manual' | 'firmware', string>>;
};

export const STREET_TEXTS: Readonly<Record<LanguageCode, StreetTexts>> = {
  en: {
    zoneHeading: 'Zone and orders',
    zone: 'Zone',
    noZone: 'It belongs to no zone: nobody can order it.',
    mayOrder: 'Who may order it',
    mayOrderSays: '{threshold} of the {count} order keys of its zone; {dangerous} of them for what is dangerous',
    can: 'What can be asked of it',
    canNothing: 'Its maker has described nothing that it could be asked to do.',
    orders: 'Newest orders to it alone',
    ordersNone: 'Nobody has ordered it alone; orders to its whole zone stand with the zone.',
    trustHeading: 'How far it is believed',
    believed: 'Its readings',
    counts: 'count where interlocks need them',
    countsNot: {
      unknown: 'do not count: the ledger knows no such device',
      revoked: 'do not count: it was revoked',
      inactive: 'do not count: it is not in service',
      quarantined: 'do not count: it is in quarantine',
      firmware: 'do not count: its firmware is not permitted',
      reputation: 'do not count: its reputation is too low',
    },
    reputation: 'Reputation',
    reputationSays: '{score} of 1,000 points; below {threshold} nothing of it counts',
    firmware: 'Firmware',
    firmwareNone: 'It has not said what it runs.',
    permitted: 'permitted',
    permittedNot: 'not permitted',
    attested: 'Attested what it is',
    attestedNone: 'never',
    sold: 'Times it was handed on',
    cases: 'Cases of auditors',
    quarantines: 'Quarantines',
    cause: 'Cause',
    causes: { manual: 'somebody decided so', firmware: 'its firmware' },
  },
  et: {
    zoneHeading: 'Piirkond ja korraldused',
    zone: 'Piirkond',
    noZone: 'See ei kuulu ühtegi piirkonda: keegi ei saa sellele korraldusi anda.',
    mayOrder: 'Kes tohib sellele korraldusi anda',
    mayOrderSays: '{threshold} korraldusvõtit piirkonna {count} hulgast; ohtliku puhul {dangerous}',
    can: 'Mida sellelt saab küsida',
    canNothing: 'Tootja pole kirjeldanud midagi, mida sellelt saaks küsida.',
    orders: 'Uusimad korraldused ainult sellele',
    ordersNone: 'Ainult sellele pole keegi midagi korraldanud; korraldused kogu piirkonnale on piirkonna juures.',
    trustHeading: 'Kuivõrd seda usutakse',
    believed: 'Selle näidud',
    counts: 'lähevad arvesse seal, kus blokeeringud neid vajavad',
    countsNot: {
      unknown: 'ei lähe arvesse: pearaamat sellist seadet ei tunne',
      revoked: 'ei lähe arvesse: see on tühistatud',
      inactive: 'ei lähe arvesse: see pole kasutuses',
      quarantined: 'ei lähe arvesse: see on karantiinis',
      firmware: 'ei lähe arvesse: selle püsivara pole lubatud',
      reputation: 'ei lähe arvesse: selle maine on liiga madal',
    },
    reputation: 'Maine',
    reputationSays: '{score} punkti 1000-st; alla {threshold} ei lähe miski sellest arvesse',
    firmware: 'Püsivara',
    firmwareNone: 'See pole öelnud, mida ta käitab.',
    permitted: 'lubatud',
    permittedNot: 'pole lubatud',
    attested: 'Tõendas, mis ta on',
    attestedNone: 'mitte kunagi',
    sold: 'Mitu korda edasi antud',
    cases: 'Audiitorite juhtumeid',
    quarantines: 'Karantiinid',
    cause: 'Mis selle tingis',
    causes: { manual: 'keegi otsustas nii', firmware: 'selle püsivara' },
  },
  zh: {
    zoneHeading: '区域与命令',
    zone: '区域',
    noZone: '它不属于任何区域：没有人能对它下令。',
    mayOrder: '谁可以对它下令',
    mayOrderSays: '其区域 {count} 把命令密钥中的 {threshold} 把；危险的命令需 {dangerous} 把',
    can: '可以要求它做什么',
    canNothing: '制造商没有描述可以要求它做的事。',
    orders: '只对它的最新命令',
    ordersNone: '没有人单独对它下过令；对整个区域的命令见该区域。',
    trustHeading: '它有多可信',
    believed: '它的读数',
    counts: '在联锁需要时有效',
    countsNot: {
      unknown: '无效：账本不认识此设备',
      revoked: '无效：它已被吊销',
      inactive: '无效：它未投入使用',
      quarantined: '无效：它处于隔离中',
      firmware: '无效：其固件未获准许',
      reputation: '无效：其信誉过低',
    },
    reputation: '信誉',
    reputationSays: '1000 分中的 {score} 分；低于 {threshold} 分则一概无效',
    firmware: '固件',
    firmwareNone: '它没有说明运行什么。',
    permitted: '已准许',
    permittedNot: '未准许',
    attested: '证明自身的时间',
    attestedNone: '从未',
    sold: '转手次数',
    cases: '审计案件',
    quarantines: '隔离',
    cause: '起因',
    causes: { manual: '由人决定', firmware: '其固件' },
  },
  ar: {
    zoneHeading: 'المنطقة والأوامر',
    zone: 'المنطقة',
    noZone: 'لا ينتمي إلى أي منطقة: لا يستطيع أحد أن يأمره.',
    mayOrder: 'من يجوز له أن يأمره',
    mayOrderSays: '{threshold} من {count} مفاتيح أوامر لمنطقته؛ و{dangerous} منها لما هو خطير',
    can: 'ما يمكن طلبه منه',
    canNothing: 'لم يصف صانعه شيئًا يمكن طلبه منه.',
    orders: 'أحدث الأوامر إليه وحده',
    ordersNone: 'لم يأمره أحد وحده؛ والأوامر إلى منطقته كلها مذكورة مع المنطقة.',
    trustHeading: 'إلى أي حد يُصدَّق',
    believed: 'قراءاته',
    counts: 'تُحتسب حيث تحتاجها أقفال السلامة',
    countsNot: {
      unknown: 'لا تُحتسب: لا يعرف السجل هذا الجهاز',
      revoked: 'لا تُحتسب: أُبطل الجهاز',
      inactive: 'لا تُحتسب: ليس في الخدمة',
      quarantined: 'لا تُحتسب: هو في الحجر',
      firmware: 'لا تُحتسب: برنامجه الثابت غير مسموح',
      reputation: 'لا تُحتسب: سمعته منخفضة جدًا',
    },
    reputation: 'السمعة',
    reputationSays: '{score} من 1000 نقطة؛ ودون {threshold} لا يُحتسب منه شيء',
    firmware: 'البرنامج الثابت',
    firmwareNone: 'لم يقل ما الذي يشغّله.',
    permitted: 'مسموح',
    permittedNot: 'غير مسموح',
    attested: 'أثبت ما هو',
    attestedNone: 'أبدًا',
    sold: 'مرات انتقال الملكية',
    cases: 'قضايا المدققين',
    quarantines: 'فترات الحجر',
    cause: 'ما أوجبه',
    causes: { manual: 'قرر أحد ذلك', firmware: 'برنامجه الثابت' },
  },
};
