package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// documented is what the networks' documentation says that they answer: package channel's table of answers and what
// they mean.
const documented = "../channel/testdata/answers/"

// TestAnswersAreTheDocumentedOnes holds dialogues with the networks that end in the situation which a documented answer
// is about, and compares: the status, every field's name and kind, and the words of errors, numbers and ids aside.
func TestAnswersAreTheDocumentedOnes(t *testing.T) {
	script, err := os.ReadFile("testdata/dialogues.txt")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]map[string]documentedAnswer{}
	for dialogue := range strings.SplitSeq("\n"+string(script), "\n# ") {
		head, lines, _ := strings.Cut(dialogue, "\n")
		file, name, ok := strings.Cut(head, ": ")
		if !ok {
			continue
		}
		if docs[file] == nil {
			docs[file] = answersOf(t, file)
		}
		t.Run(file+": "+name, func(t *testing.T) {
			want, ok := docs[file][name]
			if !ok {
				t.Fatalf("there is no such answer; there are %v", slices.Sorted(maps.Keys(docs[file])))
			}
			status, header, body := hold(t, lines)
			if status != want.Status {
				t.Errorf("status %d, want %d: %v", status, want.Status, body)
			}
			for h := range want.Headers {
				if header.Get(h) == "" && (h != "Content-Type" || body != "") {
					t.Errorf("no header %s", h)
				}
			}
			failed := want.Status >= 400 || want.Class == "refused" || want.Class == "auth"
			if why := differs(want.Body, body, failed); why != "" {
				t.Errorf("%s\n have %v\n want %v", why, body, want.Body)
			}
		})
	}
}

type documentedAnswer struct {
	Name, Class string
	Status      int
	Headers     map[string]string
	Body        any
}

func answersOf(t *testing.T, file string) map[string]documentedAnswer {
	t.Helper()
	b, err := os.ReadFile(documented + file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Answers []documentedAnswer }
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]documentedAnswer{}
	for _, a := range doc.Answers {
		out[a.Name] = a
	}
	return out
}

