package channel

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	xLimit  = 280 // of an account without Premium
	xLink   = 23  // what a link counts, whatever its length
	xDouble = 2   // what an emoji counts, and what most characters outside the alphabets do
)

// xLength is how long a text is on X: twitter-text 3 with its configuration v3. The text is brought to NFC; a link
// counts 23, an emoji sequence 2, a letter of Latin, Cyrillic, Greek, Arabic, an Indic script and the like 1, all else 2.
// bad says that the text holds a character that X refuses.
func xLength(text string) (length int, bad bool) {
	text = norm.NFC.String(text)
	found := links(text, true)
	for at := 0; at < len(text); {
		if len(found) > 0 && found[0].from == at {
			length += xLink
			at = found[0].to
			found = found[1:]
			continue
		}
		if n := emojiAt(text[at:]); n > 0 {
			length += xDouble
			at += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[at:])
		length += xWeight(r)
		bad = bad || r == '\ufeff' || r == '\ufffe' || r == '\uffff'
		at += size
	}
	return length, bad
}

func xWeight(r rune) int {
	switch {
	case r <= 0x10ff, r >= 0x2000 && r <= 0x200d, r >= 0x2010 && r <= 0x201f, r >= 0x2032 && r <= 0x2037:
		return 1
	}
	return xDouble
}

// emojiAt is the length in bytes of the emoji sequence that a text begins with, or 0 where it begins with none that
// counts other than its characters do one by one: a single emoji counts 2 either way. It knows the sequences
// of Emoji 11, which are those that twitter-text 3.1.0 knows; later ones X counts in their parts.
func emojiAt(text string) int {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case r == '#' || r == '*' || r >= '0' && r <= '9':
		return keycap(text)
	case r < 0xa9:
		return 0
	case r >= regionA && r <= regionZ:
		if s, n := utf8.DecodeRuneInString(text[size:]); s >= regionA && s <= regionZ &&
			strings.Contains(emojiFlags, " "+string([]rune{'A' + r - regionA, 'A' + s - regionA})+" ") {
			return size + n
		}
		return 0
	}
	for _, s := range emojiFixed[r] {
		if strings.HasPrefix(text, s) {
			return len(s)
		}
	}
	end := size // of the emoji with its skin tone or its variation selector
	if n := prefixIn(text[end:], "🏻🏼🏽🏾🏿"); n > 0 && strings.ContainsRune(emojiTonable, r) {
		end += n
	} else if strings.HasPrefix(text[end:], "\ufe0f") && strings.ContainsRune(emojiTextual, r) {
		end += len("\ufe0f")
		if n := prefixIn(text[end:], "🏻🏼🏽🏾🏿"); n > 0 && strings.ContainsRune(emojiTonable, r) {
			return end + n // not as they should be written, but one, to which no sign is joined
		}
	}
	if joined, ok := strings.CutPrefix(text[end:], string(zwj)); ok {
		switch {
		case (r == '👨' || r == '👩') && !strings.HasPrefix(text[size:], "\ufe0f"):
			for _, role := range emojiRoles {
				if strings.HasPrefix(joined, role) {
					return end + len(string(zwj)) + len(role)
				}
			}
		case strings.ContainsRune(emojiGendered, r) && (end > size || !strings.ContainsRune(emojiTextual, r)):
			for _, sign := range []string{"♀\ufe0f", "♂\ufe0f"} {
				if strings.HasPrefix(joined, sign) {
					return end + len(string(zwj)) + len(sign)
				}
			}
		}
	}
	if end > size {
		return end
	}
	return 0
}

// keycap is the length of a key: a digit, # or * with U+20E3.
func keycap(text string) int {
	const key = "\u20e3"
	if rest := strings.TrimPrefix(text[1:], "\ufe0f"); strings.HasPrefix(rest, key) {
		return len(text) - len(rest) + len(key)
	}
	return 0
}

// prefixIn is the length of the text's first character if it is one of set.
func prefixIn(text, set string) int {
	if r, n := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune(set, r) {
		return n
	}
	return 0
}
