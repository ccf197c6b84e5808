package card

import (
	"strconv"
	"strings"

	"cutline/internal/article"
)

// creditLabels stand before a credit, in the site's language.
var creditLabels = map[string]string{
	"en": "Photo", "ckb": "وێنە", "ar": "صورة", "fa": "عکس", "he": "צילום", "hi": "फोटो", "ja": "写真", "tr": "Fotoğraf", "kmr": "Wêne", "de": "Foto",
	"fr": "Photo", "es": "Foto", "it": "Foto", "nl": "Foto", "pt": "Foto", "sv": "Foto", "pl": "Fot.", "ru": "Фото", "uk": "Фото", "zh": "图", "ko": "사진", "el": "Φωτο", "ur": "تصویر",
	"bn": "ছবি", "ta": "படம்", "th": "ภาพ", "vi": "Ảnh", "am": "ፎቶ", "ka": "ფოტო", "hy": "Լուսանկար", "mr": "फोटो", "ne": "तस्बिर", "my": "ဓာတ်ပုံ", "km": "រូបថត", "lo": "ພາບ", "ps": "انځور",
	"az": "Foto", "ca": "Foto", "cs": "Foto", "da": "Foto", "fi": "Kuva", "hr": "Foto", "hu": "Fotó", "id": "Foto", "nb": "Foto", "no": "Foto", "ro": "Foto", "sk": "Foto", "sl": "Foto", "bg": "Снимка", "sr": "Фото",
}

// CreditLine is a credit as a card shows it: "Photo: AFP".
func CreditLine(name, lang string) string {
	label := creditLabels[article.Tongue(lang)]
	if label == "" {
		label = "Photo"
	}
	return label + ": " + name
}

// kickers are the words of a story's state.
var kickers = map[string]map[string]string{
	"live":      {"en": "Live", "ckb": "ڕاستەوخۆ", "kmr": "Zindî", "ar": "مباشر", "fa": "زنده", "tr": "Canlı", "de": "Live", "fr": "Direct", "ru": "Онлайн"},
	"updated":   {"en": "Updated", "ckb": "نوێکراوە", "kmr": "Nûkirî", "ar": "محدّث", "fa": "به\u200cروز شد", "tr": "Güncellendi", "de": "Aktualisiert", "fr": "Mis à jour", "ru": "Обновлено"},
	"corrected": {"en": "Corrected", "ckb": "ڕاستکراوە", "kmr": "Rastkirî", "ar": "مصحّح", "fa": "اصلاح شد", "tr": "Düzeltildi", "de": "Korrigiert", "fr": "Corrigé", "ru": "Исправлено"},
	"opinion":   {"en": "Opinion", "ckb": "بیروڕا", "kmr": "Nêrîn", "ar": "رأي", "fa": "دیدگاه", "tr": "Görüş", "de": "Meinung", "fr": "Opinion", "ru": "Мнение"},
	"analysis":  {"en": "Analysis", "ckb": "شیکاری", "kmr": "Analîz", "ar": "تحليل", "fa": "تحلیل", "tr": "Analiz", "de": "Analyse", "fr": "Analyse", "ru": "Анализ"},
}

func word(m map[string]string, lang string) string {
	if w := m[article.Tongue(lang)]; w != "" {
		return w
	}
	return m["en"]
}

// yearWord says that a story is old.
func yearWord(year int, lang string) string {
	n := strconv.Itoa(year)
	switch article.Tongue(lang) {
	case "ckb":
		return "ساڵی " + native(n, '٠')
	case "ar":
		return "عام " + n
	case "fa":
		return "سال " + native(n, '۰')
	case "tr":
		return n + " yılından"
	case "kmr":
		return "Ji " + n
	case "de":
		return "Aus " + n
	case "fr":
		return "De " + n
	case "en":
		return "From " + n
	case "ja", "zh":
		return n + "年"
	}
	return n // which every reader knows for one
}

// Alt is a card's alt text in the article's language: its headline, what the photo shows, whose it is.
func Alt(headline string, p article.Photo, credit string) string {
	parts := []string{stop(headline)}
	if shows := p.Alt; shows != "" {
		parts = append(parts, stop(shows))
	} else if p.Caption != "" {
		parts = append(parts, stop(p.Caption))
	}
	if credit != "" {
		parts = append(parts, credit)
	}
	return strings.Join(parts, " ")
}

// stop ends a text as a sentence.
func stop(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") || strings.HasSuffix(s, "؟") || strings.HasSuffix(s, "…") || strings.HasSuffix(s, "。") {
		return s
	}
	return s + "."
}
