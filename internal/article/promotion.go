package article

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lines that are no part of an article, in lower case, by how much of the line must be so.

// promotion lists beginnings. A line that goes on as a whole sentence is none ("Read more books, the minister said."), but
// for what stands behind a colon, a bar or a dash.
var promotion = []string{
	"advertisement", "ad:", "sponsored", "read also", "read more", "also read", "see also", "related:", "download the app", "get our app", "get the app", "follow us", "subscribe", "sign up", "join our", "click here", "watch:", "share this", "share on ",
	"support our journalism", "support us", "donate now", "become a member", "leave a comment", "stay tuned", "stay updated", "buy tickets", "comments (", "print this", "don't miss", "don’t miss",
	"ڕیکلام", "ریکلام", "بخوێنەوە", "هەروەها بخوێنەوە", "زیاتر بخوێنەوە", "ئەمەش بخوێنەوە", "ئەمانەش بخوێنەوە", "بابەتی پەیوەندیدار", "بابەتە پەیوەندیدارەکان", "هەواڵی پەیوەندیدار", "لە تەلەگرام", "سپۆنسەر",
	"إعلان", "اعلان", "اقرأ أيضا", "اقرأ أيضاً", "اقرأ ايضا", "إقرأ أيضا", "إقرأ أيضاً", "اقرأ المزيد", "إقرأ المزيد", "شاهد أيضا", "شاهد أيضاً", "للمزيد", "تابعونا", "تابعنا", "تابع قناتنا", "اشترك الآن", "حمل تطبيق", "حملوا تطبيق", "حمّل التطبيق", "حمل التطبيق", "انضم إلى قناتنا", "انضموا إلى قناتنا", "اضغط هنا", "مواضيع ذات صلة", "أخبار ذات صلة", "مقالات ذات صلة", "مادة إعلانية", "محتوى ممول", "محتوى مدفوع",
	"آگهی", "بیشتر بخوانید", "همچنین بخوانید", "تبلیغات", "مطالب مرتبط", "خبرهای مرتبط", "اخبار مرتبط", "اینجا کلیک کنید",
	"reklam:", "reklam ", "ilan:", "ayrıca okuyun", "ayrıca bakınız", "bunu da okuyun", "bizi takip", "uygulamamızı indir", "ilgili haber", "haberin devamı", "sponsorlu içerik", "izleyin:", "izle:",
	"reklam –", "her wiha bixwîne", "bixwîne:", "zêdetir bixwîne", "nûçeyên têkildar", "nûçeya têkildar",
	"anzeige", "lesen sie auch", "lesen sie mehr", "lesen sie hier", "mehr zum thema", "mehr dazu", "auch interessant", "das könnte sie auch interessieren", "folge uns", "newsletter", "jetzt abonnieren", "laden sie unsere app", "hier klicken",
	"publicité", "lire aussi", "à lire aussi", "lire la suite", "sur le même sujet", "suivez-nous", "téléchargez notre", "publicidad", "lea también", "lee también", "leer más", "te puede interesar", "síguenos", "suscríbete", "descarga nuestra",
	"реклама", "читайте также", "подписывайтесь", "подпишитесь", "скачайте приложение",
	"広告", "【広告】", "【pr】", "あわせて読みたい", "関連記事", "おすすめ記事", "こちらもおすすめ", "フォロー", "アプリをダウンロード", "続きを読む", "メルマガ登録", "メルマガ登録は", "会員登録はこちら", "会員登録は",
}

// always lists beginnings that are promotion also where the line is a whole sentence. They need not stand in promotion, too.
var always = []string{
	"download our app", "follow us on", "subscribe to our", "sign up for our", "sign up to our", "join our whatsapp", "join our telegram", "join our channel", "click here to", "this article was originally", "get the latest news",
	"تابعونا على", "تابعنا على", "حمل تطبيقنا", "حملوا تطبيقنا", "اشترك في قناتنا", "اشتركوا في قناتنا", "اشترك في نشرتنا", "اشتركوا في نشرتنا", "فۆڵۆومان بکەن", "فۆڵۆمان بکەن", "ئەپەکەمان", "ما را در", "bizi takip edin", "uygulamamızı indirin", "me bişopîne",
	"folgen sie uns", "abonnieren sie", "síguenos en", "suivez-nous sur", "abonnez-vous", "подписывайтесь на",
}

// whole lists lines that are promotion, or a heading of what the page adds, if they say no more.
var whole = []string{
	"advertising", "advertisements", "promoted", "ad", "related", "related articles", "related stories", "related news", "related topics", "related posts", "related content", "more on this story", "more on this", "more from", "you may also like", "you might also like",
	"recommended", "recommended for you", "recommended stories", "most read", "most popular", "trending", "trending now", "editor's picks", "editor’s picks", "editors' picks", "top stories", "latest news", "comments", "share", "print", "continue reading", "learn more", "watch", "listen", "donate",
	"reklam", "ilan", "ilanlar", "tıklayın", "çok okunanlar", "etiketler", "werbung", "zum thema", "meistgelesen", "teilen", "lire plus", "partager", "compartir", "по теме", "поделиться", "pr", "スポンサーリンク", "シェアする", "フォローする", "关注我们", "广告", "相关阅读",
	"هاوبەشی بکە", "تاگەکان", "إعلانات", "مشاركة", "شارك", "الأكثر قراءة", "وسوم", "پربازدیدترین", "برچسب\u200cها",
}

