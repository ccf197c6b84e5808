package source

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
)

const (
	tolerance     = 5 * time.Minute  // how far a signed time may be from ours, both ways, inclusive
	contentfulTTL = 30 * time.Second // Contentful's own library refuses at thirty
)

// A scheme is one way in which requests are signed.
type scheme struct {
	header string // the header that carries the signature; a request without it is not signed this way
	secret bool   // it carries the secret itself
	check  func(secret string, signature string, r Request) error
}

// Verify says whether a request comes from who holds the source's secret, or the one before while both are in use. nil:
// it does. ErrUnauthorized, wrapped with the reason: it does not. Any other error is ours: the secret cannot be read.
func (s Source) Verify(ctx context.Context, r Request) error {
	if !s.c.Secret.Given() && s.c.Kind == "feed" {
		return unsigned(remark.Say("no-pushes", s.Name))
	}
	secrets := []config.Secret{s.c.Secret}
	if s.c.Old.Given() {
		secrets = append(secrets, s.c.Old)
	}
	var values []string
	for _, ref := range secrets {
		v, err := ref.Value(ctx)
		if err != nil {
			return fmt.Errorf("source %s: %w", s.Name, err)
		}
		values = append(values, v)
	}
	return verify(s.schemes(), values, r)
}

// schemes are those of the kind; a header that the configuration names carries the same signature in its place.
func (s Source) schemes() []scheme {
	out := s.kind.schemes
	if s.c.Signing == "" || len(out) == 0 {
		return out
	}
	named := out[0]
	if s.kind.token { // a static header that an administrator typed in
		named = scheme{check: same, secret: true}
	}
	named.header = s.c.Signing
	return append([]scheme{named}, out...)
}

// Signatures names the headers, in lower case, that carry signatures of the source and no secrets.
func (s Source) Signatures() []string {
	var out []string
	for _, sch := range s.schemes() {
		if !sch.secret {
			out = append(out, strings.ToLower(sch.header))
		}
	}
	return out
}

func verify(schemes []scheme, secrets []string, r Request) error {
	for _, sch := range schemes {
		signature, err := single(r.Header, sch.header)
		if errors.Is(err, errMissing) {
			continue
		} else if err != nil {
			return unsigned(err.Error())
		}
		var why error
		for _, secret := range secrets {
			if secret == "" {
				why = errors.New(remark.Say("secret-empty"))
				continue
			}
			err := sch.check(secret, signature, r)
			if err == nil {
				return nil
			}
			why = err
		}
		return unsigned(remark.Say("header-wrong", sch.header, why))
	}
	var names []string
	for _, sch := range schemes {
		names = append(names, sch.header)
	}
	return unsigned(remark.Say("header-missing", strings.Join(names, " or ")))
}

// unsigned is an ErrUnauthorized that says why, as a remark.
type unsigned string

func (u unsigned) Error() string { return remark.Say("not-signed", string(u)) }
func (u unsigned) Unwrap() error { return ErrUnauthorized }

var errMissing = errors.New("is missing")

