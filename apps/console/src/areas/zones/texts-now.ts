/** What is said of machines as they are now: lamps, and the signals of an intersection. */

import type { LanguageCode } from '@oppidum/pages/languages';
import type { PhaseAspect } from './phases-now.ts';

export type NowTexts = {
  readonly lampsHeard: string;
  /** With {count} and {total}. */
  readonly countOf: string;
  readonly levelMean: string;
  readonly powerSum: string;
  readonly faults: string;
  readonly level: string;
  readonly power: string;
  readonly fault: string;
  readonly measured: string;
  readonly heading: string;
  readonly note: string;
  /** The controller has told nothing of itself yet. */
  readonly silent: string;
  readonly aspect: string;
  readonly mode: string;
  readonly plan: string;
  readonly source: string;
  readonly stage: string;
  readonly monitor: string;
  readonly told: string;
  readonly modes: Readonly<Record<'starting' | 'allRed' | 'running' | 'stopping' | 'flash', string>>;
  readonly sources: Readonly<Record<'local' | 'chosen' | 'ordered' | 'priority', string>>;
  readonly trips: Readonly<
    Record<
      'none' | 'conflict' | 'redFail' | 'dualIndication' | 'shortYellow' | 'shortClearance' | 'watchdog' | 'unreadable',
      string
    >
  >;
  readonly aspects: Readonly<Record<'red' | 'yellow' | 'green' | 'flash', string>>;
  readonly matrixHeading: string;
  readonly matrixNote: string;
  readonly phase: string;
  readonly together: string;
  readonly never: string;
  readonly same: string;
  readonly plansHeading: string;
  readonly number: string;
  readonly name: string;
  readonly purpose: string;
  readonly purposes: Readonly<Record<'ordinary' | 'tram' | 'emergency', string>>;
  readonly control: string;
  readonly controls: Readonly<Record<'fixed' | 'actuated', string>>;
  readonly cycle: string;
  readonly offset: string;
  readonly stages: string;
  readonly running: string;
  readonly documentBad: string;
  /** Where the monitor tripped. */
  readonly latched: string;
  readonly headsHeading: string;
  readonly showsHeading: string;
  readonly forHeading: string;
  /** Of vehicles, and of crossings. */
  readonly shows: Readonly<Record<PhaseAspect, string>>;
  readonly walks: Readonly<Record<PhaseAspect, string>>;
};

