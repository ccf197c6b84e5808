package source

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Sign makes the headers with which this source would post body at now: Content-Type, and the signature. id is the
// delivery's, for schemes that have one; empty: one made from the body and the time. It is for trying a source out.
func (s Source) Sign(ctx context.Context, body []byte, id string, now time.Time) (http.Header, error) {
	c := s.c
	secret, err := c.Secret.Value(ctx)
	if err != nil {
		return nil, err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	hexOf := func(b []byte) string { return hex.EncodeToString(b) }
	ms := strconv.FormatInt(now.UnixMilli(), 10)
	switch c.Kind {
	case "cutline":
		key, err := standardKey(secret)
		if err != nil {
			return nil, err
		}
		stamp := strconv.FormatInt(now.Unix(), 10)
		if id == "" {
			sum := sha256.Sum256(append([]byte(stamp+"."), body...))
			id = "msg_" + hex.EncodeToString(sum[:12])
		}
		h.Set("webhook-id", id)
		h.Set("webhook-timestamp", stamp)
		h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac(sha256.New, string(key), []byte(id+"."+stamp+"."), body)))
	case "ghost":
		h.Set("X-Ghost-Signature", "sha256="+hexOf(mac(sha256.New, secret, body, []byte(ms)))+", t="+ms)
	case "wordpress":
		name := c.Signing
		if name == "" {
			name = "X-WP-Signature"
		}
		h.Set(name, base64.StdEncoding.EncodeToString(mac(sha256.New, secret, body)))
	case "contentful":
		h.Set("Content-Type", "application/vnd.contentful.management.v1+json")
		const names = "content-type,x-contentful-signed-headers,x-contentful-timestamp"
		h.Set("x-contentful-timestamp", ms)
		h.Set("x-contentful-signed-headers", names)
		text, err := contentfulText(Request{Method: http.MethodPost, Path: "/hooks/" + s.Name, Header: h}, names)
		if err != nil {
			return nil, err
		}
		h.Set("x-contentful-signature", hexOf(mac(sha256.New, secret, text, body)))
		h.Set("X-Contentful-Topic", "ContentManagement.Entry.publish")
	case "sanity":
		h.Set("sanity-webhook-signature", "t="+ms+",v1="+base64.RawURLEncoding.EncodeToString(mac(sha256.New, secret, []byte(ms+"."), body)))
	case "superdesk":
		h.Set("x-superdesk-signature", "sha1="+hexOf(mac(sha1.New, secret, body)))
	case "newsml":
		h.Set("Content-Type", "application/xml")
		fallthrough
	case "page", "drupal", "feed":
		h.Set("X-Hub-Signature-256", "sha256="+hexOf(mac(sha256.New, secret, body)))
	case "strapi", "directus":
		if c.Signing != "" {
			h.Set(c.Signing, secret)
		} else {
			h.Set("Authorization", "Bearer "+secret)
		}
	default:
		return nil, fmt.Errorf("source %s: nothing is signed for the kind %q", s.Name, c.Kind)
	}
	return h, nil
}