// single is a header that must be there once. One that came twice, or twice in different letters, is refused: which of
// them was meant is a guess.
func single(h http.Header, name string) (string, error) {
	var found []string
	for n, v := range h {
		if textproto.CanonicalMIMEHeaderKey(n) == textproto.CanonicalMIMEHeaderKey(name) {
			found = append(found, v...)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%s %w", name, errMissing)
	case 1:
		return strings.TrimSpace(found[0]), nil
	}
	return "", errors.New(remark.Say("header-twice", name, len(found)))
}

func mismatch() error { return errors.New(remark.Say("signature-other")) }

func mac(h func() hash.Hash, key string, parts ...[]byte) []byte {
	m := hmac.New(h, []byte(key))
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// fresh checks a signed time.
func fresh(t, now time.Time) error {
	if d := now.Sub(t); d > tolerance || d < -tolerance {
		return errors.New(remark.Say("signed-when", t.UTC().Format(time.RFC3339), d.Abs().Round(time.Second), now.UTC().Format(time.RFC3339)))
	}
	return nil
}

// digits reads a number of that many digits and nothing else; n 0: any number of them.
func digits(s string, n int) (int64, error) {
	if s == "" || n > 0 && len(s) != n || strings.Trim(s, "0123456789") != "" {
		return 0, errors.New(remark.Say("time-no-number", strconv.Quote(cut(s, 40)), n))
	}
	return strconv.ParseInt(s, 10, 64)
}

// standard is Standard Webhooks 1: "v1,BASE64" HMAC-SHA256 and "v1a,BASE64" ed25519 over "id.timestamp.body", several
// parted by spaces. A secret that begins with whpk_ is a public key and only ever verifies v1a.
func standard(secret, signatures string, r Request) error {
	id, err := single(r.Header, "webhook-id")
	if err != nil {
		return err
	}
	stamp, err := single(r.Header, "webhook-timestamp")
	if err != nil {
		return err
	}
	seconds, err := digits(stamp, 0)
	if err != nil {
		return err
	}
	if id == "" {
		return errors.New(remark.Say("webhook-id-empty"))
	}
	// Seconds: a request that is at the border in its last second is still in time.
	if err := fresh(time.Unix(seconds, 0), r.Now.Truncate(time.Second)); err != nil {
		return err
	}
	signed := append([]byte(id+"."+stamp+"."), r.Body...)
	public, isPublic := strings.CutPrefix(secret, "whpk_")
	var key []byte
	if isPublic {
		if key, err = base64.StdEncoding.DecodeString(public); err != nil || len(key) != ed25519.PublicKeySize {
			return errors.New(remark.Say("public-key-form"))
		}
	} else if key, err = standardKey(secret); err != nil {
		return err
	}
	for sig := range strings.FieldsSeq(signatures) {
		version, text, _ := strings.Cut(sig, ",")
		if strings.Contains(text, ",") {
			return errors.New(remark.Say("header-joined"))
		}
		given, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		switch {
		case version == "v1" && !isPublic && hmac.Equal(given, mac(sha256.New, string(key), signed)):
			return nil
		case version == "v1a" && isPublic && len(given) == ed25519.SignatureSize && ed25519.Verify(key, signed, given):
			return nil
		}
	}
	return mismatch()
}

// standardKey is the key that a Standard Webhooks secret stands for.
func standardKey(secret string) ([]byte, error) {
	text, prefixed := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		key, err = base64.RawStdEncoding.DecodeString(text)
	}
	if err != nil && !prefixed {
		key, err = []byte(secret), nil // a secret that was never base64 is taken as it is
	}
	if err != nil || len(key) == 0 {
		return nil, errors.New(remark.Say("secret-form"))
	}
	return key, nil
}

// ghost is "sha256=HEX, t=MS" over the body followed by t. Nothing parts the two, so t must have 13 digits.
func ghost(secret, signature string, r Request) error {
	sum, t, err := ghostParts(signature)
	if err != nil {
		return err
	}
	ms, err := digits(t, 13)
	if err != nil {
		return err
	}
	if err := fresh(time.UnixMilli(ms), r.Now); err != nil {
		return err
	}
	return equalHex(sum, mac(sha256.New, secret, r.Body, []byte(t)))
}

func ghostParts(signature string) (sum, t string, err error) {
	a, b, _ := strings.Cut(signature, ",")
	sum, ok1 := strings.CutPrefix(strings.TrimSpace(a), "sha256=")
	t, ok2 := strings.CutPrefix(strings.TrimSpace(b), "t=")
	if !ok1 || !ok2 {
		return "", "", errors.New(remark.Say("form-wanted", "\"sha256=…, t=…\", as Ghost signs since 5.87"))
	}
	return sum, t, nil
}

func equalHex(given string, want []byte) error {
	b, err := hex.DecodeString(given)
	if err != nil || !hmac.Equal(b, want) {
		return mismatch()
	}
	return nil
}

// github is "sha256=HEX" over the body, as GitHub and WebSub hubs sign.
func github(secret, signature string, r Request) error {
	sum, ok := strings.CutPrefix(signature, "sha256=")
	if !ok {
		return errors.New(remark.Say("form-wanted", "\"sha256=…\""))
	}
	return equalHex(sum, mac(sha256.New, secret, r.Body))
}

// superdesk is "sha1=HEX" over the body.
func superdesk(secret, signature string, r Request) error {
	sum, ok := strings.CutPrefix(signature, "sha1=")
	if !ok {
		return errors.New(remark.Say("form-wanted", "\"sha1=…\""))
	}
	return equalHex(sum, mac(sha1.New, secret, r.Body))
}

// websub is the X-Hub-Signature of W3C WebSub: "method=HEX" (7.1). SHA-1, which most hubs use, is sound in an HMAC.
func websub(secret, signature string, r Request) error {
	method, sum, _ := strings.Cut(signature, "=")
	h, ok := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}[method]
	if !ok {
		return errors.New(remark.Say("form-wanted", "\"sha256=…\", or sha1, sha384 or sha512"))
	}
	return equalHex(sum, mac(h, secret, r.Body))
}

