package remark

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryLanguageSaysEveryKind with the values of the English sentence.
func TestEveryLanguageSaysEveryKind(t *testing.T) {
	files, err := fs.ReadDir(wordFiles, "words")
	if err != nil || len(files) != len(Languages) {
		t.Fatalf("%d files of words for %d languages: %v", len(files), len(Languages), err)
	}
	_, english := parsed()
	hole := regexp.MustCompile(`\{[1-9]\}`)
	touched := regexp.MustCompile(`[\pL\pM]\{[1-9]\}|\{[1-9]\}['’]?[\pL\pM]`) // no ending fits every value
	for _, l := range Languages {
		for kind, en := range english {
			said, ok := l.says()[kind]
			if !ok {
				t.Errorf("%s does not say %s", l.Tag, kind)
				continue
			}
			a, b := hole.FindAllString(plain(en), -1), hole.FindAllString(plain(said), -1)
			slices.Sort(a)
			if slices.Sort(b); !slices.Equal(a, b) {
				t.Errorf("%s in %s has the values %s, in English %s", kind, l.Tag, b, a)
			}
			if l.Tag != "en" && touched.MatchString(plain(said)) {
				t.Errorf("%s in %s has letters that touch a value: %s", kind, l.Tag, plain(said))
			}
		}
		for kind := range l.says() {
			if _, ok := english[kind]; !ok {
				t.Errorf("%s says %s, which English has not", l.Tag, kind)
			}
		}
		for _, v := range Layouts {
			if l.Word("layout."+v) == "" {
				t.Errorf("%s has no word for the layout %s", l.Tag, v)
			}
		}
	}
}

// plain is a sentence with its holes as {1}.
func plain(s sentence) string {
	out := s.texts[0]
	for i, h := range s.holes {
		out += fmt.Sprintf("{%d}%s", h.n, s.texts[i+1])
	}
	return out
}

// TestTell: what a document says, in another language. What is not the language's own stands in [].
func TestTell(t *testing.T) {
	for _, c := range []struct{ tag, text, want string }{
		{"en", "the number 47 is not in the article; mind the name", "the number [:47] is not in the article; [:mind the name]"},
		{"ckb", "the number 47 is not in the article; mind the name", "ژمارەی [:47] لە بابەتەکەدا نییە؛ [en:mind the name]"},
		{"ku-TR", "the network answered 403 Forbidden: another post of this account has the same text; change it",
			"tor bersiv da: [:403 Forbidden]: posteke din a vê hesabê heman nivîs heye; biguherîne"},
		{"fa", "bottom: the photo would be blown up 2.4 times", "عکس، متن پایین: عکس [:۲٫۴] برابر بزرگ می\u200cشود"},
		{"tr", "bottom: the photo would be blown up 2.4 times", "Fotoğraf, metin altta: fotoğraf [:2,4] kat büyütülürdü"},
		{"ar", "زميلنا قال", "[:زميلنا قال]"},
	} {
		var b strings.Builder
		for _, p := range In(c.tag).Tell(c.text) {
			if p.Ours {
				b.WriteString(p.Text)
			} else {
				b.WriteString("[" + p.Lang + ":" + p.Text + "]")
			}
		}
		if have := b.String(); have != c.want {
			t.Errorf("%s: %q is told as\n%s, want\n%s", c.tag, c.text, have, c.want)
		}
	}
	if In("de") != nil || In("") != nil {
		t.Error("a language that is not there")
	}
}
