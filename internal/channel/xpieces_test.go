package channel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cutline/internal/sim"
)

// A large picture goes in pieces, arrives byte for byte, and is gone on with where another process left it.
func TestXLargePictureGoesInPieces(t *testing.T) {
	ctx := context.Background()
	s := sim.New(noon.UTC)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.At(web.URL)
	card := jpegCard(t, 1200, 630)
	comment := append([]byte{0xFF, 0xFE, 0xFF, 0xFF}, bytes.Repeat([]byte("cutline "), 8192)[:0xFFFF-2]...)
	card = slices.Concat(card[:2], bytes.Repeat(comment, 40), card[2:]) // three pieces
	c := posting(true)
	c.Card = func(context.Context) ([]byte, error) { return card, nil }

	ch, _ := opened(t, "x", web.URL+"/x")
	keep, steps := c.Step, 0
	c.Step = func(ctx context.Context, name, value string) error {
		if steps++; steps > 2 { // the claim is lost after the first piece
			return errors.New("lost")
		}
		return keep(ctx, name, value)
	}
	if o := ch.Publish(ctx, c); o.End != Later {
		t.Errorf("a claim that was lost: %+v", o)
	}
	c.Step = keep
	if o := ch.Publish(ctx, c); o.End != Posted {
		t.Fatalf("%+v", o)
	}
	var paths []string
	for _, call := range s.Calls("x") {
		paths = append(paths, call.Path[strings.LastIndexByte(call.Path, '/')+1:])
	}
	if got, want := strings.Join(paths, " "), "initialize append append append append finalize metadata tweets"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	sum := sha256.Sum256(card)
	if p := s.Posts("x"); len(p) != 1 || p[0].Picture != hex.EncodeToString(sum[:]) || p[0].Alt != c.Draft.Alt {
		t.Errorf("%+v", p)
	}
	if c.Steps["pieces"] != "" {
		t.Errorf("kept: %v", c.Steps)
	}
}

// An upload that X has forgotten is begun anew; a picture that X does not take is refused at once.
func TestXUploadThatIsForgottenBeginsAnew(t *testing.T) {
	for _, kept := range []string{"1 9999999999 1", "1 9999999999 3", "1 1 2", "broken", ""} {
		web := httptest.NewServer(sim.New(noon.UTC))
		t.Cleanup(web.Close)
		ch, _ := opened(t, "x", web.URL+"/x")
		c := posting(true)
		c.Steps["pieces"] = kept
		c.Card = func(context.Context) ([]byte, error) {
			card := jpegCard(t, 1200, 630)
			return append(card, make([]byte, 2<<20)...), nil
		}
		o := ch.Publish(context.Background(), c)
		if strings.HasPrefix(kept, "1 9") {
			if o.End != Later {
				t.Errorf("%q: %+v", kept, o)
			}
			o = ch.Publish(context.Background(), c)
		}
		if o.End != Posted {
			t.Errorf("%q: %+v", kept, o)
		}
		c = posting(true)
		c.Card = func(context.Context) ([]byte, error) { return make([]byte, 2<<20), nil }
		if o := ch.Publish(context.Background(), c); o.End != Refused || o.Pause || c.Steps["pieces"] != "" {
			t.Errorf("no picture: %+v, kept %v", o, c.Steps)
		}
	}
}
