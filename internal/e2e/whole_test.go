package e2e

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

// olds are how many stories of days gone by are in the bucket: a column each.
var olds = []int{50, 500, 5000}

const (
	today    = 300              // stories of today, where the desk is asked
	many     = 10_000           // due entries
	loadTime = 15 * time.Second // of webhooks, at perSecond
	lives    = 11               // of a process, of which the middle one counts
)

// grid is a table that is filled as things are measured.
type grid struct {
	t     testing.TB
	rows  []string
	cells map[string][]string
}

func (g *grid) set(row string, column int, format string, args ...any) {
	if g.cells == nil {
		g.cells = map[string][]string{}
	}
	if g.cells[row] == nil {
		g.rows = append(g.rows, row)
		g.cells[row] = make([]string, len(olds))
	}
	g.cells[row][column] = fmt.Sprintf(format, args...)
	fmt.Fprintf(os.Stderr, "%d old stories, %s: %s\n", olds[column], row, g.cells[row][column]) // it takes minutes
}

// spread sets a cell to the middle and the slowest in a hundred of what was measured.
func (g *grid) spread(row string, column int, took []time.Duration) {
	slices.Sort(took)
	g.set(row, column, "%s / %s", ms(took[len(took)/2]), ms(took[(len(took)-1)*99/100]))
}

func (g *grid) String() string {
	var b strings.Builder
	b.WriteString("| ms |")
	for _, n := range olds {
		fmt.Fprintf(&b, " %d old stories |", n)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(olds)) + "\n")
	for _, r := range g.rows {
		fmt.Fprintf(&b, "| %s | %s |\n", r, strings.Join(g.cells[r], " | "))
	}
	return b.String()
}