// woo is base64 of the HMAC-SHA256 over the body, as WooCommerce signs.
func woo(secret, signature string, r Request) error {
	b, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(b, mac(sha256.New, secret, r.Body)) {
		return mismatch()
	}
	return nil
}

// sanity is "t=MS,v1=BASE64URL" over "t.body".
func sanity(secret, signature string, r Request) error {
	a, b, _ := strings.Cut(signature, ",")
	t, ok1 := strings.CutPrefix(strings.TrimSpace(a), "t=")
	sum, ok2 := strings.CutPrefix(strings.TrimSpace(b), "v1=")
	if !ok1 || !ok2 {
		return errors.New(remark.Say("form-wanted", "\"t=…,v1=…\""))
	}
	ms, err := digits(t, 13)
	if err != nil {
		return err
	}
	if err := fresh(time.UnixMilli(ms), r.Now); err != nil {
		return err
	}
	given, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(given, mac(sha256.New, secret, []byte(t+"."), r.Body)) {
		return mismatch()
	}
	return nil
}

// contentful is hex of the HMAC-SHA256 over method, path, the signed headers and the body, a line each.
func contentful(secret, signature string, r Request) error {
	stamp, err := single(r.Header, "x-contentful-timestamp")
	if err != nil {
		return err
	}
	ms, err := digits(stamp, 0)
	if err != nil {
		return err
	}
	age := r.Now.Sub(time.UnixMilli(ms))
	if age >= contentfulTTL || age < -tolerance {
		return errors.New(remark.Say("signature-old", age.Round(time.Second), contentfulTTL))
	}
	names, err := single(r.Header, "x-contentful-signed-headers")
	if err != nil {
		return err
	}
	text, err := contentfulText(r, names)
	if err != nil {
		return err
	}
	return equalHex(signature, mac(sha256.New, secret, text, r.Body))
}

func contentfulText(r Request, names string) ([]byte, error) {
	timed := false
	var headers []string
	for name := range strings.SplitSeq(names, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		timed = timed || name == "x-contentful-timestamp"
		v, err := single(r.Header, name)
		if err != nil {
			return nil, err
		}
		headers = append(headers, name+":"+v)
	}
	if !timed {
		return nil, errors.New(remark.Say("time-not-signed"))
	}
	return []byte(r.Method + "\n" + contentfulPath(r.Path) + "\n" + strings.Join(headers, ";") + "\n"), nil
}

// contentfulPath escapes as Contentful's library does: the query as a whole by encodeURIComponent, then all by encodeURI.
func contentfulPath(path string) string {
	p, query, has := strings.Cut(path, "?")
	if has {
		p += "?" + encodeURIComponent(query)
	}
	return encodeURI(p)
}

func encodeURIComponent(s string) string {
	s = url.QueryEscape(s)
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%7E", "~").Replace(s)
}

func encodeURI(s string) string {
	const left = ";/?:@&=+$,#-_.!~*'()"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(left, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// bearer is "Authorization: Bearer TOKEN", compared in constant time.
func bearer(secret, value string, r Request) error {
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return errors.New(remark.Say("form-wanted", "\"Bearer\" and the token"))
	}
	return same(secret, strings.TrimSpace(token), r)
}

// same is a header that holds the secret itself.
func same(secret, value string, _ Request) error {
	a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(value)) // of equal length, whatever was sent
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		return errors.New(remark.Say("token-other"))
	}
	return nil
}
