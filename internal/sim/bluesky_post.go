package sim

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

const bskyPicture = 1_000_000 // bytes of a picture in a post

var bskyLang = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)

// bskyPost is what of a post's record the network checks and shows.
type bskyPost struct {
	Type      string `json:"$type"`
	Text      string
	CreatedAt string
	Langs     []string
	Tags      []string
	Reply     *struct{ Parent, Root struct{ URI, CID string } }
	Embed     *struct {
		Type     string `json:"$type"`
		External struct {
			URI, Title, Description string
			Thumb                   *bskyRef
		}
		Images []struct {
			Image bskyRef
			Alt   *string
		}
	}
}

type bskyRef struct {
	Ref struct {
		Link string `json:"$link"`
	}
	MimeType string
	Size     int
}

// check finds what the network refuses about a record; empty: nothing.
func (b *bluesky) check(p *bskyPost) (name, message string) {
	wrong := func(format string, args ...any) (string, string) {
		return "InvalidRequest", "Invalid app.bsky.feed.post record: " + fmt.Sprintf(format, args...)
	}
	if p.Type != bskyCollection {
		return "InvalidRequest", fmt.Sprintf("Invalid $type: expected %s, got %s", bskyCollection, p.Type)
	}
	if len(p.Text) > 3000 {
		return wrong("string too big (maximum 3000, got %d) at $.record.text", len(p.Text))
	}
	if n := uniseg.GraphemeClusterCount(p.Text); n > 300 {
		return wrong("grapheme too big (maximum 300, got %d) at $.record.text", n)
	}
	if _, err := time.Parse(time.RFC3339Nano, p.CreatedAt); err != nil {
		return wrong("Invalid datetime (got %q) at $.record.createdAt", p.CreatedAt)
	}
	if len(p.Langs) > 3 {
		return wrong("array too big (maximum 3, got %d) at $.record.langs", len(p.Langs))
	}
	for i, l := range p.Langs {
		if !bskyLang.MatchString(l) {
			return wrong("Invalid language (got %q) at $.record.langs[%d]", l, i)
		}
	}
	if len(p.Tags) > 8 {
		return wrong("array too big (maximum 8, got %d) at $.record.tags", len(p.Tags))
	}
	for i, t := range p.Tags {
		if n := uniseg.GraphemeClusterCount(t); n > 64 {
			return wrong("grapheme too big (maximum 64, got %d) at $.record.tags[%d]", n, i)
		}
	}
	if p.Embed == nil {
		return "", ""
	}
	type placed struct {
		bskyRef
		where string
	}
	var refs []placed
	if t := p.Embed.External.Thumb; t != nil {
		refs = append(refs, placed{*t, "external.thumb"})
	}
	if len(p.Embed.Images) > 4 {
		return wrong("array too big (maximum 4, got %d) at $.record.embed.images", len(p.Embed.Images))
	}
	for i, im := range p.Embed.Images {
		if im.Alt == nil {
			return wrong("Missing required key \"alt\" at $.record.embed.images[%d]", i)
		}
		refs = append(refs, placed{im.Image, fmt.Sprintf("images[%d].image", i)})
	}
	for _, ref := range refs {
		if _, ok := b.blobs[ref.Ref.Link]; !ok {
			return "BlobNotFound", "Could not find blob: " + ref.Ref.Link
		}
		if ref.Size > bskyPicture {
			return wrong("blob too big (maximum %d, got %d) at $.record.embed.%s", bskyPicture, ref.Size, ref.where)
		}
	}
	return "", ""
}

// canonical is a record with its keys in order: the same content has the same bytes.
func canonical(record json.RawMessage) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return record
	}
	b, err := json.Marshal(v)
	if err != nil {
		return record
	}
	return b
}

func bskyCID(value []byte) string {
	return "bafyrei" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(hashed(value)))
}
