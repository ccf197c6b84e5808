package lambda

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestParameters asks a server that answers as SSM does, with an answer for each try.
func TestParameters(t *testing.T) {
	const value = "a-test-secret"
	good := `{"Parameter": {"Name": "/cutline/newsroom", "Type": "SecureString", "Value": "` + value + `", "Version": 3}}`
	for _, c := range []struct {
		name    string
		answers []string // status and body, one a try
		want    string   // part of the error; empty: the value
	}{
		{"the value", []string{"200 " + good}, ""},
		{"a busy store", []string{`400 {"__type": "ThrottlingException", "message": "Rate exceeded"}`, "503 ", "200 " + good}, ""},
		{"none of that name", []string{`400 {"__type": "com.amazonaws.ssm#ParameterNotFound"}`}, "answered 400 ParameterNotFound"},
		{"not allowed", []string{`400 {"__type": "AccessDeniedException", "message": "User: x is not authorized"}`}, "AccessDeniedException User: x is not authorized"},
		{"down", []string{"500 ", "500 ", "500 "}, "answered 500"},
		{"half an answer", []string{"200 " + good[:len(good)-4]}, "cannot be read"},
		{"no value", []string{`200 {"Parameter": {}}`}, "it has no value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mu sync.Mutex
			tries := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				body, err := io.ReadAll(r.Body)
				var in struct {
					Name           string
					WithDecryption bool
				}
				if err != nil || json.Unmarshal(body, &in) != nil || in.Name != "/cutline/newsroom" || !in.WithDecryption {
					t.Errorf("asked %s, %v: want the parameter, decrypted", body, err)
				}
				auth := r.Header.Get("Authorization")
				if r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" || r.Header.Get("X-Amz-Security-Token") != "test-token" ||
					!strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=TESTKEY/20261126/eu-central-1/ssm/aws4_request") || !strings.Contains(auth, "x-amz-target") {
					t.Errorf("headers %v", r.Header)
				}
				if tries >= len(c.answers) {
					t.Errorf("try %d, want %d at most", tries+1, len(c.answers))
					return
				}
				status, answer, _ := strings.Cut(c.answers[tries], " ")
				tries++
				w.WriteHeader(map[string]int{"200": 200, "400": 400, "500": 500, "503": 503}[status])
				_, _ = io.WriteString(w, answer)
			}))
			defer s.Close()
			for k, v := range map[string]string{"AWS_ACCESS_KEY_ID": "TESTKEY", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "test-token", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_SSM": s.URL} {
				t.Setenv(k, v)
			}
			got, err := Parameters(Environment, func() time.Time { return time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC) })(t.Context(), "/cutline/newsroom")
			if c.want == "" && (err != nil || got != value) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "/cutline/newsroom")) {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), value) {
				t.Errorf("the error tells the secret: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if tries != len(c.answers) {
				t.Errorf("%d tries, want %d", tries, len(c.answers))
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "TESTKEY")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := Environment(context.Background(), ""); err == nil {
		t.Error("an account without a key")
	}
}
