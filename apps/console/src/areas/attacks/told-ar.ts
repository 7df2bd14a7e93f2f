/** Attacks in Arabic. */

import type { Told } from './told.ts';

export const TOLD_AR: Told = {
  // What each is called.
  'forged-order': 'أمر مزوَّر',
  'replayed-order': 'أمر معاد إرساله',
  'stolen-key': 'مفتاح مسروق',
  'tampered-broker': 'وسيط عابث',
  'cloned-device': 'نسخة جهاز بلا مفتاح',
  'cloned-key': 'نسخة جهاز معها المفتاح',
  'firmware-swap': 'برنامج ثابت مستبدل',
  'double-sale': 'بيع مزدوج',
  'frozen-detector': 'كاشف متجمد',
  'false-readings': 'قراءات كاذبة',
  'stolen-power': 'كهرباء مسروقة',
  'withheld-readings': 'قراءات محجوبة',
  'lying-gateway': 'بوابة كاذبة',
  'withheld-events': 'أحداث محجوبة',
  'edited-database': 'قاعدة بيانات معدّلة',
  'conflicting-greens': 'أضواء خضراء متعارضة',
  'hijacked-controller': 'متحكم مخترق',
  'equivocating-validator': 'مدقق بتاريخين',
  // Who has what, and does what with it.
  'Somebody on the network of a lamp, without any key of its zone, signs a break-glass order and hands it to the lamp.':
    'شخص على شبكة مصباح، بلا أي مفتاح لمنطقته، يوقّع أمرًا طارئًا ويسلّمه إلى المصباح.',
  'Somebody kept a true order that the lamp obeyed, waits until the lamp was without power, and sends it again.':
    'احتفظ شخص بأمر صحيح أطاعه المصباح، وينتظر حتى تنقطع عنه الكهرباء ثم يرسله من جديد.',
  'A thief has one of the two order keys of the zone and the operator’s account, and orders what is dangerous.':
    'لدى لص أحد مفتاحي أوامر المنطقة وحساب المشغّل، فيأمر بما هو خطير.',
  'The broker saw a true break-glass order, writes the lamp’s newest challenge into it, and delivers it once more.':
    'رأى الوسيط أمرًا طارئًا صحيحًا، فيكتب فيه أحدث تحدٍّ للمصباح ويسلّمه مرة أخرى.',
  'A clone with the copied id of the lamp, but not its key, asks the gateway for the lamp’s orders.':
    'نسخة تحمل معرّف المصباح المنسوخ دون مفتاحه تطلب من البوابة أوامر المصباح.',
  'A clone that has a sensor’s key as well as its id signs a reading of its own under a number that the sensor has used.':
    'نسخة لديها مفتاح حساس ومعرّفه توقّع قراءة لها برقم استخدمه الحساس من قبل.',
  'Somebody puts an image of their own on a lamp; its boot loader, which measures what it starts, reports it by the lamp’s key.':
    'يضع شخص برنامجًا ثابتًا من صنعه على مصباح؛ فيبلّغ محمّل الإقلاع، الذي يقيس ما يشغّله، عن ذلك بمفتاح المصباح.',
  'The owner of the lamp sells it to one buyer and then, by the same link of its voucher, to another.':
    'يبيع مالك المصباح مصباحه لمشترٍ ثم يبيعه لآخر بالحلقة نفسها من سند ملكيته.',
  'Somebody holds the loop of a road still at few vehicles, so that its lamps stay dim on a busy night; each reading is truly signed.':
    'يُبقي شخص حلقة الكشف في طريق ثابتة على مركبات قليلة، فتبقى المصابيح خافتة في ليلة مزدحمة؛ وكل قراءة موقّعة توقيعًا صحيحًا.',
  'One of two wind sensors signs with its true key that the air is calm, so that somebody is sent up a ladder.':
    'يوقّع أحد حساسي الريح بمفتاحه الصحيح أن الهواء ساكن، فيُرسَل شخص إلى أعلى السلّم.',
  'Somebody taps the cable of a lighting cabinet when its lamps go to full light, so that the meter shows more at the right moment.':
    'يسحب شخص الكهرباء من كابل خزانة إنارة حين تنتقل مصابيحها إلى الضوء الكامل، فيزيد العدّاد في اللحظة المناسبة.',
  'A gateway that is asked for every reading of the lamp leaves one out; all that it shows is true.':
    'بوابة يُطلب منها كل قراءات المصباح تُسقط واحدة؛ وكل ما تعرضه صحيح.',
  'A gateway answers the question whose keys a zone obeys with evidence into which it wrote a key of its own.':
    'تجيب بوابة عن سؤال: مفاتيح مَن تطيع المنطقة، بدليل كتبت فيه مفتاحًا لها.',
  'A gateway that is asked for every suspension of a device leaves one out, and its event out of the transaction that made it.':
    'بوابة يُطلب منها كل إيقاف لجهاز تُسقط واحدًا، وتُسقط حدثه من المعاملة التي أوجدته.',
  'The operator changes a stored number behind the back of the services, in the database of a copy of the city.':
    'يغيّر المشغّل رقمًا مخزّنًا من وراء ظهر الخدمات، في قاعدة بيانات نسخة من المدينة.',
  'An operator with both engineers’ true keys signs a plan that gives two crossing roads green at once.':
    'مشغّل لديه المفتاحان الصحيحان للمهندسَين يوقّع خطة تعطي طريقين متقاطعين الضوء الأخضر معًا.',
  'Whoever has taken over the controller of an intersection lights two crossing greens, past every order and plan.':
    'من استولى على متحكم تقاطع يضيء ضوأين أخضرين متقاطعين متجاوزًا كل أمر وخطة.',
  'The validator signs a second history: another root for a size of the log whose head it has signed already.':
    'يوقّع المدقق تاريخًا ثانيًا: جذرًا آخر لحجم من السجل سبق أن وقّع رأسه.',
  'One of four validators signs a second history: another root for a size of the log whose head it has cosigned already.':
    'يوقّع أحد أربعة مدققين تاريخًا ثانيًا: جذرًا آخر لحجم من السجل سبق أن شارك في توقيع رأسه.',
  // By whom it is stopped.
  'the machine itself': 'الآلة نفسها',
  'the ledger and the machine': 'السجل والآلة',
  'the gateway': 'البوابة',
  'the shard, and by its report the ledger': 'الجزء، ثم السجل بناءً على بلاغه',
  'the ledger, which sets the lamp apart': 'السجل، الذي يضع المصباح في الحجر',
  'the ledger': 'السجل',
  'the lamp, which then burns fully': 'المصباح، الذي يضيء عندئذ بكامل قوته',
  'the interlock of the ledger': 'قفل السلامة في السجل',
  'the accounts of the cabinet': 'حسابات الخزانة',
  'whoever asked, by the numbers that the lamp signed': 'من سأل، بالأرقام التي وقّعها المصباح',
  'whoever asks': 'من يسأل',
  'whoever asked, by the evidence that goes with the answer': 'من سأل، بالدليل المرافق للجواب',
  'whoever derives the folder again (oppidum fsck)': 'من يشتق المجلد من جديد (oppidum fsck)',
  'the conflict monitor': 'مراقب التعارض',
  'whoever holds both heads': 'من لديه الرأسان',
  'whoever asks for more than two thirds; the ledger removes it': 'من يطلب أكثر من الثلثين؛ والسجل يزيله',
  nobody: 'لا أحد',
  // What those who were attacked said.
  'the lamp did nothing on {order}': 'لم يفعل المصباح شيئًا عند تلقي {order}',
  'the lamp obeyed {order}: {what}': 'أطاع المصباح {order}: {what}',
  'an order under a key of the thief': 'أمر بمفتاح اللص',
  'the same bytes a second time': 'البايتات نفسها مرة ثانية',
  'the order with one signature': 'الأمر ذو التوقيع الواحد',
  'the altered order': 'الأمر المعدّل',
  'the ledger awaits another signature; {rest}': 'ينتظر السجل توقيعًا آخر؛ {rest}',
  'the ledger did not take the order': 'لم يقبل السجل الأمر',
  'the order was {status}, and the lamp did {what}': 'كانت حالة الأمر {status}، ونفّذ المصباح {what}',
  'the challenge of the clone is not under the key that the ledger has for the lamp':
    'تحدي النسخة ليس بالمفتاح الذي لدى السجل للمصباح',
  'from now on orders to the lamp are made for the clone': 'من الآن تُعدّ أوامر المصباح للنسخة',
  'both buyers have a link from the same owner': 'لدى المشتريين كليهما حلقة من المالك نفسه',
  'the lamp is the first buyer’s, which the evidence shows to the second': 'المصباح للمشتري الأول، والدليل يبيّن ذلك للثاني',
  'all that is shown is proven, and nothing is shown of number {number}': 'كل ما عُرض مثبت، ولم يُعرض شيء عن الرقم {number}',
  'the range passes for whole': 'يُقبل المدى على أنه كامل',
  'after {minutes} minutes at {flow} it is believed no more; the lamp aims at {level} ‰':
    'بعد {minutes} دقيقة عند {flow} لم يعد يُصدَّق؛ ويستهدف المصباح {level} ‰',
  'two hours at {flow} vehicles an hour, and the lamp stays at {level} ‰':
    'ساعتان عند {flow} مركبة في الساعة، ويبقى المصباح عند {level} ‰',
  'one says {lie} m/s, the other {wind}: no order before somebody finds out which; sensors that lie alike are believed':
    'يقول أحدهما {lie} م/ث والآخر {wind}: لا أمر قبل أن يُعرف أيهما؛ والحساسات التي تكذب معًا تُصدَّق',
  'the order was issued upon a lie': 'صدر الأمر بناءً على كذبة',
  '{power} ± {spread} W go where no lamp is, from minute {minute} on; where along the cable nobody can say':
    '{power} ± {spread} واط تذهب إلى حيث لا مصباح، منذ الدقيقة {minute}؛ ولا أحد يعلم أين على الكابل',
  'the accounts explain all that the meter counted': 'تفسّر الحسابات كل ما عدّه العدّاد',
  'the lie says {verdict}': 'نتيجة فحص الكذبة {verdict}',
  'the reader takes the gateway’s key for one of the zone': 'يحسب القارئ مفتاح البوابة من مفاتيح المنطقة',
  'without the record {record}, without the event {event}': 'دون السجلّ {record}، ودون الحدث {event}',
  'an answer without the suspension passes for whole': 'يُقبل جواب دون الإيقاف على أنه كامل',
  '{count} damaged; first {file}: {finding}': 'المتضرر {count}؛ أولها {file}: {finding}',
  'the edited database passes for whole': 'تُقبل قاعدة البيانات المعدّلة على أنها سليمة',
  'no record was made of the plan': 'لم يُدوَّن للخطة أي قيد',
  'the plan is in force': 'الخطة سارية',
  'it took the lamps {time} ms after phases {phases} were green; it stays at flash':
    'تولّى الأضواء بعد {time} مللي ثانية من اخضرار الطورين {phases}؛ ويبقى على الوميض',
  'both were green for ten seconds': 'بقي كلاهما أخضر عشر ثوان',
  'the ledger suspended the sensor: neither holder is believed until it has another key; a clone whose original stays silent, or that copies nothing but numbers not used yet, cannot be told apart':
    'أوقف السجل الحساس: لا يُصدَّق أي من الحاملين حتى يكون له مفتاح آخر؛ ولا يمكن تمييز نسخة يبقى أصلها صامتًا أو لا تستخدم إلا أرقامًا لم تُستخدم بعد',
  'both readings are kept under one number': 'حُفظت القراءتان برقم واحد',
  'no order goes to it; what it measures is kept with the mark “{mark}”; an image that lies about itself is not found so':
    'لا يذهب إليه أمر؛ وما يقيسه يُحفظ بالعلامة “{mark}”؛ والبرنامج الذي يكذب عن نفسه لا يُكشف هكذا',
  'the lamp is ordered about as before': 'يُؤمر المصباح كما كان من قبل',
  'two roots of size {size} under {count} keys; of one validator it cannot be prevented':
    'جذران للحجم {size}، وعدد المفاتيح {count}؛ ولا يمكن منع ذلك من مدقق وحيد',
  'both histories go about, and nobody proves anything': 'يتداول التاريخان ولا يثبت أحد شيئًا',
  'its head of size {size} has one cosignature of the three that are needed; the fork is proven, and {validator} was removed at block {block}':
    'لرأسه بحجم {size} توقيع مشارك واحد من الثلاثة اللازمة؛ والانقسام مثبت، وأُزيل {validator} عند الكتلة {block}',
  'the second history is believed on the word of one': 'يُصدَّق التاريخ الثاني بكلمة واحد',
  // The rules, as the catalogue of errors has them.
  'A signature does not verify': 'التوقيع لا يصح',
  'Another order was issued for this challenge before': 'صدر أمر آخر لهذا التحدي من قبل',
  'Too few order keys of the zone signed this': 'وقّع هذا عدد قليل جدًا من مفاتيح أوامر المنطقة',
  'Another reading was signed under this sequence number': 'وُقّعت قراءة أخرى بهذا الرقم التسلسلي',
  'The device is in quarantine': 'الجهاز في الحجر',
  'This link of the voucher was extended already: the device was sold': 'هذه الحلقة من سند الملكية مُدّدت من قبل: بيع الجهاز',
  'The sensors contradict each other; the safe state is held': 'الحساسات متناقضة؛ تُحفظ الحالة الآمنة',
  'The city gave evidence that does not prove what was asked': 'قدّمت المدينة دليلًا لا يثبت ما سُئل عنه',
  'A stored reading is not the one that was received': 'القراءة المخزّنة ليست التي استُلمت',
  'A stage would show green to two phases that are not declared compatible': 'ستُظهر مرحلة الضوء الأخضر لطورين لم يُعلن توافقهما',
  'Too few of the policy’s witnesses cosigned this checkpoint': 'شارك في توقيع نقطة التحقق عدد قليل جدًا من شهود السياسة',
  // As the catalogue of verdicts has them.
  'A hash does not match the data beside it: something was altered': 'بصمة لا تطابق البيانات التي بجانبها: غُيِّر شيء ما',
  'Proven: a key of this city signed two histories that contradict each other': 'مُثبَت: وقّع مفتاح لهذه المدينة تاريخين متناقضين',
  // Of what no catalogue has.
  'What is shown is proven, but numbers that the device signed are missing': 'المعروض مُثبَت، لكن أرقامًا وقّعها الجهاز ناقصة',
  'The detector said one number for too long: the lamp believes it no more':
    'قال الكاشف رقمًا واحدًا مدة أطول مما ينبغي: لم يعد المصباح يصدّقه',
  'The meter of the cabinet counted more than its lamps can have taken':
    'عدّ عدّاد الخزانة أكثر مما يمكن أن تكون مصابيحها قد أخذته',
  'Two greens that exclude each other were lit at once': 'أُضيء معًا ضوءان أخضران يستبعد أحدهما الآخر',
};
