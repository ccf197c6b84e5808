package sim

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// xPieces is an upload in pieces: what has come so far, by the pieces' numbers, and how much there is to be.
type xPieces struct {
	total  int // bytes; 0: it was not said
	pieces map[int][]byte
	until  time.Time
}

type xMedia struct {
	hash, alt string
	polls     int
	until     time.Time
}

// upload takes a whole picture.
func (n *x) upload(r *request) answer {
	return n.take(r, n.id(), pieceOf(r.form()))
}

// pieceOf is the picture's bytes, as a file or in base64.
func pieceOf(fields url.Values, files map[string]file) []byte {
	if f, ok := files["media"]; ok {
		return f.body
	}
	b, err := base64.StdEncoding.DecodeString(fields.Get("media"))
	if err != nil {
		return nil
	}
	return b
}

func (n *x) begin(r *request) answer {
	var in struct {
		Total    int    `json:"total_bytes"`
		Type     string `json:"media_type"`
		Category string `json:"media_category"`
	}
	if !r.json(&in) {
		return xInvalid("the body is not JSON")
	}
	if in.Category == "tweet_image" && (in.Total > 5<<20 || !strings.HasPrefix(in.Type, "image/")) {
		return xInvalid("media_type, total_bytes: not an image of at most 5242880 bytes")
	}
	id := n.id()
	n.uploaded[id] = &xPieces{total: in.Total, pieces: map[int][]byte{}, until: r.now.Add(24 * time.Hour)}
	return reply(http.StatusOK, map[string]any{"data": map[string]any{"id": id, "media_key": "3_" + id, "expires_after_secs": 86400}})
}

// more takes one piece; a number that comes again takes the former's place.
func (n *x) more(r *request) answer {
	up := n.uploaded[r.PathValue("id")]
	if up == nil || !r.now.Before(up.until) {
		return xInvalid("the media id is not known")
	}
	fields, files := r.form()
	i, err := strconv.Atoi(fields.Get("segment_index"))
	piece := pieceOf(fields, files)
	if err != nil || i < 0 || i > 999 || len(piece) == 0 || len(piece) > 5<<20 {
		return xInvalid("segment_index, media: not a piece")
	}
	up.pieces[i] = piece
	return reply(http.StatusOK, map[string]any{"data": map[string]any{"expires_at": up.until.Unix()}})
}

func (n *x) finish(r *request) answer {
	id := r.PathValue("id")
	up := n.uploaded[id]
	if up == nil || !r.now.Before(up.until) {
		return xInvalid("the media id is not known")
	}
	var whole []byte
	for i := range len(up.pieces) {
		whole = append(whole, up.pieces[i]...)
	}
	if up.total > 0 && len(whole) != up.total {
		return xInvalid("Segments do not add up to provided total file size.")
	}
	delete(n.uploaded, id)
	return n.take(r, id, whole)
}

func (n *x) take(r *request, id string, body []byte) answer {
	hash, p, ok := n.keep(body)
	if !ok {
		return xInvalid("The media type is not recognized.")
	}
	if len(body) > 5<<20 {
		return xInvalid("The image is larger than 5242880 bytes.")
	}
	m := &xMedia{hash: hash, until: r.now.Add(24 * time.Hour)}
	if r.slow != nil {
		m.polls = r.slow.Polls
	}
	n.media[id] = m
	return reply(http.StatusOK, map[string]any{"data": n.state(id, p, len(body))})
}

// state is what an upload's answer says, with its processing where that goes on.
func (n *x) state(id string, p picture, size int) map[string]any {
	out := map[string]any{"id": id, "media_key": "3_" + id, "expires_after_secs": 86400, "size": size, "image": map[string]any{"w": p.width, "h": p.height, "image_type": p.typ}}
	switch m := n.media[id]; {
	case m.polls > 0:
		out["processing_info"] = map[string]any{"state": "in_progress", "check_after_secs": 1, "progress_percent": 40}
	case m.polls < 0:
		out["processing_info"] = map[string]any{"state": "failed", "error": map[string]any{"code": 1, "name": "InvalidMedia", "message": "Unsupported image"}}
	}
	return out
}

func (n *x) poll(r *request) answer {
	id := r.URL.Query().Get("media_id")
	m := n.media[id]
	if m == nil {
		return xInvalid("the media id is not known")
	}
	p := n.pictures[m.hash]
	a := reply(http.StatusOK, map[string]any{"data": n.state(id, p, len(p.body))})
	if m.polls > 0 {
		m.polls--
	}
	return a
}

func (n *x) describe(r *request) answer {
	var in struct {
		ID       string
		Metadata struct {
			Alt struct{ Text string } `json:"alt_text"`
		}
	}
	switch {
	case !r.json(&in) || n.media[in.ID] == nil:
		return xInvalid("the media id is not known")
	case len([]rune(in.Metadata.Alt.Text)) > 1000:
		return xInvalid("alt_text: must be at most 1000 characters")
	}
	n.media[in.ID].alt = in.Metadata.Alt.Text
	return reply(http.StatusOK, map[string]any{"data": map[string]any{"id": in.ID, "associated_metadata": map[string]any{"alt_text": map[string]string{"text": in.Metadata.Alt.Text}}}})
}
