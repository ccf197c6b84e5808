package channel

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// span is a part of a text, in bytes, end exclusive.
type span struct{ from, to int }

// links finds what X (twitter-text 3) makes a link of, in order: addresses with http:// or https://, and, if bare is
// set, also what has none but a host in a top-level domain that exists. Its rules are odd in places and are kept,
// because X counts by them: a host without a scheme ends where its ASCII part does, and a query belongs to it only
// behind a path.
func links(text string, bare bool) []span {
	var found []span
	if !strings.Contains(text, ".") {
		return nil
	}
	f := &linkFinder{text: text, hosts: map[int]int{}, tlds: map[int]int{}}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		m, ok := linkMatch{}, false
		if !strings.ContainsRune(notBeforeLink, r) && !isWordASCII(r) {
			m, ok = f.link(at + size)
			m.before = r
		}
		if !ok && at == 0 {
			m, ok = f.link(0)
			m.before = 0
		}
		if !ok {
			at += size
			continue
		}
		at = m.end // also what turns out to be no link is passed over whole
		if m.scheme || bare {
			found = append(found, f.spans(m)...)
		}
	}
	return found
}

const notBeforeLink = "@＠$#＃\ufffe\ufeff\uffff"

// linkMatch is one match of the shape scheme? host port? path? query?, as offsets into the text.
type linkMatch struct {
	before             rune // the character before it; 0: none
	start, host        int
	hostEnd, path, end int // path: where the path begins; 0: it has none
	scheme             bool
}

var (
	schemeRE = regexp.MustCompile(`^(?i:https?://)`)
	tailRE   = regexp.MustCompile(`^(?::[0-9]+)?(/` + pathPattern + `*)?(?:\?` + queryChars + `*` + queryEnd + `)?`)
	tcoRE    = regexp.MustCompile(`^(?i:https?://t\.co/([a-z0-9]+)(?:\?` + queryChars + `*` + queryEnd + `)?)`)
)

// What a path and a query are made of: Latin, Cyrillic, and signs; up to two levels of balanced brackets; and an end
// that is no punctuation, so that the full stop of a sentence stays outside. Brackets end a path only behind such an end: X's
// expression has them as a path of their own.
const (
	latinAccents = `\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{FF}\x{100}-\x{24F}\x{253}\x{254}\x{256}\x{257}\x{259}\x{25B}\x{263}\x{268}\x{26F}\x{272}\x{289}\x{28B}\x{2BB}\x{300}-\x{36F}\x{1E00}-\x{1EFF}`
	pathChars    = `[A-Za-z\x{400}-\x{4FF}0-9!*';:=+,.$/%#\[\]\-\x{2013}_~@|&` + latinAccents + `]`
	pathBrackets = `\((?:` + pathChars + `+|` + pathChars + `*\(` + pathChars + `+\)` + pathChars + `*)\)`
	pathEnd      = `[+\-A-Za-z\x{400}-\x{4FF}0-9=_#/` + latinAccents + `]`
	pathPattern  = `(?:` + pathChars + `*(?:` + pathBrackets + pathChars + `*)*` + pathEnd + `|` + pathBrackets + `|@` + pathChars + `+/)`
	queryChars   = `[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]`
	queryEnd     = `[A-Za-z0-9\-_&=#/]`
)

// linkFinder finds the links of one text. It remembers what it has seen at each place, so that the time it takes grows with
// the text's length and not with its square, whatever the text is.
type linkFinder struct {
	text  string
	hosts map[int]int // where the host that begins here ends; 0: none does
	tlds  map[int]int // where the top-level domain that begins here ends; 0: none does
	label labelSeen   // the label that was looked at last
}

// labelSeen is a run of characters that may stand in a label, up to a dot.
type labelSeen struct {
	from, dot  int  // dot < 0: the run does not end in a dot
	until      int  // the run's end
	underscore int  // the last one's place, or -1
	good       bool // what stands before the dot may end a label
}

// link matches a link that begins at a place.
func (f *linkFinder) link(at int) (linkMatch, bool) {
	m := linkMatch{start: at, host: at}
	if s := schemeRE.FindString(f.text[at:]); s != "" {
		m.host, m.scheme = at+len(s), true
	}
	end := f.host(m.host)
	if end == 0 {
		return m, false
	}
	m.hostEnd = end
	tail := tailRE.FindStringSubmatchIndex(f.text[end:])
	if m.end = end + tail[1]; tail[2] >= 0 {
		m.path = end + tail[2]
	}
	return m, true
}

// host is the end of the host that begins at a place: as many labels as there are, the last a top-level domain. 0: none.
func (f *linkFinder) host(at int) int {
	var chain []int // the places of labels that were not known yet, each before the next
	var named []int // for each, the end of the top-level domain behind its label; 0: none
	end := 0
	for known := false; !known; {
		if end, known = f.hosts[at]; known {
			break
		}
		next, name, sub := f.labelAt(at)
		if !sub {
			f.hosts[at] = 0
			break
		}
		tld := 0
		if name { // the label before the last has no underscore
			tld = f.tld(next)
		}
		chain, named = append(chain, at), append(named, tld)
		at = next
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if end == 0 {
			end = named[i]
		}
		f.hosts[chain[i]] = end
	}
	return end
}

