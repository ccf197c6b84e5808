package article

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// What a credit is made of: the words that lead to one, and whose bare name is one.

// photoLabels name a picture and whose it is. With a colon behind it such a word begins a credit anywhere in a caption.
const photoLabels = `(?i:file photo|(?:photo(?:graph)?|picture|image) (?:credits?|copyright|source)|photography|logo|photo courtesy(?: of)?|photographers?|photograph|photos?|pictures?|pics?|(?:satellite|drone) image|video still|images?|screenshot|screengrab|illustration|(?:info)?graphics?` +
	`|crédits? (?:photos?|image)|crédit|photographe|photographie|fotoğraf(?:lar|çı| muhabiri| kaynağı)?|fotoğrafı çeken|fotograf(?:ie|ía|ías|ín|in|en)?|(?:symbol|archiv)?(?:fotos?|bild(?:er)?)|(?:bild|foto)-?(?:quelle|nachweis|rechte|credit)|grafik|wêne(?:kêş|gir|ya|yê)?|görsel(?:ler)?|imagen(?:es)?|(?:автор )?фото(?:графия|графии|граф)?)` +
	`|وێنەی|وێنە(?: لە)?|وێنەگر|وێنەکان|فۆتۆ|(?:مصدر )?الصورة(?: من)?|مصدر الصور|صورة من|صورة|صور|تصوير|المصور|عدسة|(?:منبع |حق )?عکس(?:\x{200c}?ها)?(?: از)?|عكس|عکاس|تصویر|写真提供|写真|提供|撮影者|撮影|画像|צילום|फोटो`

// otherLabels say whose something is, a picture or not: they begin a credit only where a sentence has ended.
const otherLabels = `(?i:credits?|crédits|courtesy(?: of)?|source|via|handout|copyright|quelle|kaynak|source photo|fuente|crédito|créditos|origen|источник|çavkanî)|سەرچاوە|کرێدیت|المصدر|منبع|出典`

// archiveWords mark a picture from the archive, or one that only stands for what it shows.
const archiveWords = `(?i:archives?|file(?: photo| image| pic)?|handout|ئەرشیف|أرشيفية|أرشيف|ارشيف|آرشیو|arşiv|arşîv|archiv(?:bild|foto)?|symbol(?:bild|foto)|photo d['’](?:archives?|illustration)|архив|資料(?:写真)?)`

// agencies whose bare name at a caption's end is a credit, in any language. Those of five bytes and more are known in
// any case.
var agencies = strings.Split(`AFP|AP|AP Images|Associated Press|The Associated Press|Reuters|EPA|EPA-EFE|EPA Images|EFE|dpa|DPA|dpa-tmn|DHA|İHA|IHA|ANHA|ANSA|TASS|ТАСС|Sputnik|Xinhua|Getty|Getty Images|Anadolu|Anadolu Agency|Anadolu Ajansı|Kurdistan24|Kurdistan 24|Rudaw|Rûdaw|UPI|Bloomberg|IRNA|ISNA|Shutterstock|Alamy|Alamy Stock Photo|iStock|iStockphoto|NurPhoto|SOPA Images|ZUMA|ZUMA Press|Unsplash|Pixabay|Pexels|Wikimedia Commons|Wikipedia|NASA|imago|imago images|picture alliance|picture-alliance|РИА Новости|Keystone|Magnum Photos|The Canadian Press|Al Jazeera|Kyodo News|Yonhap|Flash90|Sipa USA|Hans Lucas|Abacapress|Imaginechina|Mezopotamya Ajansı|Demirören Haber Ajansı|İhlas Haber Ajansı|Agence France-Presse|Europa Press|Интерфакс|`+
	`أ ف ب|أ.ف.ب|ا ف ب|أ ب|أ.ب|د ب أ|رويترز|فرانس برس|وكالة فرانس برس|أسوشيتد برس|اسوشيتد برس|أسوشييتد برس|غيتي|غيتي إيميجز|غيتي ايميجز|جيتي|الأناضول|الاناضول|وكالة الأناضول|شينخوا|سبوتنيك|بلومبرغ|وكالات|واع|سانا|وام|`+"فرانس\u200cپرس"+`|خبرگزاری فرانسه|آسوشیتدپرس|گتی ایمیجز|آناتولی|ڕووداو|رووداو|روداو|کوردستان٢٤|کوردستان24|کوردستان 24|ئەی ئێف پی|ڕۆیتەرز|فرانس پرێس|ئاژانسی فرانس پرێس|ئاسۆشیەیتد پرێس|ئەسۆشیەیتد پرێس|گێتی ئیمەیجز|ئەنادۆڵ|ئاژانسەکان|共同|共同通信|時事|時事通信|新華社|ロイター|共同通信社|時事通信社|AFP時事|AFP＝時事|EPA＝時事|AP＝共同|ロイター＝共同|EPA時事|ロイター共同|AP共同|ゲッティ共同|ゲッティイメージズ`, "|")