// ms writes milliseconds with two digits that count, or all that there are.
func ms(d time.Duration) string {
	switch v := d.Seconds() * 1000; {
	case v < 1:
		return fmt.Sprintf("%.2f", v)
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

// BenchmarkWhole measures the whole once, beside few old stories, ten and a hundred times as many, and prints one table;
// with -update it writes it into docs/performance.md.
func BenchmarkWhole(b *testing.B) {
	buckettest.E2E(b)
	for b.Loop() {
		c := newChain(b, nil)
		g := &grid{t: b}
		binary := program(b)
		stocked := buckettest.InMemory(b)
		st := openStore(b, stocked)
		have := 0
		now := time.Now()
		for column, n := range olds {
			stock(b, st.Bucket, n-have, func(i int) time.Time { return oldDay(now, have+i) }, true, fiveChannels...)
			have = n
			c.onFolder(g, column, binary, stocked)
			c.onGateway(g, column, stocked)
			c.inProcess(g, column, stocked)
		}
		fmt.Printf("\n%s\n", g)
		record(b, root+"/docs/performance.md", "whole", g.String())
	}
}

func openStore(t testing.TB, folder string) *story.Store {
	t.Helper()
	dir, err := bucket.OpenDir(folder, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &story.Store{Bucket: dir, Now: time.Now, Random: rand.Reader}
}

// copied is a copy of a folder, on a disk.
func copied(t testing.TB, folder string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(out, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	return out
}

// onFolder measures serve on a folder: a process of its own, spoken to by HTTP.
func (c *chain) onFolder(g *grid, column int, binary, stocked string) {
	data := copied(c.t, stocked)
	s := serve(c.t, binary, data, c.path)
	st := openStore(c.t, data)
	var toCard, toPosts []time.Duration
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for i := range 30 {
		id := fmt.Sprint("folder-", i)
		body := c.article(id, "sample.jpg")
		req, err := http.NewRequest(http.MethodPost, s.base+"/hooks/newsroom", strings.NewReader(body))
		if err != nil {
			c.t.Fatal(err)
		}
		if req.Header, err = c.source.Sign(c.t.Context(), []byte(body), "msg_"+id, time.Now()); err != nil {
			c.t.Fatal(err)
		}
		began := time.Now()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			c.t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusAccepted {
			c.t.Fatal(res.Status, err)
		}
		k, err := st.Find(c.t.Context(), "newsroom", id)
		if err != nil {
			c.t.Fatal(err)
		}
		until := began.Add(30 * time.Second)
		wait := func(what string, done func() bool) time.Duration {
			for !done() {
				if time.Now().After(until) {
					x, err := st.Load(c.t.Context(), k)
					c.t.Fatalf("%s has no %s after half a minute: %v\n%s", k, what, err, encoded(c.t, x.Posts))
				}
				<-poll.C
			}
			return time.Since(began)
		}
		toCard = append(toCard, wait("card", func() bool {
			m, err := st.Manifest(c.t.Context(), k)
			return err == nil && m.Revision > 0
		}))
		toPosts = append(toPosts, wait("posts", func() bool {
			for _, name := range fiveChannels {
				if p, err := st.Post(c.t.Context(), k, name); err != nil || p.SentAt.IsZero() {
					return false
				}
			}
			return true
		}))
	}
	s.kill()
	g.spread("published to card stored, folder", column, toCard)
	g.spread("published to five posts, folder", column, toPosts)
	g.spread(fmt.Sprintf("webhook answered, %d a second, folder", perSecond), column, load(c.t, binary, copied(c.t, stocked), loadTime))
}

// onGateway measures the functions, each as its executable under the Runtime API, with versitygw as S3. What S3's
// notifications and queues would do, the test does at once.
func (c *chain) onGateway(g *grid, column int, stocked string) {
	s := buckettest.Gateway(c.t)
	if err := os.CopyFS(s.Folder, os.DirFS(stocked)); err != nil { // versitygw keeps an object as a file, as bucket.Dir does
		c.t.Fatal(err)
	}
	st := &story.Store{Bucket: s.Bucket(), Now: time.Now}
	if days, err := st.Days(c.t.Context(), 1000); err != nil || len(days) != olds[column]/50 {
		c.t.Fatalf("versitygw shows the old stories of %d days: %v", len(days), err)
	}
	c.cold(g, column, s)

	hook, draw, send := c.start(s, s.Ref, nil, "webhook"), c.start(s, s.Ref, nil, "render"), c.start(s, s.Ref, nil, "post")
	var toCard, toPosts []time.Duration
	for i := range 30 {
		id := fmt.Sprint("gateway-", i)
		e := c.event(c.article(id, "sample.jpg"), id)
		began := time.Now()
		k := taken(c.t, hook.invoke(c.t, e))
		draw.ok(c.t, c.look("render", k), nil)
		toCard = append(toCard, time.Since(began))
		again := 0 // a message that is given back comes again
		for ; len(batch(c.t, send, notify(c.t, "post.json", story.Manifests+string(k)+".json"))) > 0; again++ {
			if again == 9 {
				c.t.Fatalf("%s is given back again and again", k)
			}
		}
		toPosts = append(toPosts, time.Since(began))
		for _, name := range fiveChannels {
			if p, err := st.Post(c.t.Context(), k, name); err != nil || p.SentAt.IsZero() {
				c.t.Fatalf("%s is not on %s: %v %s", k, name, err, encoded(c.t, p))
			}
		}
	}
	for _, b := range []*bootstrap{hook, draw, send} {
		b.stop()
	}
	g.spread("published to card stored, functions and versitygw", column, toCard)
	g.spread("published to five posts, functions and versitygw", column, toPosts)

	free := make(chan *bootstrap, 24) // environments, as Lambda has as many as there are calls at once
	for range cap(free) {
		free <- c.start(s, s.Ref, nil, "webhook")
	}
	took := paced(c.t, loadTime, func(i int) error {
		e := c.event(busyArticle(i), fmt.Sprint("busy-", i))
		b := <-free
		defer func() { free <- b }()
		taken(c.t, b.invoke(c.t, e))
		return nil
	})
	for range cap(free) {
		(<-free).stop()
	}
	g.spread(fmt.Sprintf("webhook answered, %d a second, 24 environments and versitygw", perSecond), column, took)
}

// cold measures the functions' starts, from the process's to the answer of its first event, beside those of a function that
// only says hello. What a card costs a process that has drawn one before is not counted.
func (c *chain) cold(g *grid, column int, s *buckettest.Server) {
	lived := func(name string, live func(b *bootstrap)) time.Duration {
		var took []time.Duration
		for range lives {
			began := time.Now()
			b := c.start(s, s.Ref, nil, name)
			live(b)
			took = append(took, time.Since(began))
			b.stop()
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	hello := lived("hello", func(b *bootstrap) { b.ok(c.t, []byte("{}"), nil) })
	g.set("cold start of a function that says hello", column, "%s", ms(hello))
	set := func(name string, d time.Duration) {
		g.set("cold start to the first answer of "+name, column, "%s, × %.1f", ms(d), float64(d)/float64(hello))
	}
	n := 0
	article := func() (event []byte) {
		n++
		id := fmt.Sprintf("cold-%d", n)
		return c.event(c.article(id, "m.jpg"), id)
	}
	var keys []story.Key
	events := make([][]byte, lives) // made beforehand
	for i := range events {
		events[i] = article()
	}
	set("webhook", lived("webhook", func(b *bootstrap) {
		keys = append(keys, taken(c.t, b.invoke(c.t, events[len(keys)])))
	}))
	looks := func(function string) (out [][]byte) {
		for _, k := range keys {
			out = append(out, c.look(function, k))
		}
		return out
	}
	hook := c.start(s, s.Ref, nil, "webhook")
	for range lives {
		keys = append(keys, taken(c.t, hook.invoke(c.t, article())))
	}
	hook.stop()
	draws := looks("render")
	next := func(list *[][]byte) []byte { e := (*list)[0]; *list = (*list)[1:]; return e }
	first := lived("render", func(b *bootstrap) { b.ok(c.t, next(&draws), nil) })
	var warm []time.Duration
	draw := c.start(s, s.Ref, nil, "render")
	for i := 0; len(draws) > 0; i++ {
		began := time.Now()
		draw.ok(c.t, next(&draws), nil)
		if i > 0 {
			warm = append(warm, time.Since(began))
		}
	}
	draw.stop()
	slices.Sort(warm)
	again := warm[len(warm)/2]
	g.set("a warm card of the photo of 3000 × 2000, in render", column, "%s", ms(again))
	set("render, a card of that photo, beyond a warm one", first-again)
	posts := looks("post")
	set("post, which posts on five channels", lived("post", func(b *bootstrap) { b.ok(c.t, next(&posts), nil) }))
	page := c.page("/")
	set(fmt.Sprintf("desk, its queue with %d stories", len(keys)), lived("desk", func(b *bootstrap) { b.ok(c.t, page, nil) }))
}

// record writes a table into a page between its marks, with -update.
func record(t testing.TB, path, name, table string) {
	t.Helper()
	if !*update {
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for a table between %s and %s", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
