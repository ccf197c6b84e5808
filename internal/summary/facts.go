package summary

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutline/internal/article"
)

// Words that change what a number says. Those on one line mean the same in all languages.
var magnitudes = lines(`percent % pct prozent yüzde لەسەدا بالمئة بالمائة ٪ درصد パーセント ％ процент процентов
	thousand tausend bin هەزار ألف آلاف هزار hezar mille mil 千 тысяч тысячи
	million millions millionen mio milyon ملیۆن مليون ملايين میلیون milyon 百万 миллион миллиона миллионов millón millones
	billion billions milliarde milliarden mrd milyar ملیار ملیاری مليار مليارات مليارا میلیارد 十億 миллиард миллиарда миллиардов milliards
	trillion trillions billionen trilyon تریلیۆن تريليون تریلیون 兆 триллион`)

// months and weekdays; a text may name only those that its article names.
var (
	months = lines(`january jan. januar ocak يناير ژانویه rêbendan января
	february feb. februar şubat فبراير شباط شوبات فوریه reşemî февраля
	march mar. märz mart مارس آذار ئازار مارس adar марта
	april apr. nisan أبريل نيسان نیسان آوریل avrêl апреля
	june jun. juni haziran يونيو حزيران حوزەیران ژوئن июня
	july jul. juli temmuz يوليو تموز تەمووز ژوئیه tîrmeh июля
	august aug. ağustos أغسطس آب ئاب اوت tebax августа
	september sept. sep. eylül سبتمبر أيلول ئەیلوول سپتامبر îlon сентября
	october oct. oktober okt. ekim أكتوبر اکتبر cotmeh октября
	november nov. kasım نوفمبر نوامبر mijdar ноября
	december dec. dezember dez. aralık ديسمبر دسامبر berfanbar декабря`)
	weekdays = lines(`monday montag pazartesi الاثنين الإثنين دووشەممە دوشنبه понедельник
	tuesday dienstag salı الثلاثاء سێشەممە سهشنبه sêşem вторник
	wednesday mittwoch çarşamba الأربعاء الاربعاء چوارشەممە چهارشنبه çarşem среду
	thursday donnerstag perşembe الخميس پێنجشەممە پنجشنبه pêncşem четверг
	friday freitag cuma الجمعة هەینی جمعه пятницу
	saturday samstag sonnabend cumartesi السبت شەممە شنبه şemî субботу
	sunday sonntag pazar الأحد الاحد یەکشەممە یکشنبه yekşem воскресенье`)
	numerals = map[string][]string{
		"en":  strings.Fields("two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred"),
		"de":  strings.Fields("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert"),
		"tr":  strings.Fields("iki üç dört beş altı yedi sekiz dokuz yirmi otuz kırk elli altmış yetmiş seksen doksan yüz"),
		"ckb": strings.Fields("دوو سێ چوار پێنج شەش حەوت هەشت نۆ دە یازدە دوازدە بیست سی چل پەنجا شەست حەفتا هەشتا نەوەد سەد"),
		"ar":  strings.Fields("ثلاثة ثلاث أربعة أربع خمسة خمس ستة سبعة سبع ثمانية ثماني تسعة تسع عشرة عشر عشرون عشرين ثلاثون ثلاثين أربعون أربعين خمسون خمسين ستون ستين سبعون سبعين ثمانون ثمانين تسعون تسعين مئة مائة مئتين"),
		"fa":  strings.Fields("چهار پنج شش هفت هشت یازده دوازده بیست چهل پنجاه شصت هفتاد هشتاد نود صد"),
		"kmr": strings.Fields("sê çar pênc şeş heft heşt neh deh yazdeh dozdeh bîst sih çil pêncî sed"),
	}
)

// lines makes a table from words to the number of their line, from 1.
func lines(s string) map[string]int {
	out := map[string]int{}
	n := 0
	for l := range strings.SplitSeq(s, "\n") {
		n++
		for w := range strings.FieldsSeq(l) {
			out[strings.TrimSuffix(w, ".")] = n
		}
	}
	return out
}

// token is one word, number or sign of a text, as facts compare them.
type token struct {
	text   string // as written
	word   string // lower case, without what is joined to it by an apostrophe or a hyphen
	number string // its digits, Latin; empty: no number
}

// tokens parts a text into words and numbers.
func tokens(s string) []token {
	var out []token
	for rest := s; ; {
		i := strings.IndexFunc(rest, func(r rune) bool { return !separates(r) })
		if i < 0 {
			break
		}
		rest = rest[i:]
		if first, _ := utf8.DecodeRuneInString(rest); unicode.IsDigit(first) {
			n := rest[:numberRE.FindStringIndex(rest)[1]] // it begins here, so what follows is not searched
			out = append(out, token{n, n, digits(n)})
			rest = rest[len(n):]
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return separates(r) || unicode.IsDigit(r) })
		if end < 0 {
			end = len(rest)
		}
		w := rest[:end]
		out = append(out, token{w, strings.ToLower(stem(strings.ReplaceAll(w, "\u200c", ""))), ""})
		rest = rest[end:]
	}
	return out
}

// separates says whether a rune stands between tokens; the signs for percent are tokens.
func separates(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '’' && r != '\'' && r != '%' && r != '٪' && r != '％' && r != '\u200c'
}

