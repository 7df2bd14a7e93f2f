/** What is said of whom this browser trusts, and of a city that does not keep to it. */

import type { LanguageCode } from '@oppidum/pages/languages';

export type TrustTexts = {
  readonly shownDiffers: string;
  readonly provenInstead: string;
  readonly checkpointOld: string;
  readonly followedNow: string;
  readonly wayLost: string;
  readonly followed: string;
  readonly follow: string;
  readonly followNothing: string;
  readonly followRefused: string;
  readonly policyBad: string;
  readonly storedBad: string;
  readonly storageBlocked: string;
  readonly newestSeen: string;
  readonly paste: string;
  readonly pinPasted: string;
  readonly next: string;
};

export const TRUST_TEXTS: Readonly<Record<LanguageCode, TrustTexts>> = {
  en: {
    shownDiffers:
      'The city shows something else than the evidence proves. Do not trust what stands above; what is proven stands below. Keep both and ask who runs this page.',
    provenInstead: 'What is proven instead',
    checkpointOld:
      'The city answers with an older checkpoint than this browser has seen: whoever answers shows you the past. Ask again; if it stays so, save the evidence and compare with somebody else.',
    followedNow: 'The city changed its validators; your browser followed the change, proven under your policy.',
    wayLost:
      'Your policy does not lead to these signatures. If the city changed its validators, follow the change, or ask where you got the policy from:',
    followed: 'Changes of policy followed since, each proven under the one before: {count}',
    follow: 'Follow the changes of the city’s policy',
    followNothing: 'The city has no evidence that leads on from your policy.',
    followRefused:
      'The city gave evidence of a change that does not hold ({verdict}). Nothing was changed; do not trust this address.',
    policyBad: 'This is no policy of a city, and nothing was pinned:',
    storedBad:
      'What this browser had pinned can no longer be read, so nobody is trusted. Pin the policy again from a source you trust:',
    storageBlocked: 'This browser keeps nothing: what you pin is forgotten when you close the page.',
    newestSeen: 'Newest checkpoint believed here: size {size}. An older one is refused from now on.',
    paste: 'Or paste the text of the policy',
    pinPasted: 'Pin what is pasted',
    next: 'Next: check the newest reading',
  },
  et: {
    shownDiffers:
      'Linn näitab midagi muud, kui tõend tõestab. Ära usalda ülalolevat; tõestatud on see, mis allpool. Hoia mõlemad alles ja küsi, kes seda lehte peab.',
    provenInstead: 'Mis on hoopis tõestatud',
    checkpointOld:
      'Linn vastab vanema kontrollpunktiga, kui see brauser on näinud: vastaja näitab sulle minevikku. Küsi uuesti; kui see ei muutu, salvesta tõend ja võrdle kellegi teisega.',
    followedNow: 'Linn vahetas kinnitajaid; su brauser järgis muudatust, mis on su reeglite järgi tõestatud.',
    wayLost:
      'Sinu reeglitest ei vii teed nende allkirjadeni. Kui linn vahetas kinnitajaid, järgi muudatust või küsi sealt, kust reeglid said:',
    followed: 'Sellest ajast järgitud reeglimuudatusi, igaüks eelmise järgi tõestatud: {count}',
    follow: 'Järgi linna reeglite muudatusi',
    followNothing: 'Linnal pole tõendit, mis sinu reeglitest edasi viiks.',
    followRefused: 'Linn andis muudatuse kohta tõendi, mis ei pea ({verdict}). Midagi ei muudetud; ära usalda seda aadressi.',
    policyBad: 'See pole ühegi linna reeglifail ja midagi ei kinnitatud:',
    storedBad:
      'Selle brauseri kinnitatud reegleid ei saa enam lugeda, seega ei usaldata kedagi. Kinnita need uuesti usaldatavast allikast:',
    storageBlocked: 'See brauser ei jäta midagi meelde: kinnitatu ununeb lehe sulgemisel.',
    newestSeen: 'Uusim siin usutud kontrollpunkt: suurus {size}. Vanemast keeldutakse nüüdsest.',
    paste: 'Või kleebi reeglite tekst',
    pinPasted: 'Kinnita kleebitu',
    next: 'Edasi: kontrolli uusimat näitu',
  },
  zh: {
    shownDiffers: '城市所显示的与证据所证明的不同。请勿相信上方内容；已证明的内容在下方。请两者都保留，并询问由谁运行此页。',
    provenInstead: '实际已证明的内容',
    checkpointOld: '城市用了比本浏览器见过的更旧的检查点作答：作答者在给您看过去。请再试；若仍如此，请保存证据并与他人比对。',
    followedNow: '城市更换了验证者；您的浏览器已跟随该变更，并依据您的策略证明。',
    wayLost: '从您的策略通不到这些签名。若城市更换了验证者，请跟随该变更，或向您取得策略之处询问：',
    followed: '此后跟随的策略变更，均在前一策略下证明：{count}',
    follow: '跟随城市策略的变更',
    followNothing: '城市没有能从您的策略继续的证据。',
    followRefused: '城市给出的变更证据不成立（{verdict}）。未作任何更改；请勿信任此地址。',
    policyBad: '这不是任何城市的策略，未固定任何内容：',
    storedBad: '本浏览器固定的内容已无法读取，因此不信任任何人。请从可信来源重新固定策略：',
    storageBlocked: '本浏览器不保存任何内容：关闭页面后即忘记所固定的策略。',
    newestSeen: '此处相信过的最新检查点：大小 {size}。今后拒绝更旧的。',
    paste: '或粘贴策略文本',
    pinPasted: '固定所粘贴的内容',
    next: '下一步：核验最新读数',
  },
  ar: {
    shownDiffers:
      'تعرض المدينة غير ما يثبته الدليل. لا تثق بما هو أعلاه؛ المُثبَت هو ما هو أدناه. احتفظ بهما واسأل من يشغّل هذه الصفحة.',
    provenInstead: 'ما ثبت بدلًا منه',
    checkpointOld:
      'أجابت المدينة بنقطة تحقّق أقدم مما رآه هذا المتصفح: من يجيب يريك الماضي. اسأل مرة أخرى؛ وإن بقي كذلك فاحفظ الدليل وقارنه مع غيرك.',
    followedNow: 'غيّرت المدينة مصدّقيها؛ وتبع متصفحك التغيير مُثبَتًا بحسب سياستك.',
    wayLost: 'لا تقود سياستك إلى هذه التوقيعات. إن كانت المدينة قد غيّرت مصدّقيها فاتبع التغيير، أو اسأل من حصلت منه على السياسة:',
    followed: 'تغييرات السياسة التي اتُّبعت منذ ذلك، كل منها مُثبَت بما قبله: {count}',
    follow: 'اتبع تغييرات سياسة المدينة',
    followNothing: 'ليس لدى المدينة دليل يقود من سياستك إلى ما بعدها.',
    followRefused: 'قدّمت المدينة دليلًا على تغيير لا يصحّ ({verdict}). لم يتغيّر شيء؛ لا تثق بهذا العنوان.',
    policyBad: 'هذه ليست سياسة مدينة، ولم يُثبَّت شيء:',
    storedBad: 'لم يعد ممكنًا قراءة ما ثبّته هذا المتصفح، فلا يُوثَق بأحد. ثبّت السياسة من جديد من مصدر تثق به:',
    storageBlocked: 'هذا المتصفح لا يحفظ شيئًا: يُنسى ما تثبّته عند إغلاق الصفحة.',
    newestSeen: 'أحدث نقطة تحقّق صُدّقت هنا: الحجم {size}. يُرفض الأقدم منها من الآن.',
    paste: 'أو الصق نص السياسة',
    pinPasted: 'ثبّت الملصوق',
    next: 'الخطوة التالية: تحقّق من أحدث قراءة',
  },
};
