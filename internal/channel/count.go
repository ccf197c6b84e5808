package channel

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutline/internal/config"
	"cutline/internal/remark"
)

// ErrUnfit is wrapped by what [Count] says of a text that the network refuses though it is not too long.
var ErrUnfit = errors.New("the network refuses the text")

// unfit is an ErrUnfit that says why, as a remark.
type unfit string

func (u unfit) Error() string { return string(u) }
func (u unfit) Unwrap() error { return ErrUnfit }

// Count says how long a text is on a kind of channel, as the network counts, and how long it may be there: n fits if
// it is at most limit, or if limit is 0, which is no limit. Where networks of one kind differ (Mastodon's servers) the
// limit is what all of them take. Where a network does not say what it counts, it is UTF-16 units, which are never
// fewer than characters.
//
// The error wraps [ErrUnfit] for a text that is refused whatever its length; n and limit hold all the same. Any other
// error says that there is no such kind.
func Count(kind, text string) (n, limit int, err error) {
	switch kind {
	case "feed", "webhook", "nostr": // a relay may have a limit of its own, which it tells when asked
		return utf8.RuneCountInString(text), 0, nil
	case "log":
		return utf8.RuneCountInString(text), logLimit, nil
	case "bluesky":
		if len(text) > bskyBytes {
			err = unfit(remark.Say("text-bytes", len(text), bskyBytes))
		}
		return graphemes(text), bskyGraphemes, err
	case "mastodon":
		return mastodonLength(text), mastodonChars, nil
	case "telegram": // as the caption of the card; a message without one may have 4096
		return utf16Length(text), telegramCaption, nil
	case "x":
		n, bad := xLength(text)
		switch {
		case bad:
			err = unfit(remark.Say("text-letters"))
		case n == 0:
			err = unfit(remark.Say("text-empty"))
		}
		return n, xLimit, err
	case "threads":
		return threadsLength(text), 500, nil
	case "facebook":
		return utf16Length(text), 63206, nil
	case "instagram":
		return utf16Length(text), 2200, nil
	case "linkedin":
		return utf16Length(text), 3000, nil
	case "discord":
		return utf16Length(text), 2000, nil
	case "slack": // counted as it is sent
		return utf16Length(slackEscape.Replace(text)), 40000, nil
	case "teams": // bytes of the whole card, of which the text is nearly all
		return len(text), 28 << 10, nil
	}
	return 0, 0, fmt.Errorf("there is no kind of channel %q; there are %v", kind, config.ChannelKinds)
}

// CountOn is [Count] on one account, where what an account has counts.
func CountOn(c config.Channel, text string) (n, limit int, err error) {
	n, limit, err = Count(c.Kind, text)
	if c.Kind == "x" && c.Premium {
		limit = xPremium
	}
	return n, limit, err
}

// Cost is what the network bills for a post with this text, in US dollars by its published prices; 0: nothing.
func Cost(c config.Channel, text string) float64 {
	switch {
	case c.Kind != "x":
		return 0
	case linkRE.MatchString(text), len(links(text, true)) > 0:
		return xWithLink
	}
	return xPlain
}

// slackEscape is what Slack wants escaped, and nothing else.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// threadsLength counts characters, and an emoji as its bytes in UTF-8.
func threadsLength(text string) int {
	n := 0
	for at := 0; at < len(text); {
		if size := emojiAt(text[at:]); size > 0 {
			n += size
			at += size
			continue
		}
		r, size := utf8.DecodeRuneInString(text[at:])
		at += size
		if r >= 0x2190 && unicode.Is(unicode.So, r) { // from the arrows on symbols may be shown as emoji
			n += size
		} else {
			n++
		}
	}
	return n
}
