/** What is said of what lamps saved, and of what does not add up. */

import type { LanguageCode } from '@oppidum/pages/languages';

export type LightingTexts = {
  readonly heading: string;
  /** {from}, {to}, {counted}, {lamps} */
  readonly span: string;
  readonly nothing: string;
  readonly used: string;
  readonly undimmed: string;
  readonly halfNight: string;
  readonly saved: string;
  readonly savedHalfNight: string;
  /** {energy}, {share} */
  readonly savedSay: string;
  readonly money: string;
  readonly co2: string;
  readonly assumptions: string;
  readonly price: string;
  readonly grams: string;
  readonly assumed: string;
  readonly levels: string;
  readonly power: string;
  readonly table: string;
  readonly until: string;
  readonly faultsHeading: string;
  readonly faultsNone: string;
  /** {time} */
  readonly dead: string;
  readonly cabinetsHeading: string;
  readonly cabinetsNote: string;
  readonly cabinetsNone: string;
  readonly cabinetsMore: string;
  readonly cabinet: string;
  readonly lamps: string;
  readonly savedShort: string;
  readonly residual: string;
  /** {power}, {uncertainty} */
  readonly plusMinus: string;
  readonly found: string;
  readonly foundNothing: string;
  readonly foundOpen: string;
  readonly notYet: string;
  /** {count} */
  readonly deadOf: string;
  /** {power}, {uncertainty}, {from}, {to} */
  readonly stolen: string;
  /** {dead}, {stolen} */
  readonly hidden: string;
};

