package source

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"
)

type vector struct {
	ID, Scheme, Secret, Method, Path, Body, Verdict, Why string
	PublicKey                                            string `json:"public_key"`
	Headers                                              [][2]string
	Now                                                  time.Time
	Options                                              struct{ Header string }
	MayDiffer                                            bool `json:"may_differ"`
}

func vectors(t *testing.T) []vector {
	body, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Vectors []vector }
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Vectors
}

func (v vector) request(t *testing.T) Request {
	body, err := base64.StdEncoding.DecodeString(v.Body)
	if err != nil {
		t.Fatal(v.ID, err)
	}
	h := http.Header{}
	for _, p := range v.Headers {
		h.Add(p[0], p[1])
	}
	return Request{Method: v.Method, Path: v.Path, Header: h, Body: body, Now: v.Now}
}

// schemeOf are the schemes of the vectors as kinds have them.
func schemeOf(v vector) []scheme {
	switch v.Scheme {
	case "standardwebhooks", "standardwebhooks-v1a":
		return kinds()["cutline"].schemes
	case "github":
		return []scheme{bySignature}
	case "bearer":
		return []scheme{byToken}
	case "wordpress":
		return []scheme{{header: v.Options.Header, check: woo}}
	}
	return kinds()[v.Scheme].schemes
}

func TestSignatures(t *testing.T) {
	list := vectors(t)
	if len(list) < 100 {
		t.Fatalf("only %d vectors", len(list))
	}
	for _, v := range list {
		key := v.Secret
		if key == "" {
			key = v.PublicKey
		}
		schemes := schemeOf(v)
		if len(schemes) == 0 {
			t.Errorf("%s: no kind signs by %s", v.ID, v.Scheme)
			continue
		}
		err := verify(schemes, []string{key}, v.request(t))
		if err != nil && !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%s: %v is no ErrUnauthorized", v.ID, err)
		}
		if ok := err == nil; ok != (v.Verdict == "valid") && !v.MayDiffer {
			t.Errorf("%s: valid %v, want %s: %s (%v)", v.ID, ok, v.Verdict, v.Why, err)
		}
	}
}

func TestOldSecretIsTakenWhileItIsBeingChanged(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Verdict != "valid" || v.Secret == "" {
			continue
		}
		if err := verify(schemeOf(v), []string{"another-test-secret-of-some-bytes", v.Secret}, v.request(t)); err != nil {
			t.Errorf("%s: %v", v.ID, err)
		}
	}
}

func TestDoubledHeadersAreRefused(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Verdict != "valid" {
			continue
		}
		for _, sch := range schemeOf(v) {
			r := v.request(t)
			if value := r.Header.Get(sch.header); value != "" {
				r.Header.Add(sch.header, value)
				if verify(schemeOf(v), []string{v.Secret + v.PublicKey}, r) == nil {
					t.Errorf("%s: %s twice was taken", v.ID, sch.header)
				}
				r.Header.Set(sch.header, value+","+value)
				if verify(schemeOf(v), []string{v.Secret + v.PublicKey}, r) == nil {
					t.Errorf("%s: %s joined to itself was taken", v.ID, sch.header)
				}
			}
		}
	}
}
