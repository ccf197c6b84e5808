package story

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Key names a story: "<day>/<id>". The day is the UTC day on which cutline first saw it, as 2026-11-26; the id is
// 26 letters and digits of [a-z2-7] that carry 130 random bits, so that an address with a key in it cannot be guessed.
type Key string

var ids = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewKey makes a key for a story first seen at t, with an id read from random.
func NewKey(t time.Time, random io.Reader) (Key, error) {
	var b [17]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("making a story's id: %w", err)
	}
	return Key(t.UTC().Format(time.DateOnly) + "/" + strings.ToLower(ids.EncodeToString(b[:]))[:26]), nil
}

// ParseKey reads a key that came from outside: an address, a queue, a command line.
func ParseKey(s string) (Key, error) {
	day, id, ok := strings.Cut(s, "/")
	if _, err := time.Parse(time.DateOnly, day); !ok || err != nil || len(id) != 26 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return "", fmt.Errorf("%q is no story's key: want a day and an id, as 2026-11-26/abcdefghijklmnopqrstuvwxyz", s)
	}
	return Key(s), nil
}

// Day is the key's first part, and ID its second.
func (k Key) Day() string { d, _, _ := strings.Cut(string(k), "/"); return d }
func (k Key) ID() string  { _, id, _ := strings.Cut(string(k), "/"); return id }

// The prefixes of the bucket, as the README's map has them.
const (
	IDs       = "ids/"
	Stories   = "stories/"
	Cards     = "cards/"
	Manifests = "manifests/"
	Decided   = "decisions/"
	Posts     = "posts/"
	Due       = "due/"
	Feeds     = "feeds/"
	Logs      = "logs/"
	Accounts  = "accounts/"
	Stopped   = "stops/"
	Refused   = "refused/"
	Replays   = "replays/" // wishes to try a refused request again, by its name there
	People    = "people/"
	Looked    = "looks/"
	Daybooks  = "days/" // a day's documents in one object, for the desk
	Notices   = "notices/"
)

func (k Key) story() string     { return Stories + string(k) + ".json" }
func (k Key) manifest() string  { return Manifests + string(k) + ".json" }
func (k Key) decisions() string { return Decided + string(k) + ".json" }
func (k Key) posts() string     { return Posts + string(k) + "/" }
func (k Key) post(channel string) string {
	return k.posts() + channel + ".json"
}

// CardKey is where the card with this fingerprint and format lies.
func (k Key) CardKey(fingerprint, format, ext string) string {
	return Cards + string(k) + "/" + fingerprint + "-" + format + "." + ext
}

// DueKey says where a wish to look at the story again at t is kept. Times are rounded up to whole seconds, so that
// the keys sort by time and nothing is looked at early.
func (k Key) DueKey(t time.Time) string {
	return Due + ceilSecond(t).UTC().Format(time.RFC3339) + "/" + string(k)
}

// OwnDueKey is a DueKey that is one look's alone, not earlier than t: the time has a fraction of a second, read from random,
// which those of DueKey never have. So who takes it away again takes nobody else's wish away.
func (k Key) OwnDueKey(t time.Time, random io.Reader) (string, error) {
	var b [4]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("making a due entry's key: %w", err)
	}
	t = ceilSecond(t).Add(time.Duration(1 + binary.BigEndian.Uint32(b[:])%999_999_999)) // nanoseconds
	return Due + t.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + "/" + string(k), nil
}

// ParseDue takes such a key apart.
func ParseDue(objectKey string) (time.Time, Key, error) {
	when, rest, _ := strings.Cut(strings.TrimPrefix(objectKey, Due), "/")
	t, err := time.Parse(time.RFC3339, when)
	if err != nil || !strings.HasPrefix(objectKey, Due) {
		return time.Time{}, "", fmt.Errorf("%q is no due entry", objectKey)
	}
	k, err := ParseKey(rest)
	return t, k, err
}

func ceilSecond(t time.Time) time.Time {
	if r := t.Truncate(time.Second); r.Before(t) {
		return r.Add(time.Second)
	}
	return t
}

// KeyOf finds the story that an object of stories/, manifests/, decisions/ or posts/ belongs to. It is how a change
// notification becomes "look at story X"; other keys are not ok.
func KeyOf(objectKey string) (k Key, prefix string, ok bool) {
	for _, p := range []string{Stories, Manifests, Decided, Posts} {
		rest, found := strings.CutPrefix(objectKey, p)
		if !found {
			continue
		}
		if p == Posts {
			i := strings.LastIndexByte(rest, '/')
			if i < 0 {
				return "", "", false
			}
			rest = rest[:i]
		} else if rest, found = strings.CutSuffix(rest, ".json"); !found {
			return "", "", false
		}
		if k, err := ParseKey(rest); err == nil {
			return k, p, true
		}
		return "", "", false
	}
	return "", "", false
}

// idKey is where the story of a source's article id is kept. Ids are any bytes: what is not plain is written as %XX,
// which keeps A and a, composed and decomposed letters, "/" and ".." apart; a long one is kept by its SHA-256.
func idKey(source, id string) string {
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() > 200 {
		h := sha256.Sum256([]byte(id))
		return IDs + source + "/sha256-" + hex.EncodeToString(h[:]) + "%"
	}
	return IDs + source + "/" + b.String()
}

// Notified lists the stories that a notification of S3 names, each once. S3's test event and keys that are no story's name
// none. The error says which part of it cannot be read; the rest is in the list.
func Notified(notification []byte) ([]Key, error) {
	// Of S3's own type only the key is wanted, and that type refuses a whole message for a time it cannot read.
	var n struct {
		Records []struct {
			S3 struct {
				Object struct {
					Key string `json:"key"`
				} `json:"object"`
			} `json:"s3"`
		} `json:"Records"`
	}
	if err := json.Unmarshal(notification, &n); err != nil {
		return nil, fmt.Errorf("reading a notification of S3: %w", err)
	}
	var out []Key
	var wrong []error
	for _, r := range n.Records {
		key, err := url.QueryUnescape(r.S3.Object.Key) // S3 writes a space as +
		if err != nil {
			wrong = append(wrong, fmt.Errorf("reading the key in a notification of S3: %w", err))
			continue
		}
		if k, _, ok := KeyOf(key); ok && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out, errors.Join(wrong...)
}
