/** What the view of a device says beside what every view says. */

import type { LanguageCode } from '@oppidum/pages/languages';

export type DeviceTexts = {
  readonly owner: string;
  readonly ownerNote: string;
  readonly registeredBy: string;
  readonly suspensions: string;
  readonly reason: string;
  readonly mayHeading: string;
  readonly act: string;
  readonly who: string;
  readonly byKey: string;
  readonly acts: Readonly<
    Record<'suspend' | 'resume' | 'quarantine' | 'release' | 'revoke' | 'transfer' | 'rotate' | 'grade' | 'order', string>
  >;
  readonly maker: string;
  readonly holder: string;
  readonly operators: string;
  readonly itself: string;
  readonly engineers: string;
  readonly keyNeeds: Readonly<Record<'everyday' | 'full' | 'own' | 'zone', string>>;
  readonly ordersNote: string;
  readonly rowsNote: string;
  readonly before: string;
  readonly saveCsv: string;
  readonly pausedNote: string;
  readonly latestEnvelope: string;
  readonly headerHeading: string;
  readonly recordsHeading: string;
  readonly field: string;
  readonly meaning: string;
  readonly sizes: string;
  readonly envelopeBad: string;
  readonly digestDiffers: string;
  readonly headers: Readonly<
    Record<'algorithm' | 'contentType' | 'device' | 'keyNumber' | 'audience' | 'sequence' | 'nonce' | 'clockError', string>
  >;
  readonly parts: Readonly<Record<'envelope' | 'header' | 'payload' | 'signature', string>>;
};

