package remark

import (
	"embed"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

//go:embed words
var wordFiles embed.FS

// Language is one in which remarks are said to people, and in which the desk and notices speak.
type Language struct {
	Tag string // BCP 47: en, ckb, kmr, ar, fa or tr
	Dir string // ltr or rtl

	zero  rune   // of its digits
	point string // in a number, before its fraction

	once sync.Once           // for said, which only says asks for: a function that tells nobody carries no words
	said map[string]sentence // by kind
}

// Languages is every language there is, in the order in which they are offered.
var Languages = []*Language{
	{Tag: "en", Dir: "ltr", zero: '0', point: "."},
	{Tag: "ckb", Dir: "rtl", zero: '٠', point: "٫"},
	{Tag: "kmr", Dir: "ltr", zero: '0', point: ","},
	{Tag: "ar", Dir: "rtl", zero: '0', point: "."},
	{Tag: "fa", Dir: "rtl", zero: '۰', point: "٫"},
	{Tag: "tr", Dir: "ltr", zero: '0', point: ","},
}

// says is the sentence of every kind, as the language has it.
func (l *Language) says() map[string]sentence {
	l.once.Do(func() {
		b, err := wordFiles.ReadFile("words/" + l.Tag + ".txt")
		if err != nil {
			panic(err) // the file is in the program
		}
		_, l.said = parse(string(b))
	})
	return l.said
}

// In is the language of a BCP 47 tag, whatever its script and region; nil: it is none of [Languages]. "ku" is Kurmanji.
func In(tag string) *Language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if primary == "ku" {
		primary = "kmr"
	}
	for _, l := range Languages {
		if l.Tag == primary {
			return l
		}
	}
	return nil
}

// Piece is a part of what a language says: the whole is all of them, one behind the other.
type Piece struct {
	Text string
	Ours bool   // the language's own words; else a value or what somebody said, of any language and direction
	Lang string // of what somebody said: the language it is probably in; empty: the same, or not known
}

// Tell says remarks as documents keep them, as many as are joined in the text. What is somebody's own words stays as it is.
func (l *Language) Tell(text string) []Piece {
	var out []Piece
	for i, r := range Read(text) {
		if i > 0 {
			out = append(out, Piece{Text: l.mark(separator, "؛ "), Ours: true})
		}
		if r.Kind == "" {
			out = append(out, Piece{Text: r.Text, Lang: l.foreign(r.Text)})
		} else {
			out = l.fill(out, r.Kind, r.Values)
		}
	}
	return out
}

// Say says a single kind, also one that no document keeps. The values are the holes' of the English sentence, by their
// numbers; a missing one is empty. A kind that is not there says nothing.
func (l *Language) Say(kind string, values ...string) []Piece {
	_, first := parsed()
	s := first[kind]
	typed := make([]Value, len(s.holes))
	for _, h := range s.holes {
		if h.n <= len(values) {
			typed[h.n-1] = Value{values[h.n-1], h.as}
		}
	}
	return l.fill(nil, kind, typed)
}

// fill puts a sentence behind what is said already.
func (l *Language) fill(out []Piece, kind string, values []Value) []Piece {
	s, ok := l.says()[kind]
	if !ok { // a test finds it
		_, first := parsed()
		if s, ok = first[kind]; !ok {
			return out
		}
	}
	for i, text := range s.texts {
		if text != "" {
			out = append(out, Piece{Text: text, Ours: true})
		}
		if i == len(s.holes) || s.holes[i].n > len(values) {
			continue
		}
		switch v := values[s.holes[i].n-1]; v.As {
		case "n":
			out = append(out, Piece{Text: l.Decimals(v.Text)})
		case "layout":
			out = append(out, l.Say("layout."+v.Text)...)
		case "why", "said":
			out = append(out, l.Tell(v.Text)...)
		default:
			out = append(out, Piece{Text: v.Text})
		}
	}
	return out
}

// Comma stands between the parts of a list.
func (l *Language) Comma() string { return l.mark(", ", "، ") }

// mark is a punctuation mark: those of right-to-left languages are others.
func (l *Language) mark(ltr, rtl string) string {
	if l.Dir == "rtl" {
		return rtl
	}
	return ltr
}

// Word is a kind without values.
func (l *Language) Word(kind string) string {
	var b strings.Builder
	for _, p := range l.Say(kind) {
		b.WriteString(p.Text)
	}
	return b.String()
}

// foreign is the language that somebody's own words are marked with: networks speak English. Empty: the language's own.
func (l *Language) foreign(text string) string {
	latin := strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxLatin1 && unicode.IsLetter(r) }) < 0
	if l.Tag == "en" || !latin {
		return ""
	}
	return "en"
}

// Number is a whole number with the language's digits.
func (l *Language) Number(n int) string { return l.Digits(strconv.Itoa(n)) }

// Decimal is a number with one place after the point.
func (l *Language) Decimal(f float64) string {
	return l.Decimals(strconv.FormatFloat(f, 'f', 1, 64))
}

// Decimals is a number as text, "4.5", with the language's digits and decimal point.
func (l *Language) Decimals(s string) string {
	return strings.ReplaceAll(l.Digits(s), ".", l.point)
}

// Digits puts the language's digits for the Latin ones.
func (l *Language) Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return l.zero + r - '0'
		}
		return r
	}, s)
}
