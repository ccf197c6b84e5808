package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

// memories are what a function is tried with, in MB. From one to two processors nothing that it does gets faster.
var memories = []int{128, 256, 512, 1024, 1769, 3008}

const (
	processor  = 1769                  // MB, for which Lambda gives one whole processor; for others in proportion
	toS3       = 20 * time.Millisecond // a request's way to S3 and back, beside what versitygw takes
	toNetwork  = 150 * time.Millisecond
	warmCalls  = 5
	gbSecond   = 0.0000133334 // US dollars, arm64 in us-east-1
	perRequest = 0.20 / 1e6
)

// BenchmarkMemory runs each function with the share of a processor that Lambda gives for a memory and GOMEMLIMIT at four
// fifths of it, and prints what a call takes and costs; with -update it writes the table into docs/aws.md.
func BenchmarkMemory(b *testing.B) {
	buckettest.E2E(b)
	for b.Loop() {
		c := newChain(b, func(h http.Handler) http.Handler { return delayed(toNetwork, h) })
		s := buckettest.Gateway(b)
		table := "| function | memory, MB | the first answer of a process, ms | a later one | processor of it | the largest | peak, MB | $ a million |\n|---|---|---|---|---|---|---|---|\n" +
			strings.Join(c.sweep(s), "")
		fmt.Printf("\n%s\n", table)
		record(b, root+"/docs/aws.md", "memory", table)
	}
}