// pointers lead on to something else with a mark behind them: "Video: the dam opens". A whole sentence is none.
var pointers = []string{
	"watch", "video", "listen", "podcast", "photos", "gallery", "photo gallery", "in pictures", "tags", "topics", "keywords", "share", "more", "read", "video galeri", "foto galeri", "galeri", "schlagworte", "bildergalerie", "vidéo", "galería", "vídeo", "видео", "теги", "動画", "タグ", "ڤیدیۆ", "بە ڤیدیۆ", "فيديو", "بالفيديو", "شاهد", "بالصور", "وسوم", "ویدیو", "برچسب\u200cها",
}

// calls are how languages whose verb comes last ask a reader for something; the others by the place where to follow.
var calls = compiled(`^(?:follow|like|join|find|add) .{1,40} (?:on|at|in) (?:x|twitter|facebook|instagram|telegram|whatsapp|youtube|tiktok|threads|bluesky|mastodon|viber|google news)\b` +
	`|^download .{1,30}\bapp$|^برعاية .{1,25}$` +
	`|^[^“”"«»]{0,60}(?:takip edin(?:iz)?|uygulamasını indirin|uygulamamızı indirin|abone olun|için tıklayın(?:ız)?|kanalımıza katılın|bişopînin|daxîn(?:e|in)|دنبال کنید|ما شوید|را دانلود کنید|کلیک کنید|فۆڵۆ(?:و)?مان بکەن?|دابەزێنەو?ن?|دابەزێنن|کەناڵی .{0,20}مان بکەن|سەبسکرایبمان بکەن|کلیک لێرە بکەن?)\s*[.!]?$`)

var (
	promotionAnywhere = compiled(`(?i)\badvert(?:isement|isment|ising)?\b|\bpromoted content\b`)
	notice            = compiled(`^(?:©|\(c\)|copyright\b).{0,80}\d{4}|all rights reserved|alle rechte vorbehalten|tous droits réservés|tüm hakları saklıdır|جميع الحقوق محفوظة`)
	counted           = compiled(`[\s(\[]*\d*[)\]\s:.!…|»>›→]*$`)
)

// Promotion says whether a line is promotion rather than part of the article: it begins with words that call for
// something else, and is no sentence of its own ("Read more books, the minister said." is one), or it is a heading of
// what the page adds, or a notice of rights. extra are further beginnings, a site's own.
func Promotion(line string, extra ...string) bool {
	if len(line) > 1000 {
		return false
	}
	l := strings.ReplaceAll(strings.ToLower(strings.TrimFunc(line, func(r rune) bool { return blank(r) || strings.ContainsRune("*_►▶>»•-–—#", r) })), "i\u0307", "i")
	for _, p := range always {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	for _, p := range extra {
		if p = strings.ToLower(strings.TrimFunc(p, blank)); p != "" && strings.HasPrefix(l, p) {
			return true
		}
	}
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(l, "”’»\"')"))
	stated := strings.ContainsRune(".。؟?!…", last)
	long := utf8.RuneCountInString(l)
	for _, p := range promotion {
		rest, ok := strings.CutPrefix(l, p)
		if !ok || startsWithLetter(rest) && !strings.HasSuffix(p, " ") && !strings.HasSuffix(p, "は") && p != "広告" && p != "ilgili haber" {
			continue
		}
		rest = strings.TrimLeft(rest, " ")
		if !stated && long < 100 || rest == "" || beginsWith(rest, ":：|–—-…") || strings.HasSuffix(p, ":") {
			return true
		}
	}
	if long < 40 && slices.Contains(whole, counted.ReplaceAllString(l, "")) {
		return true
	}
	if long < 120 && notice.MatchString(l) {
		return true
	}
	if long < 90 && !stated {
		for _, p := range pointers {
			if rest, ok := strings.CutPrefix(l, p); ok && beginsWith(strings.TrimLeft(rest, " "), ":：|") {
				return true
			}
		}
	}
	if long < 90 { // first: of all that is asked of a line, finding these takes longest
		if m := calls.FindString(l); m != "" && (!stated || strings.HasSuffix(m, string(last))) {
			return true
		}
	}
	return long < 80 && promotionAnywhere.MatchString(l) && !strings.ContainsAny(l, ".:!?")
}

func startsWithLetter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsMark(r)
}

// beginsWith says whether a text begins with one of some marks.
func beginsWith(s, marks string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune(marks, r)
}