var (
	digits  = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{26}\b|[0-9]+`) // ULIDs among them
	written = map[string]bool{"error": true, "message": true, "description": true, "error_code": true, "code": true, "error_subcode": true, "title": true, "detail": true,
		"status": true, "ok": true, "type": true, "serviceErrorCode": true, "status_code": true}
)

// differs says how an answer is not as documented; empty: it is. What else there is in it does no harm.
func differs(want, have any, failed bool) string {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return fmt.Sprintf("no object but %v", have)
		}
		for k, v := range w {
			if v == nil || k == "blurhash" || k == "fbtrace_id" || strings.HasPrefix(k, "error_user") {
				continue
			}
			if _, ok := h[k]; !ok {
				return "no " + k
			}
			if s, ok := v.(string); ok && (failed || k == "status" || k == "status_code") && written[k] {
				if x, ok := h[k].(string); !ok || digits.ReplaceAllString(x, "0") != digits.ReplaceAllString(s, "0") {
					return fmt.Sprintf("%s is %v, not %v", k, h[k], v)
				}
			}
			if n, ok := v.(float64); ok && failed && written[k] && h[k] != n {
				return fmt.Sprintf("%s is %v, not %v", k, h[k], v)
			}
			if why := differs(v, h[k], failed); why != "" {
				return k + ": " + why
			}
		}
	case []any:
		h, ok := have.([]any)
		if !ok {
			return fmt.Sprintf("no list but %v", have)
		}
		if len(w) > 0 && len(h) > 0 {
			return differs(w[0], h[0], failed)
		}
		if len(h) == 0 && len(w) > 0 {
			return "an empty list"
		}
	case string:
		h, ok := have.(string)
		if !ok {
			return fmt.Sprintf("no text but %v", have)
		}
		if (w == "") != (h == "") {
			return fmt.Sprintf("%q, not %q", h, w)
		}
	case float64:
		if _, ok := have.(float64); !ok {
			return fmt.Sprintf("no number but %v", have)
		}
	case bool:
		if have != want {
			return fmt.Sprintf("%v, not %v", have, want)
		}
	}
	return ""
}

// hold holds a dialogue with new networks and returns the last answer. Its lines:
//
//	METHOD /path BODY            a call; {"x": …} is sent as JSON, a=b&c=d as a form, nothing as nothing
//	METHOD /path jpeg WxH FIELD a=b&c=d   the same with a picture, as multipart's FIELD; FIELD "-": as the body
//	fault {"op": …}              a fault for the script
//	header Name: value           a header for all calls from here on
//	wait 50h                     the clock is turned
//
// {name} is the last answer's field of that name, however deep; {name*N} in a body is name N times.
func hold(t *testing.T, lines string) (status int, header http.Header, body any) {
	t.Helper()
	s, watch, base := networks(t)
	known, headers := map[string]string{}, http.Header{"Authorization": {"Bearer test-token"}}
	fill := regexp.MustCompile(`\{(\w+)(\*\d+)?\}`)
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		line = fill.ReplaceAllStringFunc(line, func(p string) string {
			m := fill.FindStringSubmatch(p)
			if m[2] != "" {
				n, err := strconv.Atoi(m[2][1:])
				if err != nil {
					t.Fatal(err)
				}
				return strings.Repeat(m[1], n)
			}
			if v, ok := known[m[1]]; ok {
				return v
			}
			return p
		})
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "":
			continue
		case "fault":
			var f Fault
			if err := json.Unmarshal([]byte(rest), &f); err != nil {
				t.Fatal(err)
			}
			s.Fault(f)
			continue
		case "header":
			name, value, _ := strings.Cut(rest, ":")
			value = strings.TrimSpace(value)
			headers.Set(name, value)
			if value == "" {
				headers.Del(name)
			}
			continue
		case "wait":
			d, err := time.ParseDuration(rest)
			if err != nil {
				t.Fatal(err)
			}
			watch.turn(d)
			continue
		}
		path, content, _ := strings.Cut(rest, " ")
		payload, typ := payloadOf(t, content)
		if !strings.HasPrefix(path, "http") {
			path = base + path
		}
		req, err := http.NewRequest(verb, path, bytes.NewReader(payload))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = headers.Clone()
		if typ != "" {
			req.Header.Set("Content-Type", typ)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		status, header, body = res.StatusCode, res.Header, string(b)
		var v any
		if json.Unmarshal(b, &v) == nil {
			body = v
			note(known, v)
		}
		if id := header.Get("x-restli-id"); id != "" {
			known["urn"] = strings.ReplaceAll(id, ":", "%3A")
		}
	}
	return status, header, body
}

// note remembers all fields of an answer by name, the outermost last.
func note(known map[string]string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			note(known, x)
		}
		for k, x := range v {
			switch x := x.(type) {
			case string:
				known[k] = x
			case float64:
				known[k] = strconv.FormatFloat(x, 'f', -1, 64)
			}
		}
	case []any:
		for _, x := range v {
			note(known, x)
		}
	}
}

func payloadOf(t *testing.T, content string) (body []byte, typ string) {
	t.Helper()
	picture, isPicture := strings.CutPrefix(content, "jpeg ")
	switch {
	case content == "":
		return nil, ""
	case !isPicture && strings.HasPrefix(content, "{"):
		return []byte(content), "application/json"
	case !isPicture:
		return []byte(content), "application/x-www-form-urlencoded"
	}
	var w, h int
	var field string
	if _, err := fmt.Sscanf(picture, "%dx%d %s", &w, &h, &field); err != nil {
		t.Fatalf("%s: %v", content, err)
	}
	if field == "-" {
		return jpegOf(t, w, h, 0), "image/jpeg"
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if _, fields, ok := strings.Cut(picture, " "+field+" "); ok {
		for f := range strings.SplitSeq(fields, "&") {
			name, value, _ := strings.Cut(f, "=")
			if err := form.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename="card.jpg"`, field)}, "Content-Type": {"image/jpeg"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(jpegOf(t, w, h, 0)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), form.FormDataContentType()
}

func TestTimelineShowsRepliesUnderTheirPost(t *testing.T) {
	var posts []Post
	for _, p := range [][3]string{{"a", "1", ""}, {"a", "2", ""}, {"b", "2", "1"}, {"a", "3", "1"}, {"a", "4", "3"}, {"a", "5", "gone"}, {"a", "", ""}, {"a", "", ""}, {"a", "6", "1"}} {
		posts = append(posts, Post{Network: p[0], ID: p[1], ReplyTo: p[2]})
	}
	var got []string
	for _, p := range conversations(posts) {
		text := p.Network + p.ID
		if p.Under {
			text = "<" + text
		}
		got = append(got, text)
	}
	if want := "a a a5 b2 a2 a1 <a3 <a4 <a6"; strings.Join(got, " ") != want {
		t.Errorf("have %s, want %s", strings.Join(got, " "), want)
	}
}