export const LIGHTING_TEXTS: Readonly<Record<LanguageCode, LightingTexts>> = {
  en: {
    heading: 'Electricity saved so far',
    span: 'From {from} to {to}, of {counted} of {lamps} lamps, by nothing but what they signed.',
    nothing: 'No lamp has told yet how bright it is and what it takes.',
    used: 'Taken',
    undimmed: 'Never dimmed',
    halfNight: 'Half-night switching',
    saved: 'Saved against never dimmed',
    savedHalfNight: 'Saved against half-night switching',
    savedSay: '{energy} ({share})',
    money: 'Money',
    co2: 'CO₂',
    assumptions: 'Money and CO₂ at',
    price: 'EUR for a kWh',
    grams: 'grams of CO₂ for a kWh',
    assumed:
      'Never dimmed: the same lamps burning at the same times with full light; the full power of a lamp is what it took for its brightness. Half-night switching: every second lamp off from 23:00 to 05:00. Price and CO₂ are assumptions; put in your own. A dead lamp saves nothing.',
    levels: 'Brightness, on average',
    power: 'Power together',
    table: 'The same as a table',
    until: 'Until',
    faultsHeading: 'Faults',
    faultsNone: 'No lamp says that it is told to burn and does not.',
    dead: 'told to burn and dark, said at {time}',
    cabinetsHeading: 'Does the electricity add up?',
    cabinetsNote:
      'Over the last three hours, cabinet by cabinet: what its meter counted against what its lamps explain. Which lamps hang on which meter is a document that the order keys signed.',
    cabinetsNone: 'Nobody has signed yet which lamps hang on which meter.',
    cabinetsMore: 'The first {shown} of {count} cabinets; all of them: oppidum zone cabinets.',
    cabinet: 'Cabinet',
    lamps: 'Lamps',
    savedShort: 'Saved',
    residual: 'Beyond what lamps explain',
    plusMinus: '{power} ± {uncertainty}',
    found: 'Found',
    foundNothing: 'nothing: it adds up',
    foundOpen: 'something is left that no finding explains',
    notYet: 'not all of them spoke while levels stood still',
    deadOf: 'lamps that take nothing: {count}, among',
    stolen: 'stolen: {power} ± {uncertainty}, from {from} to {to}',
    hidden: 'The bounds of errors may hide up to {dead} dead lamps of a cabinet and theft of {stolen}.',
  },
  et: {
    heading: 'Seni säästetud elekter',
    span: 'Ajast {from} kuni {to}, {counted} lampi {lamps} lambist, ainult selle järgi, millele nad alla kirjutasid.',
    nothing: 'Ükski lamp ei ole veel öelnud, kui hele ta on ja kui palju võtab.',
    used: 'Kulus',
    undimmed: 'Ilma hämardamata',
    halfNight: 'Pooleöine lülitus',
    saved: 'Säästetud võrreldes hämardamata valgusega',
    savedHalfNight: 'Säästetud võrreldes pooleöise lülitusega',
    savedSay: '{energy} ({share})',
    money: 'Raha',
    co2: 'CO₂',
    assumptions: 'Raha ja CO₂ eeldusel',
    price: 'EUR kWh eest',
    grams: 'grammi CO₂ kWh kohta',
    assumed:
      'Ilma hämardamata: samad lambid põlevad samal ajal täisvalgusega; lambi täisvõimsus on see, mida ta oma heleduse kohta võttis. Pooleöine lülitus: iga teine lamp on kustunud kella 23.00–05.00. Hind ja CO₂ on eeldused; pane enda omad. Surnud lamp ei säästa midagi.',
    levels: 'Heledus keskmiselt',
    power: 'Võimsus kokku',
    table: 'Sama tabelina',
    until: 'Kuni',
    faultsHeading: 'Rikked',
    faultsNone: 'Ükski lamp ei ütle, et peaks põlema, kuid ei põle.',
    dead: 'peaks põlema, on pime; öeldud {time}',
    cabinetsHeading: 'Kas elekter klapib?',
    cabinetsNote:
      'Viimase kolme tunni kohta, kapp kapi haaval: mida arvesti loendas võrreldes sellega, mida lambid selgitavad. Milline lamp on millise arvesti taga, ütleb dokument, millele korraldusvõtmed alla kirjutasid.',
    cabinetsNone: 'Keegi ei ole veel alla kirjutanud, milline lamp on millise arvesti taga.',
    cabinetsMore: 'Esimesed {shown} kappi {count} kapist; kõik: oppidum zone cabinets.',
    cabinet: 'Kapp',
    lamps: 'Lampe',
    savedShort: 'Säästetud',
    residual: 'Üle lampide selgitatu',
    plusMinus: '{power} ± {uncertainty}',
    found: 'Leitud',
    foundNothing: 'mitte midagi: klapib',
    foundOpen: 'jääb midagi, mida ükski leid ei selgita',
    notYet: 'kõik ei ole rääkinud, kui heledus püsis',
    deadOf: 'lampe, mis ei võta midagi: {count}, nende hulgas',
    stolen: 'varastatud: {power} ± {uncertainty}, ajast {from} kuni {to}',
    hidden: 'Vigade piirid võivad varjata kapi kohta kuni {dead} surnud lampi ja vargust {stolen}.',
  },
  zh: {
    heading: '至今节省的电力',
    span: '自 {from} 至 {to}，{lamps} 盏灯中的 {counted} 盏，只依据它们签名的数值。',
    nothing: '还没有灯说过自己的亮度和功率。',
    used: '已用',
    undimmed: '从不调光',
    halfNight: '半夜灯',
    saved: '比从不调光节省',
    savedHalfNight: '比半夜灯节省',
    savedSay: '{energy}（{share}）',
    money: '金额',
    co2: 'CO₂',
    assumptions: '金额和 CO₂ 的假设',
    price: '欧元每千瓦时',
    grams: '克 CO₂ 每千瓦时',
    assumed:
      '从不调光：同样的灯在同样的时间全亮；一盏灯的全功率由其亮度对应的功率得出。半夜灯：23:00 至 05:00 每隔一盏熄灭。价格和 CO₂ 是假设，请填您自己的数值。坏灯不算节省。',
    levels: '平均亮度',
    power: '总功率',
    table: '同样内容的表格',
    until: '至',
    faultsHeading: '故障',
    faultsNone: '没有灯说自己应亮而未亮。',
    dead: '应亮而未亮，说于 {time}',
    cabinetsHeading: '电量对得上吗？',
    cabinetsNote: '最近三小时，逐个配电箱：电表所计与灯所能解释的相比。哪些灯接在哪块电表上，是命令密钥签名的文件。',
    cabinetsNone: '还没有人签名说明哪些灯接在哪块电表上。',
    cabinetsMore: '{count} 个配电箱中的前 {shown} 个；全部：oppidum zone cabinets。',
    cabinet: '配电箱',
    lamps: '灯数',
    savedShort: '节省',
    residual: '灯无法解释的部分',
    plusMinus: '{power} ± {uncertainty}',
    found: '发现',
    foundNothing: '无：对得上',
    foundOpen: '还有无法解释的剩余',
    notYet: '亮度稳定时并非全部发过言',
    deadOf: '不耗电的灯：{count}，其中可能是',
    stolen: '被盗：{power} ± {uncertainty}，自 {from} 至 {to}',
    hidden: '误差界限可能在一个配电箱掩盖至多 {dead} 盏坏灯和 {stolen} 的窃电。',
  },
  ar: {
    heading: 'الكهرباء الموفَّرة حتى الآن',
    span: 'من {from} إلى {to}، من {counted} من أصل {lamps} مصباحًا، بما وقّعته وحده.',
    nothing: 'لم يقل أي مصباح بعد كم سطوعه وكم يستهلك.',
    used: 'المستهلَك',
    undimmed: 'دون تعتيم',
    halfNight: 'إطفاء نصف الليل',
    saved: 'الموفَّر مقارنةً بعدم التعتيم',
    savedHalfNight: 'الموفَّر مقارنةً بإطفاء نصف الليل',
    savedSay: '{energy} ({share})',
    money: 'المال',
    co2: 'CO₂',
    assumptions: 'المال و CO₂ على افتراض',
    price: 'يورو لكل كيلوواط ساعة',
    grams: 'غرام CO₂ لكل كيلوواط ساعة',
    assumed:
      'دون تعتيم: المصابيح نفسها مضاءة في الأوقات نفسها بكامل الضوء؛ والقدرة الكاملة للمصباح هي ما استهلكه بقدر سطوعه. إطفاء نصف الليل: كل مصباح ثانٍ مطفأ من 23:00 إلى 05:00. السعر و CO₂ افتراضان؛ ضع ما عندك. المصباح الميت لا يوفّر شيئًا.',
    levels: 'السطوع في المتوسط',
    power: 'القدرة مجتمعة',
    table: 'الشيء نفسه في جدول',
    until: 'حتى',
    faultsHeading: 'الأعطال',
    faultsNone: 'لا يقول أي مصباح إنه مأمور بالإضاءة ولا يضيء.',
    dead: 'مأمور بالإضاءة وهو مظلم، قيل في {time}',
    cabinetsHeading: 'هل تتطابق الكهرباء؟',
    cabinetsNote:
      'خلال الساعات الثلاث الأخيرة، خزانة بعد خزانة: ما عدّه عدّادها مقابل ما تفسّره مصابيحها. أي المصابيح على أي عدّاد وثيقةٌ وقّعتها مفاتيح الأوامر.',
    cabinetsNone: 'لم يوقّع أحد بعد أي المصابيح على أي عدّاد.',
    cabinetsMore: 'أول {shown} من {count} خزائن؛ كلها: oppidum zone cabinets.',
    cabinet: 'الخزانة',
    lamps: 'المصابيح',
    savedShort: 'الموفَّر',
    residual: 'فوق ما تفسّره المصابيح',
    plusMinus: '{power} ± {uncertainty}',
    found: 'ما وُجد',
    foundNothing: 'لا شيء: متطابقة',
    foundOpen: 'يبقى شيء لا يفسّره أي اكتشاف',
    notYet: 'لم تتكلم كلها والسطوع ثابت',
    deadOf: 'مصابيح لا تستهلك شيئًا: {count}، من بين',
    stolen: 'مسروق: {power} ± {uncertainty}، من {from} إلى {to}',
    hidden: 'قد تخفي حدود الأخطاء حتى {dead} من المصابيح الميتة في الخزانة وسرقة قدرها {stolen}.',
  },
};
