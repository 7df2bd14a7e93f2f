/** Attacks in Chinese. */

import type { Told } from './told.ts';

export const TOLD_ZH: Told = {
  // What each is called.
  'forged-order': '伪造的命令',
  'replayed-order': '重放的命令',
  'stolen-key': '被盗的密钥',
  'tampered-broker': '篡改的消息代理',
  'cloned-device': '无密钥的克隆设备',
  'cloned-key': '有密钥的克隆设备',
  'firmware-swap': '被替换的固件',
  'double-sale': '一物两卖',
  'frozen-detector': '冻结的检测器',
  'false-readings': '虚假读数',
  'stolen-power': '偷电',
  'withheld-readings': '被隐瞒的读数',
  'lying-gateway': '说谎的网关',
  'withheld-events': '被隐瞒的事件',
  'edited-database': '被改动的数据库',
  'conflicting-greens': '冲突的绿灯',
  'hijacked-controller': '被劫持的信号控制机',
  'equivocating-validator': '签署两段历史的验证者',
  // Who has what, and does what with it.
  'Somebody on the network of a lamp, without any key of its zone, signs a break-glass order and hands it to the lamp.':
    '有人在路灯所在的网络上，没有其区域的任何密钥，签了一条紧急命令并交给路灯。',
  'Somebody kept a true order that the lamp obeyed, waits until the lamp was without power, and sends it again.':
    '有人留下了路灯执行过的一条真实命令，等路灯断过电后再次发送。',
  'A thief has one of the two order keys of the zone and the operator’s account, and orders what is dangerous.':
    '窃贼拥有区域两把命令密钥之一和操作员的账户，并下达危险的命令。',
  'The broker saw a true break-glass order, writes the lamp’s newest challenge into it, and delivers it once more.':
    '消息代理见过一条真实的紧急命令，把路灯最新的质询写进去，再次投递。',
  'A clone with the copied id of the lamp, but not its key, asks the gateway for the lamp’s orders.':
    '一个克隆设备复制了路灯的标识，却没有它的密钥，向网关索取路灯的命令。',
  'A clone that has a sensor’s key as well as its id signs a reading of its own under a number that the sensor has used.':
    '一个克隆设备既有传感器的标识又有其密钥，用传感器已用过的序号签署自己的读数。',
  'Somebody puts an image of their own on a lamp; its boot loader, which measures what it starts, reports it by the lamp’s key.':
    '有人把自己的固件装进路灯；引导程序会度量所启动的内容，并用路灯的密钥报告。',
  'The owner of the lamp sells it to one buyer and then, by the same link of its voucher, to another.':
    '路灯的所有者把它卖给一个买家，然后凭同一环所有权凭证又卖给另一个。',
  'Somebody holds the loop of a road still at few vehicles, so that its lamps stay dim on a busy night; each reading is truly signed.':
    '有人让道路的地感线圈一直停在少量车辆上，使路灯在繁忙的夜晚保持昏暗；每个读数都是真实签名的。',
  'One of two wind sensors signs with its true key that the air is calm, so that somebody is sent up a ladder.':
    '两个风速传感器之一用其真实密钥签称无风，好让人爬上梯子。',
  'Somebody taps the cable of a lighting cabinet when its lamps go to full light, so that the meter shows more at the right moment.':
    '有人在照明配电箱的路灯转为全亮时从其电缆窃电，使电表恰在合理的时刻增加。',
  'A gateway that is asked for every reading of the lamp leaves one out; all that it shows is true.':
    '网关被要求给出路灯的全部读数，却漏掉一个；它所展示的都是真的。',
  'A gateway answers the question whose keys a zone obeys with evidence into which it wrote a key of its own.':
    '当被问及某区域服从谁的密钥时，网关用写入了自己密钥的证据作答。',
  'A gateway that is asked for every suspension of a device leaves one out, and its event out of the transaction that made it.':
    '网关被要求给出设备的全部暂停记录，却漏掉一条，并从产生它的交易中删去其事件。',
  'The operator changes a stored number behind the back of the services, in the database of a copy of the city.':
    '运营者绕过各项服务，在城市副本的数据库中改动一个已存储的数值。',
  'An operator with both engineers’ true keys signs a plan that gives two crossing roads green at once.':
    '操作员持有两位工程师的真实密钥，签署了一份让两条相交道路同时绿灯的方案。',
  'Whoever has taken over the controller of an intersection lights two crossing greens, past every order and plan.':
    '有人接管了路口的控制机，绕过一切命令和方案点亮两个相交方向的绿灯。',
  'The validator signs a second history: another root for a size of the log whose head it has signed already.':
    '验证者签署第二段历史：对它已签过头的某个日志大小给出另一个根。',
  'One of four validators signs a second history: another root for a size of the log whose head it has cosigned already.':
    '四个验证者之一签署第二段历史：对它已联署过头的某个日志大小给出另一个根。',
  // By whom it is stopped.
  'the machine itself': '机器自身',
  'the ledger and the machine': '账本和机器',
  'the gateway': '网关',
  'the shard, and by its report the ledger': '分片，以及根据其报告的账本',
  'the ledger, which sets the lamp apart': '账本，它将路灯隔离',
  'the ledger': '账本',
  'the lamp, which then burns fully': '路灯，它随即全亮',
  'the interlock of the ledger': '账本的联锁',
  'the accounts of the cabinet': '配电箱的账目',
  'whoever asked, by the numbers that the lamp signed': '提问者，凭路灯签名的序号',
  'whoever asks': '提问者',
  'whoever asked, by the evidence that goes with the answer': '提问者，凭随答复附上的证据',
  'whoever derives the folder again (oppidum fsck)': '重新推导文件夹的人（oppidum fsck）',
  'the conflict monitor': '冲突监视器',
  'whoever holds both heads': '同时持有两个头的人',
  'whoever asks for more than two thirds; the ledger removes it': '要求超过三分之二者；账本将其移除',
  nobody: '没有人',
  // What those who were attacked said.
  'the lamp did nothing on {order}': '路灯收到{order}后没有任何动作',
  'the lamp obeyed {order}: {what}': '路灯服从了{order}：{what}',
  'an order under a key of the thief': '一条用窃贼密钥签的命令',
  'the same bytes a second time': '同样的字节第二次',
  'the order with one signature': '只有一个签名的命令',
  'the altered order': '被改动的命令',
  'the ledger awaits another signature; {rest}': '账本在等待另一个签名；{rest}',
  'the ledger did not take the order': '账本没有接受该命令',
  'the order was {status}, and the lamp did {what}': '命令状态为 {status}，路灯执行了 {what}',
  'the challenge of the clone is not under the key that the ledger has for the lamp':
    '克隆设备的质询不是用账本所记的路灯密钥签的',
  'from now on orders to the lamp are made for the clone': '此后给路灯的命令都为克隆设备而做',
  'both buyers have a link from the same owner': '两个买家都持有同一所有者的一环',
  'the lamp is the first buyer’s, which the evidence shows to the second': '路灯属于第一个买家，证据向第二个买家表明这一点',
  'all that is shown is proven, and nothing is shown of number {number}': '所展示的都已证明，而序号 {number} 什么也没有展示',
  'the range passes for whole': '该段被当作完整',
  'after {minutes} minutes at {flow} it is believed no more; the lamp aims at {level} ‰':
    '停在 {flow} 达 {minutes} 分钟后不再被相信；路灯的目标为 {level} ‰',
  'two hours at {flow} vehicles an hour, and the lamp stays at {level} ‰': '两小时停在每小时 {flow} 辆车，路灯仍为 {level} ‰',
  'one says {lie} m/s, the other {wind}: no order before somebody finds out which; sensors that lie alike are believed':
    '一个说 {lie} m/s，另一个说 {wind}：查清是哪个之前不下命令；说同样谎的传感器会被相信',
  'the order was issued upon a lie': '命令依据谎言签发了',
  '{power} ± {spread} W go where no lamp is, from minute {minute} on; where along the cable nobody can say':
    '自第 {minute} 分钟起有 {power} ± {spread} W 流向没有路灯之处；在电缆何处无人能说',
  'the accounts explain all that the meter counted': '账目解释了电表所计的一切',
  'the lie says {verdict}': '对这份谎言的核验结果为 {verdict}',
  'the reader takes the gateway’s key for one of the zone': '读者把网关的密钥当作区域的密钥',
  'without the record {record}, without the event {event}': '缺记录：{record}；缺事件：{event}',
  'an answer without the suspension passes for whole': '漏掉暂停记录的答复被当作完整',
  '{count} damaged; first {file}: {finding}': '损坏 {count} 处；首先是 {file}：{finding}',
  'the edited database passes for whole': '被改动的数据库被当作完好',
  'no record was made of the plan': '没有为该方案写下记录',
  'the plan is in force': '方案已生效',
  'it took the lamps {time} ms after phases {phases} were green; it stays at flash':
    '相位 {phases} 同时绿灯 {time} ms 后它接管了信号灯；并保持闪烁',
  'both were green for ten seconds': '两个方向都绿了十秒',
  'the ledger suspended the sensor: neither holder is believed until it has another key; a clone whose original stays silent, or that copies nothing but numbers not used yet, cannot be told apart':
    '账本暂停了该传感器：换新密钥之前两个持有者都不被相信；若原件保持沉默，或克隆只用尚未用过的序号，则无法分辨',
  'both readings are kept under one number': '两个读数以同一序号保存',
  'no order goes to it; what it measures is kept with the mark “{mark}”; an image that lies about itself is not found so':
    '不再对它下命令；它的测量以“{mark}”标记保存；对自身说谎的固件无法这样发现',
  'the lamp is ordered about as before': '路灯照旧接受命令',
  'two roots of size {size} under {count} keys; of one validator it cannot be prevented':
    '大小 {size} 有两个根，签名密钥 {count} 把；只有一个验证者时无法阻止',
  'both histories go about, and nobody proves anything': '两段历史都在流传，无人能证明什么',
  'its head of size {size} has one cosignature of the three that are needed; the fork is proven, and {validator} was removed at block {block}':
    '其大小为 {size} 的头只有所需三个联署中的一个；分叉已证明，{validator} 在区块 {block} 被移除',
  'the second history is believed on the word of one': '仅凭一方之言就相信了第二段历史',
  // The rules, as the catalogue of errors has them.
  'A signature does not verify': '签名验证不通过',
  'Another order was issued for this challenge before': '此质询先前已签发过另一条命令',
  'Too few order keys of the zone signed this': '区域中签名的命令密钥太少',
  'Another reading was signed under this sequence number': '此序号下已签署过另一个读数',
  'The device is in quarantine': '设备处于隔离中',
  'This link of the voucher was extended already: the device was sold': '所有权凭证的这一环已被延续：设备已售出',
  'The sensors contradict each other; the safe state is held': '传感器相互矛盾；保持安全状态',
  'The city gave evidence that does not prove what was asked': '城市给出的证据不能证明所问之事',
  'A stored reading is not the one that was received': '存储的读数不是收到的那个',
  'A stage would show green to two phases that are not declared compatible': '某阶段会让两个未声明相容的相位同时绿灯',
  'Too few of the policy’s witnesses cosigned this checkpoint': '策略所列的见证者中联署此检查点的太少',
  // As the catalogue of verdicts has them.
  'A hash does not match the data beside it: something was altered': '哈希与其旁的数据不符：有内容被更改',
  'Proven: a key of this city signed two histories that contradict each other':
    '已证明：该城市的一个密钥签署了两段互相矛盾的历史',
  // Of what no catalogue has.
  'What is shown is proven, but numbers that the device signed are missing': '所示内容已证明，但设备签过的序号中有缺失',
  'The detector said one number for too long: the lamp believes it no more': '检测器长时间只报同一个数：路灯不再相信它',
  'The meter of the cabinet counted more than its lamps can have taken': '配电箱的电表所计多于其路灯可能用去的电',
  'Two greens that exclude each other were lit at once': '两个互相排斥的绿灯同时亮起',
};
