package notice

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/story"
)

// post office: an SMTP server for one process, as RFC 5321 has it, that answers each command as told.
type postOffice struct {
	addr string

	mu      sync.Mutex
	answers map[string]string // by the command's first word, over the good ones; "" hangs up
	letters []string
	to      []string
	auth    string
}

func newPostOffice(t *testing.T) *postOffice {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{addr: l.Addr().String(), answers: map[string]string{}}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			p.serve(c)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return p
}

func (p *postOffice) serve(c net.Conn) {
	in := bufio.NewReader(c)
	say := func(s string) { fmt.Fprint(c, s+"\r\n") }
	say("220 post office")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		p.mu.Lock()
		answer, told := p.answers[word]
		p.mu.Unlock()
		if !told {
			answer = map[string]string{"EHLO": "250-post office\r\n250 AUTH PLAIN", "AUTH": "235 ok", "DATA": "354 go on", "QUIT": "221 bye"}[word]
			if answer == "" {
				answer = "250 ok"
			}
		}
		if answer == "" {
			return
		}
		switch word {
		case "AUTH":
			p.mu.Lock()
			p.auth = rest
			p.mu.Unlock()
		case "RCPT":
			p.mu.Lock()
			p.to = append(p.to, rest)
			p.mu.Unlock()
		case "DATA":
			if say(answer); !strings.HasPrefix(answer, "354") {
				continue
			}
			var letter strings.Builder
			for {
				l, err := in.ReadString('\n')
				if err != nil || l == ".\r\n" {
					break
				}
				letter.WriteString(strings.TrimPrefix(l, "."))
			}
			p.mu.Lock()
			p.letters = append(p.letters, letter.String())
			answer, told = p.answers["."]
			p.mu.Unlock()
			if !told {
				answer = "250 taken"
			}
			if answer == "" {
				return
			}
		}
		say(answer)
		if word == "QUIT" {
			return
		}
	}
}

const letterbox = `duty: {kind: email, site: en, secret: "env:TEST_TOKEN", user: sender, server: "smtp://ADDR", from: "Example Nûçe <desk@news.example>", to: ["Hana <hana@news.example>", tom@news.example]}`

func mailWorld(t *testing.T, p *postOffice) *world {
	return newWorld(t, receivers3[:strings.Index(receivers3, "  duty:")]+"  "+strings.Replace(letterbox, "ADDR", p.addr, 1))
}

func TestEmail(t *testing.T) {
	p := newPostOffice(t)
	w := mailWorld(t, p)
	headline := "Bendava avê %61: “ئاو”\r\nBcc: evil@evil.example <script>"
	k := w.story("1", func(s *story.Story) { s.Article.Headline = headline })
	w.run(k)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) != 1 || strings.Join(p.to, " ") != "TO:<hana@news.example> TO:<tom@news.example>" {
		t.Fatalf("%d letters to %v; %s", len(p.letters), p.to, &w.log)
	}
	if auth, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.auth, "PLAIN ")); err != nil || string(auth) != "\x00sender\x00123:a-test-token" {
		t.Errorf("signed in by %q", p.auth)
	}
	m, err := mail.ReadMessage(strings.NewReader(p.letters[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Bendava avê %61: “ئاو” Bcc: evil@evil.example <script>" || m.Header.Get("Bcc") != "" {
		t.Errorf("the subject is %q, the header %v", subject, m.Header)
	}
	if m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(m.Header.Get("Message-ID"), "@news.example>") || m.Header.Get("From") != "=?utf-8?q?Example_N=C3=BB=C3=A7e?= <desk@news.example>" {
		t.Errorf("%v", m.Header)
	}
	parts := read(t, m.Header.Get("Content-Type"), m.Body)
	for kind, want := range map[string]string{"text/plain": "https://desk.example/review/", "text/html": "&lt;script&gt;", "image/jpeg": "a test card"} {
		if !strings.Contains(parts[kind], want) {
			t.Errorf("%s: %q", kind, parts[kind])
		}
	}
	if !strings.Contains(parts["text/html"], `src="cid:card"`) || strings.Contains(parts["text/html"], "<script>") {
		t.Errorf("%s", parts["text/html"])
	}
}

// read takes a letter's parts apart, by their content type.
func read(t *testing.T, contentType string, body io.Reader) map[string]string {
	out := map[string]string{}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		var in io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			in = quotedprintable.NewReader(p)
		case "base64":
			in = base64.NewDecoder(base64.StdEncoding, p)
		}
		if strings.HasPrefix(kind, "multipart/") {
			for k, v := range read(t, p.Header.Get("Content-Type"), in) {
				out[k] = v
			}
			continue
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		out[kind] = string(b)
	}
}

func TestMailServersAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		command, answer string
		letters         int  // that arrived the first time
		again           bool // whether it is sent once more
	}{
		"greylisted":                {"RCPT", "451 later", 0, true},
		"no such person":            {"RCPT", "550 nobody here", 0, false},
		"wrong password":            {"AUTH", "535 no", 0, false},
		"refused as spam":           {".", "554 spam", 1, false},
		"not taken just now":        {".", "452 full", 1, true},
		"hung up after the letter":  {".", "", 1, false}, // it may have been taken
		"hung up before the letter": {"MAIL", "", 0, true},
	} {
		p := newPostOffice(t)
		p.mu.Lock()
		p.answers[c.command] = c.answer
		p.mu.Unlock()
		w := mailWorld(t, p)
		k := w.story("1")
		w.run(k)
		p.mu.Lock()
		if len(p.letters) != c.letters {
			t.Errorf("%s: %d letters; %s", name, len(p.letters), &w.log)
		}
		p.answers, p.letters = map[string]string{}, nil
		p.mu.Unlock()
		w.now = noon.Add(2 * time.Minute)
		w.run(k)
		p.mu.Lock()
		if (len(p.letters) == 1) != c.again {
			t.Errorf("%s: %d letters the second time; %s", name, len(p.letters), &w.log)
		}
		p.mu.Unlock()
	}
}

func TestMailGoesNowhereWithoutTLS(t *testing.T) {
	p := newPostOffice(t)
	_, port, _ := strings.Cut(p.addr, ":")
	w := mailWorld(t, p)
	r := w.cfg.Notices["duty"]
	r.Server = "smtp://localhost:" + port // a name, which may lead anywhere
	w.cfg.Notices["duty"] = r
	w.run(w.story("1"))
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) != 0 || p.auth != "" || !strings.Contains(w.log.String(), "offers no TLS") {
		t.Errorf("%d letters, %q; %s", len(p.letters), p.auth, &w.log)
	}
}