export const DEVICE_TEXTS: Readonly<Record<LanguageCode, DeviceTexts>> = {
  en: {
    owner: 'Owner',
    ownerNote:
      'Until a device is sold, the account of its maker owns it; after a sale the newest link of its voucher says who does.',
    registeredBy: 'Registered by',
    suspensions: 'Suspensions',
    reason: 'Reason',
    mayHeading: 'Who may act on it',
    act: 'Act',
    who: 'Who',
    byKey: 'By which key',
    acts: {
      suspend: 'Suspend',
      resume: 'Resume',
      quarantine: 'Set it apart',
      release: 'Release it from quarantine',
      revoke: 'Revoke for good',
      transfer: 'Sell it on',
      rotate: 'Change its key',
      grade: 'Change who signs for it',
      order: 'Order it to do something',
    },
    maker: 'its maker',
    holder: 'its owner',
    operators: 'role operator',
    itself: 'the device itself: the old key hands over to the new one',
    engineers: 'whoever holds order keys of its zone',
    keyNeeds: {
      everyday: 'everyday or full',
      full: 'full',
      own: 'its own two keys',
      zone: 'order keys of the zone, as many as it asks for',
    },
    ordersNote:
      'No account orders a machine: order keys do, and an account only hands the order in. What stands here changes no order key.',
    rowsNote: 'Newest first by the time that the device signed. Older ones load as you scroll: {loaded} of {total} are here.',
    before: 'Only before',
    saveCsv: 'Save all values as CSV',
    pausedNote: 'Newer readings wait until you scroll back to the top.',
    latestEnvelope: 'Its latest envelope, decoded',
    headerHeading: 'Signed header (COSE_Sign1)',
    recordsHeading: 'Records (SenML)',
    field: 'Field',
    meaning: 'Value',
    sizes: 'Sizes in bytes',
    envelopeBad: 'This envelope cannot be read ({code}): the city sent something that no device signs.',
    digestDiffers: 'The digest of these bytes is not the id that is shown: the city sent another envelope.',
    headers: {
      algorithm: 'Algorithm',
      contentType: 'Content type',
      device: 'Device',
      keyNumber: 'Key number',
      audience: 'For which city',
      sequence: 'Sequence number',
      nonce: 'Random part',
      clockError: 'Clock off by at most, ms',
    },
    parts: { envelope: 'whole envelope', header: 'signed header', payload: 'records', signature: 'signature' },
  },
  et: {
    owner: 'Omanik',
    ownerNote: 'Kuni seade pole müüdud, kuulub see tootja kontole; pärast müüki ütleb omanditõendi uusim lüli, kellele.',
    registeredBy: 'Registreeris',
    suspensions: 'Peatamised',
    reason: 'Põhjus',
    mayHeading: 'Kes tohib sellega midagi teha',
    act: 'Toiming',
    who: 'Kes',
    byKey: 'Millise võtmega',
    acts: {
      suspend: 'Peatada',
      resume: 'Taas käivitada',
      quarantine: 'Panna karantiini',
      release: 'Vabastada karantiinist',
      revoke: 'Lõplikult tühistada',
      transfer: 'Edasi müüa',
      rotate: 'Vahetada selle võtit',
      grade: 'Vahetada, kes selle eest allkirjastab',
      order: 'Anda talle korraldus',
    },
    maker: 'selle tootja',
    holder: 'selle omanik',
    operators: 'operaatori roll',
    itself: 'seade ise: vana võti annab uuele üle',
    engineers: 'kellel on selle piirkonna korraldusvõtmed',
    keyNeeds: {
      everyday: 'igapäevase või täieliku',
      full: 'täieliku',
      own: 'tema enda kahe võtmega',
      zone: 'piirkonna korraldusvõtmed, nii mitu kui vaja',
    },
    ordersNote:
      'Ükski konto ei anna masinale korraldusi: seda teevad korraldusvõtmed, konto ainult esitab korralduse. Konto õigused korraldusvõtmeid ei muuda.',
    rowsNote: 'Uuemad ees, seadme allkirjastatud aja järgi. Vanemad laaditakse kerimisel: {loaded} / {total} on siin.',
    before: 'Ainult enne',
    saveCsv: 'Salvesta kõik väärtused CSV-failina',
    pausedNote: 'Uuemad näidud ootavad, kuni kerid tagasi üles.',
    latestEnvelope: 'Selle viimane ümbrik lahti kodeerituna',
    headerHeading: 'Allkirjastatud päis (COSE_Sign1)',
    recordsHeading: 'Kirjed (SenML)',
    field: 'Väli',
    meaning: 'Väärtus',
    sizes: 'Suurused baitides',
    envelopeBad: 'Seda ümbrikku ei saa lugeda ({code}): linn saatis midagi, mida ükski seade ei allkirjasta.',
    digestDiffers: 'Nende baitide räsi pole see tunnus, mida näidatakse: linn saatis teise ümbriku.',
    headers: {
      algorithm: 'Algoritm',
      contentType: 'Sisu liik',
      device: 'Seade',
      keyNumber: 'Võtme number',
      audience: 'Millisele linnale',
      sequence: 'Järjekorranumber',
      nonce: 'Juhuslik osa',
      clockError: 'Kell eksib kuni, ms',
    },
    parts: { envelope: 'kogu ümbrik', header: 'allkirjastatud päis', payload: 'kirjed', signature: 'allkiri' },
  },
  zh: {
    owner: '所有者',
    ownerNote: '设备出售之前归其制造商的账户所有；出售之后由凭证的最新一环说明归谁。',
    registeredBy: '注册者',
    suspensions: '暂停记录',
    reason: '原因',
    mayHeading: '谁可以对它操作',
    act: '操作',
    who: '谁',
    byKey: '用哪种密钥',
    acts: {
      suspend: '暂停',
      resume: '恢复',
      quarantine: '隔离',
      release: '解除隔离',
      revoke: '永久撤销',
      transfer: '转售',
      rotate: '更换密钥',
      grade: '更换由谁代签',
      order: '命令它做某事',
    },
    maker: '其制造商',
    holder: '其所有者',
    operators: '操作员角色',
    itself: '设备自己：旧密钥移交给新密钥',
    engineers: '持有其区域命令密钥的人',
    keyNeeds: { everyday: '日常或完全密钥', full: '完全密钥', own: '它自己的两个密钥', zone: '该区域要求数量的命令密钥' },
    ordersNote: '任何账户都不能对机器下令：下令的是命令密钥，账户只是提交命令。此处的权利不改变命令密钥。',
    rowsNote: '按设备签署的时间，最新在前。滚动时加载更早的：已载入 {loaded} / {total}。',
    before: '仅限此前',
    saveCsv: '将所有值保存为 CSV',
    pausedNote: '回到顶部之前，更新的读数暂不插入。',
    latestEnvelope: '其最新信封（已解码）',
    headerHeading: '已签名的头部（COSE_Sign1）',
    recordsHeading: '记录（SenML）',
    field: '字段',
    meaning: '值',
    sizes: '大小（字节）',
    envelopeBad: '无法读取此信封（{code}）：城市发来的不是任何设备会签署的内容。',
    digestDiffers: '这些字节的摘要与所示标识不同：城市发来了另一个信封。',
    headers: {
      algorithm: '算法',
      contentType: '内容类型',
      device: '设备',
      keyNumber: '密钥编号',
      audience: '针对哪座城市',
      sequence: '序号',
      nonce: '随机部分',
      clockError: '时钟误差上限（毫秒）',
    },
    parts: { envelope: '整个信封', header: '已签名的头部', payload: '记录', signature: '签名' },
  },
  ar: {
    owner: 'المالك',
    ownerNote: 'يملك الجهازَ حسابُ صانعه ما لم يُبَع، وبعد البيع تقول أحدث حلقة في سند ملكيته من يملكه.',
    registeredBy: 'سجّله',
    suspensions: 'فترات الإيقاف',
    reason: 'السبب',
    mayHeading: 'من يحقّ له العمل عليه',
    act: 'العمل',
    who: 'من',
    byKey: 'بأي مفتاح',
    acts: {
      suspend: 'إيقافه',
      resume: 'إعادته إلى العمل',
      quarantine: 'وضعه في الحجر',
      release: 'إخراجه من الحجر',
      revoke: 'إلغاؤه نهائيًا',
      transfer: 'بيعه',
      rotate: 'تغيير مفتاحه',
      grade: 'تغيير من يوقّع عنه',
      order: 'أمره بفعل شيء',
    },
    maker: 'صانعه',
    holder: 'مالكه',
    operators: 'دور المشغّل',
    itself: 'الجهاز نفسه: يسلّم المفتاح القديم إلى الجديد',
    engineers: 'من يملك مفاتيح أوامر منطقته',
    keyNeeds: { everyday: 'يومي أو كامل', full: 'كامل', own: 'مفتاحاه', zone: 'مفاتيح أوامر المنطقة، بالعدد الذي تطلبه' },
    ordersNote: 'لا يأمر أي حساب آلة: مفاتيح الأوامر هي التي تأمر، والحساب يقدّم الأمر فحسب. وما هنا لا يغيّر أي مفتاح أوامر.',
    rowsNote: 'الأحدث أولًا بحسب الوقت الذي وقّعه الجهاز. يُحمَّل الأقدم أثناء التمرير: هنا {loaded} من {total}.',
    before: 'ما قبل',
    saveCsv: 'احفظ كل القيم بصيغة CSV',
    pausedNote: 'تنتظر القراءات الأحدث حتى تعود إلى الأعلى.',
    latestEnvelope: 'أحدث مغلّف له، مفكوك الترميز',
    headerHeading: 'الترويسة الموقّعة (COSE_Sign1)',
    recordsHeading: 'السجلات (SenML)',
    field: 'الحقل',
    meaning: 'القيمة',
    sizes: 'الأحجام بالبايت',
    envelopeBad: 'لا يمكن قراءة هذا المغلّف ({code}): أرسلت المدينة ما لا يوقّعه أي جهاز.',
    digestDiffers: 'بصمة هذه البايتات ليست المعرّف المعروض: أرسلت المدينة مغلّفًا آخر.',
    headers: {
      algorithm: 'الخوارزمية',
      contentType: 'نوع المحتوى',
      device: 'الجهاز',
      keyNumber: 'رقم المفتاح',
      audience: 'لأي مدينة',
      sequence: 'الرقم التسلسلي',
      nonce: 'الجزء العشوائي',
      clockError: 'خطأ الساعة الأقصى، مللي ثانية',
    },
    parts: { envelope: 'المغلّف كله', header: 'الترويسة الموقّعة', payload: 'السجلات', signature: 'التوقيع' },
  },
};