// delayed lets every request wait before it is answered.
func delayed(by time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := time.NewTimer(by)
		defer t.Stop()
		select {
		case <-t.C:
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// share makes a group of processes that get so much of the processors as Lambda gives a function of a memory, by the
// kernel's quota over 20 ms, and returns the program that joins it. Where this machine does not let us it returns nil: then
// what is measured has whole processors, and the benchmark says so.
func share(t testing.TB, megabytes int) []string {
	t.Helper()
	const period = 20_000 // µs
	quota := period * megabytes / processor
	name := fmt.Sprintf("cutline-%d-%d", os.Getpid(), megabytes)
	for _, kind := range []struct {
		dir   string
		files map[string]string
	}{
		{"/sys/fs/cgroup/cpu/" + name, map[string]string{"cpu.cfs_period_us": strconv.Itoa(period), "cpu.cfs_quota_us": strconv.Itoa(quota)}},
		{"/sys/fs/cgroup/" + name, map[string]string{"cpu.max": fmt.Sprintf("%d %d", quota, period)}},
	} {
		if os.Mkdir(kind.dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(kind.dir) }) // it stays if something runs in it, and costs nothing
		_, err := os.Stat(filepath.Join(kind.dir, "cgroup.procs"))
		ok := err == nil // else it is a folder as any other
		for file, value := range kind.files {
			ok = ok && os.WriteFile(filepath.Join(kind.dir, file), []byte(value), 0o644) == nil
		}
		if ok {
			return []string{"/bin/sh", "-c", `echo $$ > "$0" && exec "$@"`, filepath.Join(kind.dir, "cgroup.procs")}
		}
	}
	t.Log("this machine does not let us share processors out: durations are those of whole ones")
	return nil
}

// job is what a function is tried with.
type job struct {
	function string
	calls    [][]byte // taken from the front
	largest  [][]byte // likewise, the most that one call may bring
	before   func()
}

// away is a bucket's reference through which every request has a way to go, as to S3.
func away(t testing.TB, s *buckettest.Server) string {
	t.Helper()
	far, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(delayed(toS3, httputil.NewSingleHostReverseProxy(far)))
	t.Cleanup(proxy.Close)
	return "s3://" + s.Name + "?" + url.Values{"endpoint": {proxy.URL}, "region": {"us-east-1"}}.Encode()
}

// sweep tries all functions with all memories, and returns the table's rows.
func (c *chain) sweep(s *buckettest.Server) (rows []string) {
	ref := away(c.t, s)
	shares := map[int][]string{}
	for _, megabytes := range memories {
		shares[megabytes] = share(c.t, megabytes)
	}
	for _, j := range c.jobs(s) {
		for _, megabytes := range memories {
			limit, program := fmt.Sprintf("GOMEMLIMIT=%dMiB", megabytes*4/5), shares[megabytes]
			next := func() []byte {
				e := j.calls[0]
				j.calls = j.calls[1:]
				if j.before != nil {
					j.before()
				}
				return e
			}
			e := next()
			began := time.Now()
			b := c.start(s, ref, program, j.function, limit)
			b.ok(c.t, e, nil)
			first := time.Since(began)
			var took, busy []time.Duration
			for range warmCalls {
				e := next()
				used := processorTime(c.t, b.pid)
				began := time.Now()
				b.ok(c.t, e, nil)
				took, busy = append(took, time.Since(began)), append(busy, processorTime(c.t, b.pid)-used)
			}
			b.stop()
			slices.Sort(took)
			slices.Sort(busy)

			// The largest has whole processors, for its peak: how long it takes is computed.
			b = c.start(s, ref, nil, j.function, limit)
			if j.before != nil {
				j.before()
			}
			used := processorTime(c.t, b.pid)
			began = time.Now()
			b.ok(c.t, j.largest[0], nil)
			whole, spent := time.Since(began), processorTime(c.t, b.pid)-used
			peak := peakOf(c.t, b.pid)
			b.stop()
			j.largest = j.largest[1:]
			largest := max(whole-spent, 0) + time.Duration(float64(spent)/min(1, float64(megabytes)/processor))
			said := ms(largest)
			if peak > float64(megabytes)*0.9 {
				said = "does not fit"
			}
			call := took[0] // the quickest: other work on this machine only adds to it
			price := 1e6 * (call.Seconds()*float64(megabytes)/1024*gbSecond + perRequest)
			rows = append(rows, fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %.0f | %.2f |\n", j.function, megabytes, ms(first), ms(call), ms(busy[len(busy)/2]), said, peak, price))
			fmt.Fprint(os.Stderr, rows[len(rows)-1])
		}
	}
	return rows
}

// jobs prepares what the functions are tried with: deliveries, stories to draw, stories to post, and a desk with a day's
// stories.
func (c *chain) jobs(s *buckettest.Server) []*job {
	n := (1 + warmCalls) * len(memories)
	hook, draw := c.start(s, s.Ref, nil, "webhook"), c.start(s, s.Ref, nil, "render")
	defer hook.stop()
	defer draw.stop()
	serial := 0
	deliver := func(photo string) story.Key {
		serial++
		id := fmt.Sprint("sweep-", serial)
		return taken(c.t, hook.invoke(c.t, c.event(c.article(id, photo), id)))
	}
	hooks := &job{function: "webhook"}
	for i := range n {
		hooks.calls = append(hooks.calls, c.event(busyArticle(i), fmt.Sprint("sweep-busy-", i)))
	}
	draws := &job{function: "render"}
	posts := &job{function: "post", before: func() { c.clock.stories.Add(1) }}
	pages := &job{function: "desk"}
	for i := range memories {
		long := strings.Replace(busyArticle(n+i), "The water rises", strings.Repeat("The water rises and rises. ", 40_000), 1) // about 1 MB
		hooks.largest = append(hooks.largest, c.event(long, fmt.Sprint("sweep-long-", i)))
		draws.largest = append(draws.largest, c.look("render", deliver("largest.jpg")))
		var together []string
		for range 5 {
			k := deliver("sample.jpg")
			draw.ok(c.t, c.look("render", k), nil)
			together = append(together, story.Manifests+string(k)+".json")
		}
		posts.largest = append(posts.largest, encoded(c.t, notify(c.t, "post.json", together...)))
		pages.largest = append(pages.largest, c.page("/figures"))
	}
	for range n {
		draws.calls = append(draws.calls, c.look("render", deliver("m.jpg")))
		k := deliver("sample.jpg")
		draw.ok(c.t, c.look("render", k), nil)
		posts.calls = append(posts.calls, c.look("post", k))
	}
	now := time.Now()
	stock(c.t, s.Bucket(), today, func(i int) time.Time { return now.Add(-time.Duration(i) * time.Second) }, false, fiveChannels...)
	for range n {
		pages.calls = append(pages.calls, c.page("/"))
	}
	return []*job{hooks, draws, posts, pages}
}

// processorTime is what a process's threads have had of the processors so far.
func processorTime(t testing.TB, pid int) (sum time.Duration) {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tasks {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		ns, _, _ := strings.Cut(string(b), " ")
		if n, err := strconv.ParseInt(ns, 10, 64); err == nil {
			sum += time.Duration(n)
		}
	}
	return sum
}

// peakOf is the most memory that a process has had, in MB.
func peakOf(t testing.TB, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return float64(kb) * 1024 / 1e6
		}
	}
	t.Fatalf("/proc/%d/status has no VmHWM", pid)
	return 0
}
