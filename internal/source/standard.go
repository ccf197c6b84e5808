package source

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// window is how old or how much in the future a signed request may be.
const window = 5 * time.Minute

// standard verifies a request by Standard Webhooks: v1 (HMAC-SHA256, secrets "whsec_…") and v1a (ed25519, public keys
// "whpk_…"). Each header stands once: two joined by a comma, as some gateways hand them over, are refused.
func standard(r Request, keys []string) (id string, err error) {
	one := func(name string) string {
		if v := r.Header.Values(name); len(v) == 1 {
			return v[0]
		}
		return ""
	}
	id, stamp, signatures := one("webhook-id"), one("webhook-timestamp"), one("webhook-signature")
	if id == "" || stamp == "" || signatures == "" || strings.Contains(id, ",") || strings.Trim(stamp, "0123456789") != "" {
		return "", ErrUnauthorized
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return "", ErrUnauthorized
	}
	if age := r.Now.Sub(time.Unix(seconds, 0)); age > window || age < -window {
		return "", ErrUnauthorized
	}
	text := append([]byte(id+"."+stamp+"."), r.Body...)
	good := false
	for _, key := range keys {
		if encoded, ok := strings.CutPrefix(key, "whpk_"); ok {
			public, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil || len(public) != ed25519.PublicKeySize {
				return "", fmt.Errorf("the source's public key is no whpk_ key of 32 bytes in base64")
			}
			for _, s := range strings.Fields(signatures) {
				if raw, ok := decode(s, "v1a,"); ok && len(raw) == ed25519.SignatureSize && ed25519.Verify(public, text, raw) {
					good = true
				}
			}
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
		if err != nil || len(secret) == 0 {
			return "", fmt.Errorf("the source's secret is no whsec_ secret in base64")
		}
		m := hmac.New(sha256.New, secret)
		m.Write(text)
		sum := m.Sum(nil)
		for _, s := range strings.Fields(signatures) {
			if raw, ok := decode(s, "v1,"); ok && hmac.Equal(raw, sum) {
				good = true
			}
		}
	}
	if !good {
		return "", ErrUnauthorized
	}
	return id, nil
}

func decode(s, version string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(s, version)
	if !ok {
		return nil, false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(rest)
	return raw, err == nil
}

// signStandard makes the three headers of Standard Webhooks.
func signStandard(key string, body []byte, id string, now time.Time) (http.Header, error) {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
	if err != nil || len(secret) == 0 {
		return nil, fmt.Errorf("the source's secret is no whsec_ secret in base64")
	}
	stamp := strconv.FormatInt(now.Unix(), 10)
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(id + "." + stamp + "."))
	m.Write(body)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", stamp)
	h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
	h.Set("content-type", "application/json")
	return h, nil
}
