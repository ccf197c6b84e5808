package channel

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oauth1 is what requests are signed with after OAuth 1.0a (RFC 5849), HMAC-SHA1: two pairs of a name and a secret, the
// app's and the user's. They do not run out.
type oauth1 struct {
	Key, Secret        string // the app's
	Token, TokenSecret string // the user's
}

// sign adds the Authorization header. The parameters of the query are signed; a body of JSON or multipart is not part
// of a signature, and no other kind of body is sent under this scheme.
func (o oauth1) sign(req *http.Request, now time.Time, random io.Reader) error {
	var nonce [16]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return fmt.Errorf("making a nonce: %w", err)
	}
	req.Header.Set("Authorization", o.header(req.Method, req.URL, hex.EncodeToString(nonce[:]), now.Unix()))
	return nil
}

func (o oauth1) header(method string, u *url.URL, nonce string, timestamp int64) string {
	own := map[string]string{
		"oauth_consumer_key":     o.Key,
		"oauth_nonce":            nonce,
		"oauth_signature_method": "HMAC-SHA1",
		"oauth_timestamp":        strconv.FormatInt(timestamp, 10),
		"oauth_token":            o.Token,
		"oauth_version":          "1.0",
	}
	own["oauth_signature"] = o.signature(method, u, own)
	var b strings.Builder
	b.WriteString("OAuth ")
	for i, k := range slices.Sorted(maps.Keys(own)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(percent(k) + `="` + percent(own[k]) + `"`)
	}
	return b.String()
}

// signature is RFC 5849, sections 3.4.1 and 3.4.2: the method, the address without its query, and all parameters,
// encoded, sorted and joined, under both secrets.
func (o oauth1) signature(method string, u *url.URL, own map[string]string) string {
	var params []string
	for k, v := range own {
		params = append(params, percent(k)+"="+percent(v))
	}
	for k, values := range u.Query() {
		for _, v := range values {
			params = append(params, percent(k)+"="+percent(v))
		}
	}
	slices.Sort(params)
	base := strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host) + u.EscapedPath()
	if port := u.Port(); port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		base = strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Hostname()) + u.EscapedPath()
	}
	text := strings.ToUpper(method) + "&" + percent(base) + "&" + percent(strings.Join(params, "&"))
	mac := hmac.New(sha1.New, []byte(percent(o.Secret)+"&"+percent(o.TokenSecret)))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// percent is the encoding of RFC 3986 that OAuth wants: all but letters, digits and -._~, in upper case. It is not that
// of net/url, where a blank is a plus sign.
func percent(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
