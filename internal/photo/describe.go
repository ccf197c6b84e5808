package photo

import (
	"context"
	"errors"
	"path"
	"strings"
)

// Describe opens a picture file and decodes all of it once, reduced, so that damage in its pixels is found too.
// What will not do has the verdict Refuse and a reason; Describe itself does not fail.
func Describe(data []byte, l Limits) Info {
	p, err := Open(data, l)
	if err != nil {
		return refusal(err)
	}
	defer p.Release()
	if err := p.Prepare(context.Background(), lookSize, lookSize); err != nil {
		return refusal(err)
	}
	return p.Info()
}

// DescribeFile is Describe for a file whose name is known. The name never makes a picture of what is none; it only
// tells an SVG that says so (unsupported) from one that calls itself something else (not an image).
func DescribeFile(name string, data []byte, l Limits) Info {
	info := Describe(data, l)
	if !isSVG(data) {
		return info
	}
	if strings.EqualFold(path.Ext(name), ".svg") {
		info.Format, info.Reason, info.Detail = "svg", Unsupported, "SVG is never drawn: send JPEG, PNG, GIF or WebP"
	} else {
		info.Format, info.Reason, info.Detail = "", NotAnImage, "an SVG drawing under another name"
	}
	return info
}

// refusal is the Info of a file that will not do.
func refusal(err error) Info {
	var r *Refused
	if !errors.As(err, &r) {
		return Info{Verdict: Refuse, Reason: Damaged, Detail: err.Error()}
	}
	return Info{Verdict: Refuse, Reason: r.Reason, Detail: r.Detail, Format: r.Format, Width: r.Width, Height: r.Height}
}
