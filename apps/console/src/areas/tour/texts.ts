/** What the tour says: the city in five minutes for somebody who never heard of it. */

import type { LanguageCode } from '@oppidum/pages/languages';

type Step = { readonly heading: string; readonly text: string; readonly link: string };

export type TourTexts = {
  readonly heading: string;
  readonly lead: string;
  readonly wordsHeading: string;
  readonly words: readonly (readonly [word: string, meaning: string])[];
  readonly stepsHeading: string;
  readonly steps: Readonly<Record<'look' | 'trust' | 'check' | 'tamper' | 'attack' | 'offline', Step>>;
  readonly limitsHeading: string;
  readonly limits: string;
};

export const TEXTS: Readonly<Record<LanguageCode, TourTexts>> = {
  en: {
    heading: 'What is this?',
    lead: 'A city runs on what its machines and people write down: lamps, pumps, meters, decisions. Oppidum writes it into one record that nobody can change unseen, not even those who run it. You need not believe that: your own browser checks it.',
    wordsHeading: 'Four words',
    words: [
      ['Reading', 'What a device measured. The device signs it with a key of its own, so nobody else can make it or change it.'],
      [
        'Ledger',
        'Signed transactions in blocks: who may do what, which devices exist. About once a second it also fixes everything that devices have said: the readings are then anchored.',
      ],
      [
        'Policy',
        'A small file that names the validators of the city and how many of them must sign. You decide to trust it once; everything else is computed from it.',
      ],
      [
        'Evidence',
        'One small file that leads from a reading, hash by hash, to a checkpoint that those validators signed. Whoever has it can check it without asking anybody.',
      ],
    ],
    stepsHeading: 'Try it',
    steps: {
      look: {
        heading: 'Look',
        text: 'Pick a device on the map or in the list. You see its newest readings, and who it belongs to.',
        link: 'To the city',
      },
      trust: {
        heading: 'Say whom you trust',
        text: 'Pin the policy. From then on this browser believes those signatures and no others.',
        link: 'To the policy',
      },
      check: {
        heading: 'Check',
        text: 'Open a reading and press “Check here”. The browser fetches its evidence, goes through it step by step, and only then says proven.',
        link: 'To the newest reading',
      },
      tamper: {
        heading: 'Tamper',
        text: 'In a demo city you may alter a stored reading yourself, and watch who notices.',
        link: 'To the tamper desk',
      },
      attack: {
        heading: 'Attack',
        text: 'Forge an order, steal a key, turn two crossing roads green: on a city of its own, and see who stops you by which rule.',
        link: 'To the attack desk',
      },
      offline: {
        heading: 'Verify offline',
        text: 'Save the evidence, save the verifier, switch the network off. The answer is the same: it never came from a server.',
        link: 'To the offline verifier',
      },
    },
    limitsHeading: 'What it does not prove',
    limits:
      'That the world was as the device says: a sensor under tape signs what it sees. It proves who said what and when, and that nobody changed it or left it out since.',
  },
  et: {
    heading: 'Mis see on?',
    lead: 'Linn toimib selle järgi, mida tema masinad ja inimesed kirja panevad: lambid, pumbad, arvestid, otsused. Oppidum kirjutab selle ühte kirjesse, mida keegi ei saa märkamatult muuta, ka mitte need, kes seda peavad. Seda ei pea uskuma: sinu enda brauser kontrollib.',
    wordsHeading: 'Neli sõna',
    words: [
      ['Näit', 'Mida seade mõõtis. Seade allkirjastab selle oma võtmega, nii et keegi teine ei saa seda teha ega muuta.'],
      [
        'Pearaamat',
        'Allkirjastatud tehingud plokkides: kes mida tohib, millised seadmed on olemas. Umbes kord sekundis kinnitab see ka kõik, mida seadmed on öelnud: siis on näidud ankurdatud.',
      ],
      [
        'Reeglid',
        'Väike fail, mis nimetab linna kinnitajad ja mitu neist peab allkirjastama. Otsustad korra seda usaldada; kõik muu arvutatakse sellest.',
      ],
      [
        'Tõend',
        'Üks väike fail, mis viib näidust räsi räsi haaval kontrollpunktini, mille need kinnitajad allkirjastasid. Kellel see on, saab kontrollida kelleltki küsimata.',
      ],
    ],
    stepsHeading: 'Proovi',
    steps: {
      look: {
        heading: 'Vaata',
        text: 'Vali kaardilt või loendist seade. Näed selle uusimaid näite ja kellele see kuulub.',
        link: 'Linna juurde',
      },
      trust: {
        heading: 'Ütle, keda usaldad',
        text: 'Kinnita reeglid. Sellest alates usub see brauser neid allkirju ja ei ühtegi teist.',
        link: 'Reeglite juurde',
      },
      check: {
        heading: 'Kontrolli',
        text: 'Ava näit ja vajuta „Kontrolli siin“. Brauser hangib tõendi, käib selle sammhaaval läbi ja ütleb alles siis, et tõestatud.',
        link: 'Uusima näidu juurde',
      },
      tamper: {
        heading: 'Võltsi',
        text: 'Näidislinnas tohid ise salvestatud näitu muuta ja vaadata, kes seda märkab.',
        link: 'Võltsimislaua juurde',
      },
      attack: {
        heading: 'Ründa',
        text: 'Võltsi korraldus, varasta võti, lülita kahele ristuvale teele roheline: eraldi linnas, ja vaata, kes sind millise reegliga peatab.',
        link: 'Rünnakulaua juurde',
      },
      offline: {
        heading: 'Kontrolli võrguta',
        text: 'Salvesta tõend, salvesta kontrollija, lülita võrk välja. Vastus on sama: see ei tulnudki serverist.',
        link: 'Võrguta kontrollija juurde',
      },
    },
    limitsHeading: 'Mida see ei tõesta',
    limits:
      'Et maailm oli selline, nagu seade ütleb: kinni kleebitud andur allkirjastab seda, mida ta näeb. Tõestatakse, kes mida ja millal ütles ning et keegi pole seda pärast muutnud ega välja jätnud.',
  },
  zh: {
    heading: '这是什么？',
    lead: '城市依靠机器和人写下的记录运转：路灯、水泵、电表、决定。Oppidum 把这些写进同一份记录，任何人都无法悄悄改动，运营者也不能。您不必相信这句话：您自己的浏览器会核验。',
    wordsHeading: '四个词',
    words: [
      ['读数', '设备测得的值。设备用自己的密钥签名，别人既造不出，也改不了。'],
      ['账本', '区块中的已签名交易：谁可以做什么、有哪些设备。大约每秒一次，它还会固定设备说过的一切：读数由此被锚定。'],
      ['策略', '一个小文件，写明城市的验证者以及必须有多少个签名。您只需决定一次是否信任它，其余都由它推算得出。'],
      ['证据', '一个小文件，从读数逐个哈希地通向这些验证者签名的检查点。持有它的人不必询问任何人就能核验。'],
    ],
    stepsHeading: '试一试',
    steps: {
      look: { heading: '看', text: '在地图或列表中选一台设备，查看它的最新读数以及它属于谁。', link: '前往城市' },
      trust: { heading: '说明您信任谁', text: '固定策略。从此本浏览器只相信这些签名。', link: '前往策略' },
      check: {
        heading: '核验',
        text: '打开一条读数，按“在此核验”。浏览器取来证据，逐步检查，之后才会说“已证明”。',
        link: '前往最新读数',
      },
      tamper: { heading: '篡改', text: '在演示城市里，您可以亲手改动一条已存的读数，看谁会发现。', link: '前往篡改台' },
      attack: {
        heading: '攻击',
        text: '伪造命令、偷走密钥、让两条交叉道路同时绿灯：在一座专用的城市里试，看谁依据哪条规则拦住您。',
        link: '前往攻击台',
      },
      offline: {
        heading: '离线核验',
        text: '保存证据，保存核验器，断开网络。答案不变：它本来就不是服务器给的。',
        link: '前往离线核验器',
      },
    },
    limitsHeading: '它不能证明什么',
    limits: '不能证明世界确如设备所说：被遮住的传感器也会签下它所看到的。它证明的是谁在何时说了什么，此后无人改动或遗漏。',
  },
  ar: {
    heading: 'ما هذا؟',
    lead: 'تعمل المدينة بما تدوّنه آلاتها وناسها: مصابيح ومضخات وعدادات وقرارات. يكتب Oppidum ذلك في سجل واحد لا يستطيع أحد تغييره خفيةً، ولا حتى من يشغّله. لست مضطرًا إلى تصديق ذلك: متصفحك نفسه يتحقق.',
    wordsHeading: 'أربع كلمات',
    words: [
      ['القراءة', 'ما قاسه الجهاز. يوقّعها الجهاز بمفتاح خاص به، فلا يستطيع غيره صنعها ولا تغييرها.'],
      [
        'السجل',
        'معاملات موقّعة في كتل: من يحق له ماذا، وما الأجهزة الموجودة. ومرة كل ثانية تقريبًا يثبّت أيضًا كل ما قالته الأجهزة: عندئذ تكون القراءات مثبّتة.',
      ],
      ['السياسة', 'ملف صغير يسمّي مصدّقي المدينة وكم منهم يجب أن يوقّع. تقرر مرة واحدة أن تثق به، وكل ما عداه يُحسب منه.'],
      [
        'الدليل',
        'ملف صغير واحد يقود من القراءة، تجزئةً بعد تجزئة، إلى نقطة تحقق وقّعها هؤلاء المصدّقون. من يملكه يتحقق دون أن يسأل أحدًا.',
      ],
    ],
    stepsHeading: 'جرّب',
    steps: {
      look: { heading: 'انظر', text: 'اختر جهازًا على الخريطة أو في القائمة. ترى أحدث قراءاته ولمن هو.', link: 'إلى المدينة' },
      trust: {
        heading: 'قل بمن تثق',
        text: 'ثبّت السياسة. منذ ذلك الحين لا يصدّق هذا المتصفح إلا تلك التوقيعات.',
        link: 'إلى السياسة',
      },
      check: {
        heading: 'تحقق',
        text: 'افتح قراءة واضغط «تحقّق هنا». يجلب المتصفح دليلها ويمر عليه خطوة خطوة، وعندئذ فقط يقول إنها مثبتة.',
        link: 'إلى أحدث قراءة',
      },
      tamper: {
        heading: 'اعبث',
        text: 'في مدينة تجريبية يمكنك أن تغيّر بنفسك قراءة محفوظة، وترى من يلاحظ.',
        link: 'إلى مكتب التلاعب',
      },
      attack: {
        heading: 'هاجِم',
        text: 'زوّر أمرًا، أو اسرق مفتاحًا، أو أضئ الأخضر لطريقين متقاطعين: في مدينة خاصة بذلك، وانظر من يوقفك وبأي قاعدة.',
        link: 'إلى مكتب الهجمات',
      },
      offline: {
        heading: 'تحقق دون اتصال',
        text: 'احفظ الدليل، واحفظ المدقّق، وافصل الشبكة. الجواب نفسه: لم يأتِ من خادم أصلًا.',
        link: 'إلى المدقّق دون اتصال',
      },
    },
    limitsHeading: 'ما لا يثبته',
    limits: 'أن العالم كان كما يقول الجهاز: حسّاس مغطى يوقّع ما يراه. يثبت من قال ماذا ومتى، وأن أحدًا لم يغيّره ولم يحذفه بعد ذلك.',
  },
};
