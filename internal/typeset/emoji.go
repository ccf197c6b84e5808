package typeset

import (
	"bytes"
	"image"
	"image/png"
	"slices"

	"github.com/go-text/typesetting/font"
)

// emoji says whether a grapheme cluster is drawn as an emoji (UTS #51): by its own presentation, or told to by U+FE0F.
func emoji(cluster []rune) bool {
	first := cluster[0]
	if slices.Contains(cluster, '\ufe0e') {
		return false
	}
	told := slices.Contains(cluster, '\ufe0f') || slices.Contains(cluster, '\u20e3')
	switch {
	case first >= 0x1f1e6 && first <= 0x1f1ff, first >= 0x1f300 && first <= 0x1faff, first == 0x1f004, first == 0x1f0cf, first >= 0x1f170 && first <= 0x1f19a, first >= 0x1f201 && first <= 0x1f265:
		return true
	case first >= 0x231a && first <= 0x27bf, first >= 0x2b1b && first <= 0x2b55:
		return told || slices.Contains(presented, first)
	}
	return told
}

// presented are the characters before U+1F000 that are emoji without being told to (Emoji_Presentation).
var presented = []rune("⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕")

// Image is a picture of a line: an emoji in colour.
type Image struct {
	Picture image.Image // not to be changed: it is shared
	At      Rect        // where it goes; scale it to that
}

// Images are the line's pictures, with the line's own place moved by x, y.
func (l *Line) Images(x, y float64) []Image {
	var out []Image
	l.each(x, y, func(r *Run, o outline, gx, gy, scale float64) {
		if o.picture != nil {
			out = append(out, Image{o.picture, Rect{gx + float64(o.box.X0*scale), gy - float64(o.box.Y1*scale), gx + float64(o.box.X1*scale), gy - float64(o.box.Y0*scale)}})
		}
	})
	return out
}

// picture reads the picture of a glyph, if it is one.
func picture(face *font.Face, id font.GID) (image.Image, Rect) {
	b, ok := face.GlyphData(id).(font.GlyphBitmap)
	if !ok || b.Format != font.PNG {
		return nil, Rect{}
	}
	e, ok := face.GlyphExtents(id)
	if !ok {
		return nil, Rect{}
	}
	img, err := png.Decode(bytes.NewReader(b.Data))
	if err != nil {
		return nil, Rect{} // a broken picture leaves its place empty
	}
	return img, Rect{float64(e.XBearing), float64(e.YBearing + e.Height), float64(e.XBearing + e.Width), float64(e.YBearing)}
}
