package card

import (
	"fmt"
	"strings"
	"time"

	"cutline/internal/article"
)

// months by language, January first; where a language is not here the date is written in numbers, year first.
var months = map[string][12]string{
	"en":  {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"ckb": {"کانوونی دووەم", "شوبات", "ئازار", "نیسان", "ئایار", "حوزەیران", "تەممووز", "ئاب", "ئەیلوول", "تشرینی یەکەم", "تشرینی دووەم", "کانوونی یەکەم"},
	"kmr": {"Çile", "Sibat", "Adar", "Nîsan", "Gulan", "Hezîran", "Tîrmeh", "Tebax", "Îlon", "Cotmeh", "Mijdar", "Kanûn"},
	"ar":  {"كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول"},
	"fa":  {"فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"}, // of the Solar Hijri year
	"tr":  {"Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"},
	"de":  {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	"fr":  {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	"es":  {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
}

// Date is a day as a newspaper of the language writes it. Persian counts by the Solar Hijri calendar; Arabic has the
// months' names of Iraq and Syria.
func Date(t time.Time, lang string) string {
	y, m, d := t.Date()
	base := article.Tongue(lang)
	name := func(m int) string { return months[base][m-1] }
	switch base {
	case "ckb":
		return native(fmt.Sprintf("%dی ", d), '٠') + name(int(m)) + native(fmt.Sprintf("ی %d", y), '٠')
	case "kmr":
		return fmt.Sprintf("%dê %sê %d", d, strings.TrimSuffix(name(int(m)), "e"), y)
	case "fa":
		jy, jm, jd := solarHijri(t)
		return native(fmt.Sprintf("%d %s %d", jd, name(jm), jy), '۰')
	case "de":
		return fmt.Sprintf("%d. %s %d", d, name(int(m)), y)
	case "en", "ar", "tr", "fr":
		return fmt.Sprintf("%d %s %d", d, name(int(m)), y)
	case "es":
		return fmt.Sprintf("%d de %s de %d", d, name(int(m)), y)
	}
	return t.Format(time.DateOnly)
}

// native writes the digits of a text in another row of ten, which begins with zero.
func native(s string, zero rune) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return zero + r - '0'
		}
		return r
	}, s)
}

// solarHijri is a day in Iran's calendar, by the 33-year cycle, which agrees with the astronomical one from 1925 to 2088
// of the common era.
func solarHijri(t time.Time) (y, m, d int) {
	// Days since 1 Farvardin 1304 (21 March 1925), year by year: a few additions for any year of news.
	n := int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Sub(time.Date(1925, 3, 21, 0, 0, 0, 0, time.UTC)).Hours() / 24)
	y = 1304
	for n < 0 {
		y--
		n += yearDays(y)
	}
	for n >= yearDays(y) {
		n -= yearDays(y)
		y++
	}
	m = 1
	for m < 12 && n >= monthDays(m) {
		n -= monthDays(m)
		m++
	}
	return y, m, n + 1
}

func monthDays(m int) int {
	if m <= 6 {
		return 31
	}
	return 30
}

// yearDays is 366 in the years whose remainder by 33 is 1, 5, 9, 13, 17, 22, 26 or 30.
func yearDays(y int) int {
	switch y % 33 {
	case 1, 5, 9, 13, 17, 22, 26, 30:
		return 366
	}
	return 365
}
