package e2e

import (
	"testing"
	"time"

	"cutline/internal/bucket/buckettest"
)

// BenchmarkDeskBegins is the queue of a day of 300 stories as the first page of a process with as much memory, and so much
// of a processor, as the desk has in Lambda: as long as the day has no daybook, and when it has one. S3 is 20 ms away.
func BenchmarkDeskBegins(b *testing.B) {
	buckettest.E2E(b)
	const megabytes = 512
	c := newChain(b, nil)
	s := buckettest.Gateway(b)
	now := time.Now()
	stock(b, s.Bucket(), today, func(i int) time.Time { return now.Add(-time.Duration(i) * time.Second) }, false, fiveChannels...)
	ref, program := away(b, s), share(b, megabytes)
	page := c.page("/")
	for b.Loop() {
		for _, which := range []string{"ms-without-daybook", "ms-with-one"} {
			began := time.Now()
			p := c.start(s, ref, program, "desk")
			p.ok(b, page, nil)
			b.ReportMetric(float64(time.Since(began).Milliseconds()), which)
			again := time.Now()
			p.ok(b, page, nil)
			b.ReportMetric(float64(time.Since(again).Milliseconds()), which+"-again")
			p.stop()
		}
	}
}
