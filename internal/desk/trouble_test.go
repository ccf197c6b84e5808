package desk

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// fullDisk fails every write.
type fullDisk struct{ bucket.Bucket }

func (fullDisk) Put(context.Context, string, []byte, string, bucket.Cond) (string, error) {
	return "", errors.New("no space left on device")
}

func TestLineAboutATroubleNamesTheStoryAndItsRevision(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "hold")
	var log bytes.Buffer
	st := &story.Store{Bucket: fullDisk{d.store.Bucket}, Now: d.store.Now, Random: d.store.Random}
	var err error
	if d.handler, err = New(Parts{Store: st, Config: d.cfg, Now: st.Now, Random: crand.Reader, Log: slog.New(slog.NewJSONHandler(&log, nil)), Loopback: true}); err != nil {
		t.Fatal(err)
	}
	if code, body := d.post("/decide", f); code != 500 || strings.Contains(body, "no space") {
		t.Errorf("%d %s", code, body)
	}
	if line := fmt.Sprintf(`"story":%q,"revision":1`, d.key); !strings.Contains(log.String(), line) {
		t.Errorf("the line about it does not say %s: %s", line, log.String())
	}
}