// related are what numbers stand with: "20" with "november", "3.4" with "million".
func related(ts []token) map[[2]string]bool {
	out := map[[2]string]bool{}
	for i, t := range ts {
		if t.number == "" {
			continue
		}
		for _, j := range []int{i - 2, i - 1, i + 1, i + 2} {
			if j < 0 || j >= len(ts) || ts[j].number != "" {
				continue
			}
			if k := kind(ts[j].word); k != "" {
				out[[2]string{t.number, k}] = true
			}
		}
	}
	return out
}

// kind names the month or magnitude that a word means, or is empty.
func kind(word string) string {
	for i, table := range []map[string]int{magnitudes, months} {
		if n := table[word]; n > 0 {
			return string(rune('a'+i)) + string(rune('0'+n))
		}
	}
	return ""
}

// facts are an article's numbers with what stands beside them, months, weekdays and spelled numbers.
type facts struct {
	language string // its primary part
	numbers  map[string]bool
	words    map[string]bool
	dates    map[int]bool
	pairs    map[[2]string]bool
}

func factsOf(source, language string) facts {
	want := tokens(source)
	f := facts{article.Primary(language), map[string]bool{}, map[string]bool{}, map[int]bool{}, related(want)}
	for _, t := range want {
		if t.number != "" {
			f.numbers[t.number] = true
		} else if n := value(t.word, f.language); n != "" {
			f.numbers[n] = true
		}
		f.words[t.word] = true
		f.dates[date(t.word)] = true
	}
	return f
}

// check compares a text's with them.
func (f *facts) check(have []token, find func(kind, what, why string, args ...any)) {
	for i, t := range have {
		switch {
		case t.number != "" && !f.numbers[t.number]:
			find("number", t.text, "number-not-in-article", t.text)
		case t.number != "" && i+1 < len(have) && have[i+1].number == "" && kind(have[i+1].word) != "" && !f.pairs[[2]string{t.number, kind(have[i+1].word)}]:
			find("number", t.text+" "+have[i+1].text, "number-otherwise-in-article", t.text+" "+have[i+1].text, t.text)
		case t.number != "" && i > 0 && months[have[i-1].word] > 0 && len(t.number) < 3 && !f.pairs[[2]string{t.number, kind(have[i-1].word)}]:
			find("date", have[i-1].text+" "+t.text, "date-not-in-article", have[i-1].text+" "+t.text)
		case date(t.word) != 0 && !f.dates[date(t.word)] && !(t.word == "march" || t.word == "mar" || t.word == "may" || t.word == "mil"):
			find("date", t.text, "day-not-in-article", t.text)
		case slices.Contains(numerals[f.language], t.word) && !f.words[t.word] && !f.numbers[value(t.word, f.language)]:
			find("number", t.text, "number-not-in-article", t.text)
		}
	}
}

// value is what a spelled number of English or German says, in digits; empty: not known.
func value(word, language string) string {
	if language != "en" && language != "de" {
		return ""
	}
	i := slices.Index(numerals[language], word) // two … twenty, thirty … ninety, hundred
	switch {
	case i < 0:
		return ""
	case i <= 18:
		return strconv.Itoa(i + 2)
	}
	return strconv.Itoa((i - 16) * 10)
}

// date numbers months and weekdays; 0: the word is neither.
func date(word string) int {
	if n := months[word]; n > 0 {
		return n
	}
	if n := weekdays[word]; n > 0 {
		return 100 + n
	}
	return 0
}

// followers are an article's words in a script without capitals, and what follows each; the zero value is of no article.
type followers struct {
	source string
	words  map[string]bool
	next   map[string]string // the one word that ever follows; empty: there are several
}

func followersIn(source string) followers {
	f := followers{source, map[string]bool{}, map[string]string{}}
	ts := tokens(source)
	for i, t := range ts {
		f.words[t.word] = true
		if i+1 < len(ts) && t.number == "" {
			if n, ok := f.next[t.word]; ok && n != ts[i+1].word {
				f.next[t.word] = ""
			} else if !ok {
				f.next[t.word] = ts[i+1].word
			}
		}
	}
	return f
}

// check finds a name whose second part was changed: a word that the article has with one follower only, followed by a word
// that the article does not have at all.
func (f *followers) check(have []token, find func(kind, what, why string, args ...any)) {
	for i := 1; i < len(have); i++ {
		w, before := have[i], have[i-1]
		if w.number == "" && !f.words[w.word] && f.next[before.word] != "" && named(f.source, before.text, f.next[before.word]) && len([]rune(w.word)) > 2 {
			find("name", before.text+" "+w.text, "name-not-in-article", before.text+" "+w.text)
		}
	}
}

// named says whether a pair of words reads as a person's name in an article: a title, a verb of saying or an age
// stands beside it.
func named(source, first, second string) bool {
	for _, beside := range strings.Fields("دکتۆر د. سەرۆک وەزیر پارێزگار المهندس الدكتور السيد السيدة الوزير الرئيس مدير المحافظ العقيد اللواء وقال وقالت قال قالت وأضاف وأضافت وأكد گوت دەڵێت گوتی آقای خانم دکتر مهندس رئیس گفت") {
		for _, s := range []string{beside + " " + first + " " + second, first + " " + second + " " + beside, first + " " + second + "،", beside + "، " + first} {
			if strings.Contains(source, s) {
				return true
			}
		}
	}
	return false
}