// labelAt matches a label with the dot behind it. sub: good as a subdomain; name: good before a top-level domain, too.
func (f *linkFinder) labelAt(at int) (next int, name, sub bool) {
	l := &f.label
	if at < l.from || at >= l.until {
		*l = labelSeen{from: at, dot: -1, until: at, underscore: -1}
		for i, r := range f.text[at:] {
			if l.until = at + i; r == '.' {
				l.dot = l.until
				break
			}
			if l.good = isHostRune(r); !l.good && r != '-' && r != '_' {
				break
			}
			if r == '_' {
				l.underscore = l.until
			}
			l.until = len(f.text)
		}
	}
	if first, _ := utf8.DecodeRuneInString(f.text[at:]); l.dot <= at || !isHostRune(first) || !l.good {
		return at, false, false
	}
	return l.dot + 1, l.underscore < at, true
}

// isHostRune says whether X takes a character for part of a host's name: nearly everything but punctuation and space.
func isHostRune(r rune) bool {
	if r < 0x80 {
		return r > ' ' && !strings.ContainsRune("!'#%&()*+,\\-./:;<=>?@[]^_{|}~$", r) || r < 9 || r > 0xd && r < ' '
	}
	return !strings.ContainsRune("\u0085\u00a0\u1680\u180e\u2028\u2029\u202f\u205f\u3000\ufffe\ufeff\uffff\u202a\u202b\u202c\u202d\u202e\u061c\u200e\u200f\u2066\u2067\u2068\u2069", r) &&
		(r < 0x2000 || r > 0x200a)
}

func isWordASCII(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

const longestTLD = 24 // runes; the longest that there are have 18, or 24 as xn--…

// tld is the end of the top-level domain that begins at a place: one that exists and is not the beginning of a longer
// word. 0: none.
func (f *linkFinder) tld(at int) int {
	end, known := f.tlds[at]
	if !known {
		end = matchTLD(f.text, at)
		f.tlds[at] = end
	}
	return end
}

func matchTLD(text string, at int) int {
	ends := make([]int, 0, longestTLD)
	for next := at; next < len(text) && len(ends) < longestTLD; {
		r, size := utf8.DecodeRuneInString(text[next:])
		if !isHostRune(r) && r != '-' {
			break
		}
		next += size
		ends = append(ends, next)
	}
	for i := len(ends) - 1; i >= 0; i-- {
		if rest := text[ends[i]:]; rest != "" && (isWordASCII(rune(rest[0])) || strings.IndexByte("@+-", rest[0]) >= 0) {
			continue
		}
		if isTLD(text[at:ends[i]]) {
			return ends[i]
		}
	}
	if n := len(punycodeRE.FindString(text[at:])); n > 0 {
		return at + n
	}
	return 0
}

var punycodeRE = regexp.MustCompile(`^(?i:xn--[-0-9a-z]+)`)

// retired are top-level domains that X's list has and the root zone has no longer.
const retired = " an bl bq eh mf tp um "

// isTLD says whether a top-level domain exists, by the public suffix list.
func isTLD(name string) bool {
	ascii, err := idna.Punycode.ToASCII(strings.ToLower(name))
	if err != nil || ascii == "" || strings.HasPrefix(name, "-") {
		return false
	}
	_, icann := publicsuffix.PublicSuffix("x." + ascii)
	return icann || strings.Contains(retired, " "+ascii+" ")
}

const (
	maxLinkLength = 4096 // UTF-16 units
	maxHostLabel  = 63   // bytes, as ASCII
	maxShortSlug  = 40   // of a t.co address
)

// spans is what of a match is a link. A match with a scheme is one link or none, one without may hold several hosts.
func (f *linkFinder) spans(m linkMatch) []span {
	text, host := f.text, f.text[m.host:m.hostEnd]
	ascii := f.asciiHosts(m)
	if strings.HasPrefix(host, "xn--") && len(ascii) == 0 || utf16Length(text[m.start:m.end])+len("https://") > maxLinkLength {
		return nil
	}
	for label := range strings.SplitSeq(host, ".") {
		// What cannot be encoded (it calls itself encoded and is not) X measures as it stands.
		if a, err := idna.Punycode.ToASCII(label); err != nil && len(label) > maxHostLabel || len(a) > maxHostLabel {
			return nil
		}
	}
	if m.scheme {
		link := text[m.start:m.end]
		if short := tcoRE.FindStringSubmatch(link); short != nil {
			if len(short[1]) > maxShortSlug {
				return nil
			}
			link = short[0] // nothing but letters and digits is X's own
		}
		return []span{{m.start, m.start + len(link)}}
	}
	if strings.ContainsRune("-_./", m.before) {
		return nil
	}
	if len(ascii) > 0 && m.path > 0 {
		ascii[len(ascii)-1].to = m.end
	}
	return ascii
}

// asciiHosts finds the hosts in Latin letters within a host of any letters.
func (f *linkFinder) asciiHosts(m linkMatch) []span {
	var found []span
	for at := m.host; at < m.hostEnd; {
		end, next := 0, at
		for {
			n := len(asciiLabelRE.FindString(f.text[next:m.hostEnd]))
			if n == 0 {
				break
			}
			next += n
			if tld := f.tld(next); tld > 0 {
				end = tld
			}
		}
		switch {
		case end > 0:
			found = append(found, span{at, end})
			at = end
		case next > at: // what begins later in these labels ends no better
			at = next
		default:
			_, size := utf8.DecodeRuneInString(f.text[at:])
			at += size
		}
	}
	return found
}

var asciiLabelRE = regexp.MustCompile(`^[-A-Za-z0-9` + latinAccents + `]+\.`)
