package source

import (
	"encoding/base64"
	"encoding/json"
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
	MayDiffer                                            bool `json:"may_differ"`
}

func vectors(t *testing.T, schemes ...string) []vector {
	body, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Vectors []vector }
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	var out []vector
	for _, v := range doc.Vectors {
		for _, s := range schemes {
			if v.Scheme == s {
				out = append(out, v)
			}
		}
	}
	return out
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

func TestStandardWebhooks(t *testing.T) {
	list := vectors(t, "standardwebhooks", "standardwebhooks-v1a")
	if len(list) < 20 {
		t.Fatalf("only %d vectors", len(list))
	}
	for _, v := range list {
		key := v.Secret
		if key == "" {
			key = v.PublicKey
		}
		_, err := standard(v.request(t), []string{key})
		if ok := err == nil; ok != (v.Verdict == "valid") && !v.MayDiffer {
			t.Errorf("%s: valid %v, want %s: %s (%v)", v.ID, ok, v.Verdict, v.Why, err)
		}
	}
}

func TestOldSecretIsTakenWhileItIsBeingChanged(t *testing.T) {
	for _, v := range vectors(t, "standardwebhooks") {
		if v.Verdict != "valid" {
			continue
		}
		other := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another-test-secret-of-32-bytes!"))
		if _, err := standard(v.request(t), []string{other, v.Secret}); err != nil {
			t.Errorf("%s: %v", v.ID, err)
		}
	}
}
