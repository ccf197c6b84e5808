package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutline/internal/story"
)

// TestPictures has the desk's side ask render's side, with a server between that answers as Lambda does.
func TestPictures(t *testing.T) {
	k := story.Key(day + strings.Repeat("a", 26))
	render := &Function{
		Log: quiet(), Now: time.Now,
		Preview: func(_ context.Context, got story.Key, e story.Edits, format string) ([]byte, string, error) {
			switch {
			case format == "bad":
				return nil, "", errors.New("format \"bad\" is not known")
			case format == "worse":
				panic("no luck")
			case got != k || e.Headline != "Changed":
				return nil, "", errors.New("not what was asked for")
			}
			return []byte("\xff\xd8 " + format), "image/jpeg", nil
		},
		Photo: func(context.Context, story.Key) ([]byte, string, error) {
			return []byte("\xff\xd8 photo"), "image/jpeg", nil
		},
	}
	lambda := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.URL.EscapedPath() != "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Anews-Render%3Alive/invocations" {
			http.Error(w, `{"Message": "Function not found"}`, http.StatusNotFound)
			return
		}
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=TESTKEY/20261126/eu-central-1/lambda/aws4_request") {
			t.Errorf("headers %v", r.Header)
		}
		out, err := render.Invoke(r.Context(), body)
		if err != nil {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			out = map[string]string{"errorMessage": err.Error(), "errorType": "errorString"}
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	defer lambda.Close()
	for k, v := range map[string]string{"AWS_ACCESS_KEY_ID": "TESTKEY", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_LAMBDA": lambda.URL} {
		t.Setenv(k, v)
	}
	r := &Render{Name: "arn:aws:lambda:eu-central-1:123456789012:function:news-Render:live", Account: Environment, Now: func() time.Time { return time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC) }}
	if body, typ, err := r.Preview(t.Context(), k, story.Edits{Headline: "Changed"}, "og"); err != nil || string(body) != "\xff\xd8 og" || typ != "image/jpeg" {
		t.Errorf("the preview: %q %s %v", body, typ, err)
	}
	if body, typ, err := r.Photo(t.Context(), k); err != nil || string(body) != "\xff\xd8 photo" || typ != "image/jpeg" {
		t.Errorf("the photo: %q %s %v", body, typ, err)
	}
	for format, want := range map[string]string{"bad": `format "bad" is not known`, "worse": "panic: no luck"} {
		if _, _, err := r.Preview(t.Context(), k, story.Edits{}, format); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), string(k)) {
			t.Errorf("%s: %v, want %s", format, err, want)
		}
	}
	if _, _, err := r.Photo(t.Context(), "../config"); err == nil {
		t.Error("a picture of what is no story")
	}
	r.Name = "other"
	if _, _, err := r.Photo(t.Context(), k); err == nil || !strings.Contains(err.Error(), "404 Function not found") {
		t.Errorf("a function that is not there: %v", err)
	}
}
