package channel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cutline/internal/remark"
)

// xPiece is how many bytes of a picture go in one request. X takes pictures of up to 5 MB whole, and wants what is large
// in pieces, which can be sent again one by one.
const xPiece = 1 << 20

// pieces is an upload in pieces that has begun: X's id for it, until when X keeps it, and how many pieces X has. It is
// kept as the step "pieces", "ID UNIX-SECONDS PIECES", so that a try that was interrupted goes on where it was.
type pieces struct {
	id    string
	until int64
	sent  int
}

func (p pieces) String() string { return fmt.Sprint(p.id, " ", p.until, " ", p.sent) }

// parsePieces reads what String has written; no id: there is no upload to go on with.
func parsePieces(s string) (p pieces) {
	f := strings.Fields(s)
	if len(f) != 3 {
		return pieces{}
	}
	var err, err2 error
	p.id = f[0]
	p.until, err = strconv.ParseInt(f[1], 10, 64)
	p.sent, err2 = strconv.Atoi(f[2])
	if err != nil || err2 != nil {
		return pieces{}
	}
	return p
}

// uploadPieces uploads a card by initialize, append and finalize. What X has is kept after each piece; a piece that goes
// twice is the same piece to X, by its number.
func (n *x) uploadPieces(ctx context.Context, c *Call, card []byte) (string, Outcome) {
	keep := func(p string) Outcome {
		if err := c.Step(ctx, "pieces", p); err != nil {
			return Outcome{End: Later, Why: err.Error()}
		}
		return Outcome{End: Posted}
	}
	up := parsePieces(c.Steps["pieces"])
	resumed := up.id != "" && n.p.Now().Unix() <= up.until
	if !resumed {
		var m xMedia
		body := map[string]any{"media_category": "tweet_image", "media_type": c.Draft.Type, "total_bytes": len(card)}
		if out := n.json(ctx, http.MethodPost, "/2/media/upload/initialize", body, &m); out.End != Posted {
			return "", out
		}
		if m.Data.ID == "" {
			return "", Outcome{End: Later, Why: remark.Say("answer-incomplete", "X")}
		}
		up = pieces{id: m.Data.ID, until: n.p.Now().Unix() + m.Data.Expires - 600}
		if out := keep(up.String()); out.End != Posted {
			return "", out
		}
	}
	// failed is what becomes of the upload when X answers a piece or the end of it otherwise. One of an earlier try may
	// have been forgotten, or have been whole already when that answer was lost: it is begun anew, for a picture that
	// no post names shows nowhere.
	failed := func(out Outcome) (string, Outcome) {
		if out.End != Refused || out.Pause {
			return "", out
		}
		if resumed {
			out.End = Later
		}
		c.Keep("pieces", "")
		return "", out
	}
	path := "/2/media/upload/" + url.PathEscape(up.id)
	for up.sent*xPiece < len(card) {
		piece := card[up.sent*xPiece : min(len(card), (up.sent+1)*xPiece)]
		a, out := n.sendMedia(ctx, path+"/append", field("segment_index", strconv.Itoa(up.sent)), part{Name: "media", File: "piece", Type: "application/octet-stream", Body: piece})
		if out.End != Posted {
			return "", out
		}
		if a.Err != nil || a.Status < 200 || a.Status >= 300 {
			return failed(n.failed(a, false))
		}
		up.sent++
		if out := keep(up.String()); out.End != Posted {
			return "", out
		}
	}
	var m xMedia
	if out := n.json(ctx, http.MethodPost, path+"/finalize", nil, &m); out.End != Posted {
		return failed(out)
	}
	if m.Data.ID == "" {
		return "", Outcome{End: Later, Why: remark.Say("answer-incomplete", "X")}
	}
	c.Keep("pieces", "")
	return n.uploaded(c, m)
}