export const NOW_TEXTS: Readonly<Record<LanguageCode, NowTexts>> = {
  en: {
    lampsHeard: 'Lamps heard of',
    countOf: '{count} of {total}',
    levelMean: 'Brightness, on average',
    powerSum: 'Power together',
    faults: 'Lamps that report a fault',
    level: 'Brightness',
    power: 'Power',
    fault: 'Fault',
    measured: 'Measured',
    heading: 'The intersection now',
    note: 'Newest values that the controller signed; the lamps in the street may have changed since.',
    silent: 'Its controller has not told mode, plan and monitor yet.',
    aspect: 'Main street shows',
    mode: 'Mode',
    plan: 'Plan',
    source: 'Chosen by',
    stage: 'Stage',
    monitor: 'Conflict monitor',
    told: 'Told',
    modes: {
      starting: 'starting, in flash',
      allRed: 'all red before it begins',
      running: 'running',
      stopping: 'coming to a stop',
      flash: 'flashing',
    },
    sources: {
      local: 'the controller, without the city',
      chosen: 'the traffic it counts',
      ordered: 'an order',
      priority: 'an emergency vehicle or a tram',
    },
    trips: {
      none: 'sees nothing wrong',
      conflict: 'tripped: greens that conflict',
      redFail: 'tripped: a phase showed no lamp',
      dualIndication: 'tripped: a phase showed two lamps',
      shortYellow: 'tripped: a yellow was too short',
      shortClearance: 'tripped: a clearance was too short',
      watchdog: 'tripped: the controller stood still',
      unreadable: 'tripped: it cannot read its matrix',
    },
    aspects: { red: 'red', yellow: 'yellow', green: 'green', flash: 'flashing' },
    matrixHeading: 'Which phases may be green together',
    matrixNote: 'From the matrix that two engineers signed. The monitor has a copy of its own.',
    phase: 'Phase',
    together: 'together',
    never: 'never',
    same: '·',
    plansHeading: 'Plans',
    number: 'Number',
    name: 'Name',
    purpose: 'For',
    purposes: { ordinary: 'ordinary days', tram: 'trams', emergency: 'emergency vehicles' },
    control: 'Control',
    controls: { fixed: 'by the clock', actuated: 'by its detectors' },
    cycle: 'Cycle',
    offset: 'Offset',
    stages: 'Stages: phases, and how long',
    running: 'runs now',
    documentBad: 'The city sent a document that is not the one in force, or cannot be read. Nothing is shown of it.',
    latched:
      'The monitor holds the intersection in flash, through power loss and every order, until somebody is on site and resets it.',
    headsHeading: 'Signal heads',
    showsHeading: 'Shows',
    forHeading: 'For',
    shows: { red: 'red', yellow: 'yellow', green: 'green', dark: 'dark', flash: 'flashing' },
    walks: { red: 'don’t walk', yellow: 'clearing', green: 'walk', dark: 'dark', flash: 'flashing' },
  },
  et: {
    lampsHeard: 'Lampe, millest on kuuldud',
    countOf: '{count} / {total}',
    levelMean: 'Heledus keskmiselt',
    powerSum: 'Võimsus kokku',
    faults: 'Lampe, mis teatavad rikkest',
    level: 'Heledus',
    power: 'Võimsus',
    fault: 'Rike',
    measured: 'Mõõdetud',
    heading: 'Ristmik praegu',
    note: 'Uusimad väärtused, millele kontroller alla kirjutas; tänaval võivad tuled vahepeal muutunud olla.',
    silent: 'Kontroller ei ole režiimi, kava ega valvuri seisu veel öelnud.',
    aspect: 'Peatänav näitab',
    mode: 'Režiim',
    plan: 'Kava',
    source: 'Kelle valitud',
    stage: 'Faasijärk',
    monitor: 'Konfliktivalvur',
    told: 'Öeldud',
    modes: {
      starting: 'käivitub, vilgub',
      allRed: 'kõik punased enne algust',
      running: 'töötab',
      stopping: 'peatub',
      flash: 'vilgub',
    },
    sources: {
      local: 'kontroller, linnata',
      chosen: 'loendatud liiklus',
      ordered: 'korraldus',
      priority: 'alarmsõiduk või tramm',
    },
    trips: {
      none: 'ei näe midagi valesti',
      conflict: 'rakendus: vastuolulised rohelised',
      redFail: 'rakendus: faas ei näidanud ühtki tuld',
      dualIndication: 'rakendus: faas näitas kaht tuld',
      shortYellow: 'rakendus: kollane oli liiga lühike',
      shortClearance: 'rakendus: tühjenemisaeg oli liiga lühike',
      watchdog: 'rakendus: kontroller seisis paigal',
      unreadable: 'rakendus: valvur ei saa oma maatriksit lugeda',
    },
    aspects: { red: 'punast', yellow: 'kollast', green: 'rohelist', flash: 'vilkuvat tuld' },
    matrixHeading: 'Millised faasid tohivad koos rohelised olla',
    matrixNote: 'Maatriksist, millele kaks inseneri alla kirjutasid. Valvuril on oma koopia.',
    phase: 'Faas',
    together: 'koos',
    never: 'mitte kunagi',
    same: '·',
    plansHeading: 'Kavad',
    number: 'Number',
    name: 'Nimi',
    purpose: 'Milleks',
    purposes: { ordinary: 'tavapäevad', tram: 'trammid', emergency: 'alarmsõidukid' },
    control: 'Juhtimine',
    controls: { fixed: 'kella järgi', actuated: 'andurite järgi' },
    cycle: 'Tsükkel',
    offset: 'Nihe',
    stages: 'Järgud: faasid ja kestus',
    running: 'töötab praegu',
    documentBad: 'Linn saatis dokumendi, mis pole kehtiv või mida ei saa lugeda. Sellest ei näidata midagi.',
    latched:
      'Valvur hoiab ristmikku vilkumas, ka läbi elektrikatkestuse ja kõigi korralduste, kuni keegi kohapeal selle lähtestab.',
    headsHeading: 'Foorid',
    showsHeading: 'Näitab',
    forHeading: 'Kestnud',
    shows: { red: 'punane', yellow: 'kollane', green: 'roheline', dark: 'pime', flash: 'vilgub' },
    walks: { red: 'seisa', yellow: 'tühjeneb', green: 'mine', dark: 'pime', flash: 'vilgub' },
  },
  zh: {
    lampsHeard: '有消息的灯',
    countOf: '{count} / {total}',
    levelMean: '平均亮度',
    powerSum: '总功率',
    faults: '报告故障的灯',
    level: '亮度',
    power: '功率',
    fault: '故障',
    measured: '测量时间',
    heading: '路口现状',
    note: '控制器签名的最新数值；此后街上的灯可能已经变化。',
    silent: '控制器尚未告知模式、方案和监视器状态。',
    aspect: '主街显示',
    mode: '模式',
    plan: '方案',
    source: '选择者',
    stage: '阶段',
    monitor: '冲突监视器',
    told: '告知时间',
    modes: { starting: '启动中，闪烁', allRed: '开始前全红', running: '运行中', stopping: '正在停止', flash: '闪烁' },
    sources: { local: '控制器自行，无城市消息', chosen: '所计交通量', ordered: '命令', priority: '紧急车辆或有轨电车' },
    trips: {
      none: '未见异常',
      conflict: '已跳闸：绿灯冲突',
      redFail: '已跳闸：某相位无灯亮',
      dualIndication: '已跳闸：某相位两灯同亮',
      shortYellow: '已跳闸：黄灯过短',
      shortClearance: '已跳闸：清空时间过短',
      watchdog: '已跳闸：控制器停滞',
      unreadable: '已跳闸：无法读取其矩阵',
    },
    aspects: { red: '红灯', yellow: '黄灯', green: '绿灯', flash: '闪烁' },
    matrixHeading: '哪些相位可以同时为绿灯',
    matrixNote: '来自两名工程师签名的矩阵。监视器有自己的一份。',
    phase: '相位',
    together: '可同时',
    never: '绝不',
    same: '·',
    plansHeading: '方案',
    number: '编号',
    name: '名称',
    purpose: '用途',
    purposes: { ordinary: '平日', tram: '有轨电车', emergency: '紧急车辆' },
    control: '控制',
    controls: { fixed: '按时钟', actuated: '按检测器' },
    cycle: '周期',
    offset: '相位差',
    stages: '阶段：相位及时长',
    running: '正在运行',
    documentBad: '城市发来的文件不是现行文件，或无法读取。不予显示。',
    latched: '监视器使路口保持闪烁，断电和任何命令都不能解除，直到有人到现场复位。',
    headsHeading: '信号灯',
    showsHeading: '显示',
    forHeading: '已持续',
    shows: { red: '红灯', yellow: '黄灯', green: '绿灯', dark: '不亮', flash: '闪烁' },
    walks: { red: '禁止通行', yellow: '清空', green: '可以通行', dark: '不亮', flash: '闪烁' },
  },
  ar: {
    lampsHeard: 'مصابيح وردت أخبارها',
    countOf: '{count} من {total}',
    levelMean: 'السطوع في المتوسط',
    powerSum: 'القدرة مجتمعة',
    faults: 'مصابيح تبلّغ عن عطل',
    level: 'السطوع',
    power: 'القدرة',
    fault: 'عطل',
    measured: 'وقت القياس',
    heading: 'التقاطع الآن',
    note: 'أحدث القيم التي وقّعها المتحكم؛ وقد تكون الأضواء في الشارع تغيّرت منذئذ.',
    silent: 'لم يذكر المتحكم الوضع والخطة والمراقب بعد.',
    aspect: 'يعرض الشارع الرئيسي',
    mode: 'الوضع',
    plan: 'الخطة',
    source: 'من اختارها',
    stage: 'المرحلة',
    monitor: 'مراقب التعارض',
    told: 'ذُكر في',
    modes: {
      starting: 'يبدأ وهو يومض',
      allRed: 'كله أحمر قبل البدء',
      running: 'يعمل',
      stopping: 'يتوقف',
      flash: 'يومض',
    },
    sources: {
      local: 'المتحكم دون المدينة',
      chosen: 'حركة المرور التي يعدّها',
      ordered: 'أمر',
      priority: 'مركبة طوارئ أو ترام',
    },
    trips: {
      none: 'لا يرى خطأ',
      conflict: 'قطع: أضواء خضراء متعارضة',
      redFail: 'قطع: طور بلا ضوء',
      dualIndication: 'قطع: طور بضوأين',
      shortYellow: 'قطع: أصفر أقصر مما يجب',
      shortClearance: 'قطع: إخلاء أقصر مما يجب',
      watchdog: 'قطع: توقف المتحكم',
      unreadable: 'قطع: لا يستطيع قراءة مصفوفته',
    },
    aspects: { red: 'أحمر', yellow: 'أصفر', green: 'أخضر', flash: 'وميضًا' },
    matrixHeading: 'أي الأطوار يجوز أن تكون خضراء معًا',
    matrixNote: 'من المصفوفة التي وقّعها مهندسان. وللمراقب نسخته الخاصة.',
    phase: 'الطور',
    together: 'معًا',
    never: 'أبدًا',
    same: '·',
    plansHeading: 'الخطط',
    number: 'الرقم',
    name: 'الاسم',
    purpose: 'لأجل',
    purposes: { ordinary: 'الأيام العادية', tram: 'الترام', emergency: 'مركبات الطوارئ' },
    control: 'التحكم',
    controls: { fixed: 'بالساعة', actuated: 'بكواشفها' },
    cycle: 'الدورة',
    offset: 'الإزاحة',
    stages: 'المراحل: الأطوار ومدتها',
    running: 'تعمل الآن',
    documentBad: 'أرسلت المدينة وثيقة ليست السارية أو لا يمكن قراءتها. لا يُعرض منها شيء.',
    latched: 'يُبقي المراقب التقاطع وامضًا، رغم انقطاع الكهرباء وكل أمر، حتى يحضر أحد إلى المكان ويعيد ضبطه.',
    headsHeading: 'رؤوس الإشارات',
    showsHeading: 'يعرض',
    forHeading: 'منذ',
    shows: { red: 'أحمر', yellow: 'أصفر', green: 'أخضر', dark: 'مطفأ', flash: 'يومض' },
    walks: { red: 'قف', yellow: 'إخلاء', green: 'اعبر', dark: 'مطفأ', flash: 'يومض' },
  },
};