// agenciesOf are names that are ordinary words in other languages.
var agenciesOf = map[string][]string{
	"tr": {"AA", "ANKA", "Depo Photos"}, "en": {"PA", "AA", "PA Wire"}, "ku": {"AA", "ANF", "MA"}, "kmr": {"AA", "ANF", "MA"}, "ckb": {"AA"}, "ar": {"AA", "الفرنسية", "الألمانية", "الأوروبية"},
	"fa": {"ایرنا", "ایسنا", "تسنیم", "فارس", "مهر", "میزان"}, "de": {"epd", "KNA", "APA", "AA"}, "fr": {"PA", "MAXPPP"}, "es": {"EP"},
}

// A house publishes, and stands in bylines behind a name: "Jane Doe, Example News". It is known by what it calls itself.
// What may as well be a place or a person is none (The Hague, Emily Post), nor is somebody's part there (Head of News).
var (
	houseNames = compiled(`^(?:BBC|BBC Sport|CNN|NPR|VOA|Voice of America|DW|Deutsche Welle|NRT|Al-Monitor|Al Arabiya|France ?24|Le Monde|Der Spiegel|El País|Washington Post|Wall Street Journal|Jerusalem Post)$`)
	houseWords = compiled(`^\p{Lu}[\p{L}\p{N}.'’&-]*(?: (?:of |the )?[\p{Lu}\p{N}][\p{L}\p{N}.'’&-]*){0,3} (?i:news|agency|television|tv|radio|magazine|newspaper|gazette|tribune|broadcasting|newsroom|media|network|times|ajansı|gazetesi|haber|televizyonu|dergisi|radyosu|zeitung|nachrichten|rundfunk|fernsehen)$` +
		`|^The (?:\p{Lu}\S* ){1,3}(?:Post|Press|Herald|Journal|Telegraph|Mail|Observer|Independent|Standard|Chronicle|Examiner|Star|Globe|Review)$|^The (?:Guardian|Independent|Economist|Observer|Atlantic|Telegraph|Conversation|New Region)$` +
		`|^(?:Agence|Agencia|Agenzia|Agentur|Ajansa|Rojnameya|Televizyona|Radyoya) \p{Lu}` +
		`|^(?:وكالة|صحيفة|جريدة|قناة|تلفزيون|إذاعة|مجلة|شبكة|خبرگزاری|روزنامه|شبکه|رادیو|تلویزیون|مجله|ئاژانسی|ڕۆژنامەی|کەناڵی|تەلەڤزیۆنی|ڕادیۆی|گۆڤاری|تۆڕی)\s\S` +
		`|^\S{1,8}(?:新聞|新聞社|通信|通信社|放送|テレビ)$`)
	houseParts   = compiled(`(?i:\b(?:editors?|correspondent|reporter|writer|chief|officer|director|columnist|producer|anchor|photographer|analyst|secretary|head|staff|manager|contributor|host|presenter)\b)`)
	houseEdition = compiled(` (?:English|Arabic|Kurdish|Turkish|Persian|Online|Digital|International)$`)
)

// isHouse says whether a part of a byline is a house that publishes.
func isHouse(n string) bool {
	n = houseEdition.ReplaceAllString(n, "")
	return isAgency(n, "") || houseNames.MatchString(n) || houseWords.MatchString(n) && !houseParts.MatchString(n)
}

// sameLetters writes the letters alike that Persian, Sorani and Arabic keyboards have twice.
var sameLetters = strings.NewReplacer("ی", "ي", "ى", "ي", "ک", "ك", "ھ", "ه")

// isAgency says whether a text is the name of one that gives pictures: "AFP", "AFP photo", "Photo AFP".
func isAgency(p, language string) bool {
	p = strings.TrimPrefix(strings.TrimPrefix(p, "Photo "), "Photo/")
	for _, word := range []string{"", " photo", " photos", " pictures", " pic", " pool", " file"} { // first as it stands: Magnum Photos
		if n := len(p) - len(word); n > 0 && strings.EqualFold(p[n:], word) {
			if p = p[:n]; listed(p, language) {
				return true
			}
		}
	}
	return false
}

// listed says whether a text is one of the names above, as it stands there. Of no language it may be one of any.
func listed(p, language string) bool {
	p = sameLetters.Replace(strings.ReplaceAll(norm.NFKC.String(p), "=", "＝")) // ＡＰ＝共同
	same := func(name string) bool {
		name = sameLetters.Replace(name)
		return name == p || len(name) >= 5 && strings.EqualFold(name, p)
	}
	primary := Primary(language)
	if slices.ContainsFunc(agencies, same) || slices.ContainsFunc(agenciesOf[primary], same) {
		return true
	}
	if primary != "" {
		return false
	}
	for _, of := range agenciesOf {
		if slices.ContainsFunc(of, same) {
			return true
		}
	}
	return false
}
