package render

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/card"
	"cutline/internal/config"
	"cutline/internal/photo"
	"cutline/internal/typeset"
)

// OneOptions are those of the command `render`.
type OneOptions struct {
	Photo, Headline, Credit, Section, Dek, Lang, Theme, Logo, Format, Site string
	Out                                                                    string // where the card goes; .png makes it a PNG
	Explain                                                                string // where the explanation goes; empty: nowhere
	Repeat                                                                 int    // how many cards, each decoded and drawn anew; the last one stays
}

// One draws a card from files, without a story. After each card it writes "card I MS" to progress: which, and how many
// milliseconds it took. A photo that will not do gives a card of text, and the explanation says why.
func One(ctx context.Context, o OneOptions, fonts *typeset.Fonts, now func() time.Time, progress io.Writer) error {
	look, err := OpenLook(config.Site{Theme: o.Theme, Logo: o.Logo}, "", fonts)
	if err != nil {
		return err
	}
	// The first card's garbage is not worth collecting: nearly all that it allocates stays, and looking for the rest would take a
	// sixth of its time.
	percent := debug.SetGCPercent(-1)
	defer debug.SetGCPercent(percent)
	var last card.Drawn
	var file bytes.Buffer // the photo's, one after the other in the same memory
	for i := 1; i <= max(o.Repeat, 1); i++ {
		began := now()
		spec := card.Spec{Format: o.Format, Theme: look.Theme, Language: o.Lang, Headline: o.Headline, Dek: o.Dek, Section: o.Section, Site: o.Site, Logo: look.Logo, PNG: strings.HasSuffix(strings.ToLower(o.Out), ".png")}
		if i > 1 {
			spec.Headline = fmt.Sprintf("%s %d", o.Headline, i)
		}
		ph, refused, err := open(o.Photo, &file, &spec, o.Credit)
		if err != nil {
			return err
		}
		if last, err = card.Draw(ctx, spec, ph, look.Fonts); err != nil && ph != nil && ctx.Err() == nil {
			if _, missing := err.(*typeset.MissingError); !missing {
				refused = reason(err)
				last, err = card.Draw(ctx, spec, nil, look.Fonts)
			}
		}
		if ph != nil {
			ph.Release()
		}
		if err != nil {
			return err
		}
		if refused != "" {
			last.Explain.Why = refused
		}
		if err := os.WriteFile(o.Out, last.Bytes, 0o644); err != nil {
			return fmt.Errorf("writing the card: %w", err)
		}
		if _, err := fmt.Fprintf(progress, "card %d %d\n", i, now().Sub(began).Milliseconds()); err != nil {
			return err
		}
		if f, ok := progress.(interface{ Sync() error }); ok {
			_ = f.Sync() // a pipe cannot be synced and need not be
		}
		if i == 1 {
			debug.SetGCPercent(percent)
		}
	}
	if o.Explain == "" {
		return nil
	}
	b, err := json.MarshalIndent(last.Explain, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.Explain, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the explanation: %w", err)
	}
	return nil
}

// open reads the photo, which lies in file until it is released, and settles its credit: the one that was given, else
// the file's own. The spec gets no PhotoTag, as nothing asks for the card's fingerprint.
func open(name string, file *bytes.Buffer, spec *card.Spec, credit string) (ph *photo.Photo, refused string, err error) {
	if name == "" {
		spec.Rights.Alt = card.Alt(spec.Headline, article.Photo{}, "")
		return nil, "", nil
	}
	if err := read(name, file); err != nil {
		return nil, "", fmt.Errorf("reading the photo: %w", err)
	}
	ph, err = photo.Open(file.Bytes(), photo.Limits{})
	if err != nil {
		spec.Rights.Alt = card.Alt(spec.Headline, article.Photo{}, "")
		return nil, reason(err), nil
	}
	info := ph.Info()
	if credit = article.Label(credit); credit == "" {
		credit = info.Credit
	}
	spec.Credit = credit
	spec.Rights = photo.Rights{Credit: credit, Creator: info.Creator, Copyright: info.Copyright, UsageTerms: info.UsageTerms, Synthetic: info.Synthetic}
	line := ""
	if credit != "" {
		line = card.CreditLine(credit, spec.Language)
	}
	spec.Rights.Alt = card.Alt(spec.Headline, article.Photo{Alt: info.Alt, Caption: info.Caption}, line)
	return ph, "", nil
}

// read reads a file into memory that is there already.
func read(name string, into *bytes.Buffer) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	into.Reset()
	if info, err := f.Stat(); err == nil {
		into.Grow(int(min(info.Size(), 64<<20)) + bytes.MinRead) // so much more than the file and its end is found without growing
	}
	_, err = into.ReadFrom(f)
	return err
}
