package channel

// What follows is from Unicode's emoji-sequences.txt and emoji-zwj-sequences.txt, as far as Emoji 11 (see [emojiAt]).

const (
	regionA = '\U0001f1e6'
	regionZ = '\U0001f1ff'
)

// emojiFixed is the sequences that take no skin tone, by their first character, longest first: families, couples, and
// flags that are not a country's.
var emojiFixed = map[rune][]string{
	'👨': {
		"👨\u200d❤\ufe0f\u200d💋\u200d👨", "👨\u200d👨\u200d👦\u200d👦", "👨\u200d👨\u200d👧\u200d👦",
		"👨\u200d👨\u200d👧\u200d👧", "👨\u200d👩\u200d👦\u200d👦", "👨\u200d👩\u200d👧\u200d👦", "👨\u200d👩\u200d👧\u200d👧",
		"👨\u200d❤\ufe0f\u200d👨", "👨\u200d👦\u200d👦", "👨\u200d👧\u200d👦", "👨\u200d👧\u200d👧", "👨\u200d👨\u200d👦",
		"👨\u200d👨\u200d👧", "👨\u200d👩\u200d👦", "👨\u200d👩\u200d👧", "👨\u200d👦", "👨\u200d👧",
	},
	'👩': {
		"👩\u200d❤\ufe0f\u200d💋\u200d👨", "👩\u200d❤\ufe0f\u200d💋\u200d👩", "👩\u200d👩\u200d👦\u200d👦",
		"👩\u200d👩\u200d👧\u200d👦", "👩\u200d👩\u200d👧\u200d👧", "👩\u200d❤\ufe0f\u200d👨", "👩\u200d❤\ufe0f\u200d👩",
		"👩\u200d👦\u200d👦", "👩\u200d👧\u200d👦", "👩\u200d👧\u200d👧", "👩\u200d👩\u200d👦", "👩\u200d👩\u200d👧", "👩\u200d👦",
		"👩\u200d👧",
	},
	'👯': {
		"👯\u200d♀\ufe0f", "👯\u200d♂\ufe0f",
	},
	'🤼': {
		"🤼\u200d♀\ufe0f", "🤼\u200d♂\ufe0f",
	},
	'🧞': {
		"🧞\u200d♀\ufe0f", "🧞\u200d♂\ufe0f",
	},
	'🧟': {
		"🧟\u200d♀\ufe0f", "🧟\u200d♂\ufe0f",
	},
	'🏳': {
		"🏳\ufe0f\u200d🌈",
	},
	'🏴': {
		"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
		"🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", "🏴\u200d☠\ufe0f",
	},
	'👁': {
		"👁\u200d🗨",
	},
}

// emojiRoles is what a man or a woman becomes a worker with, or gets a hair colour.
var emojiRoles = []string{"⚕\ufe0f", "⚖\ufe0f", "✈\ufe0f", "🌾", "🍳", "🎓", "🎤", "🎨", "🏫", "🏭", "💻", "💼", "🔧", "🔬", "🚀", "🚒", "🦰", "🦱", "🦲", "🦳"}

const (
	// emojiGendered takes a skin tone and a sign of gender. The floating suit and the tuxedo took one only later, but
	// twitter-text 3.1.0 knows it of them.
	emojiGendered = "⛹🏃🏄🏊🏋🏌👮👱👳👷💁💂💆💇🕴🕵🙅🙆🙇🙋🙍🙎🚣🚴🚵🚶🤦🤵🤷🤸🤹🤽🤾🦸🦹🧖🧗🧘🧙🧚🧛🧜🧝"

	// emojiTonable takes a skin tone.
	emojiTonable = "☝⛷⛹✊✋✌✍🎅🏂🏃🏄🏇🏊🏋🏌👂👃👆👇👈👉👊👋👌👍👎👏👐👦👧👨👩👮👰👱👲👳👴👵👶👷👸👼💁💂💃💅💆💇💪" +
		"🕴🕵🕺🖐🖕🖖🙅🙆🙇🙋🙌🙍🙎🙏🚣🚴🚵🚶🛀🛌🤘🤙🤚🤛🤜🤞🤟🤦🤰🤱🤲🤳🤴🤵🤶🤷🤸🤹🤽🤾🦵🦶🦸🦹🧑🧒🧓🧔🧕🧖" +
		"🧗🧘🧙🧚🧛🧜🧝"

	// emojiTextual is shown as text or, with U+FE0F, as emoji; the two together are one.
	emojiTextual = "©®‼⁉™ℹ↔↕↖↗↘↙↩↪⌚⌛⌨⏏⏭⏮⏯⏱⏲⏸⏹⏺Ⓜ▪▫▶◀◻◼◽◾☀☁☂☃☄☎☑☔☕☘☝☠☢☣☦" +
		"☪☮☯☸☹☺♀♂♈♉♊♋♌♍♎♏♐♑♒♓♟♠♣♥♦♨♻♿⚒⚓⚔⚕⚖⚗⚙⚛⚜⚠⚡⚪⚫⚰⚱⚽⚾⛄⛅⛈⛏⛑" +
		"⛓⛔⛩⛪⛰⛱⛲⛳⛴⛵⛷⛸⛹⛺⛽✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❗❣❤➡⤴⤵⬅⬆⬇⬛⬜⭐⭕〰〽㊗㊙🀄🅰🅱" +
		"🅾🅿🈂🈚🈯🈷🌡🌤🌥🌦🌧🌨🌩🌪🌫🌬🌶🍽🎖🎗🎙🎚🎛🎞🎟🏋🏌🏍🏎🏔🏕🏖🏗🏘🏙🏚🏛🏜🏝🏞🏟🏳🏵🏷🐿👁📽🕉🕊🕯" +
		"🕰🕳🕴🕵🕶🕷🕸🕹🖇🖊🖋🖌🖍🖐🖥🖨🖱🖲🖼🗂🗃🗄🗑🗒🗓🗜🗝🗞🗡🗣🗨🗯🗳🗺🛋🛍🛎🛏🛠🛡🛢🛣🛤🛥🛩🛰🛳"

	// emojiFlags is the regions that have a flag.
	emojiFlags = " AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR" +
		" BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CR CU CV CW CX CY CZ DE DG DJ DK DM DO" +
		" DZ EA EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT" +
		" GU GW GY HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR" +
		" KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU" +
		" MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY" +
		" QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG" +
		" TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM UN US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA" +
		" ZM ZW" + " "
)
