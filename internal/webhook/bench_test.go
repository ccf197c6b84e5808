package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkDelivery is signed first deliveries into a folder, 16 at a time, with what 99 of 100 took at most.
func BenchmarkDelivery(b *testing.B) {
	d := openFor(b)
	w := d.handler.(*Webhook)
	w.perSource = limiter{rate: 1e9, burst: 1e9}
	var mu sync.Mutex
	var all []time.Duration
	jobs := make(chan int)
	var g sync.WaitGroup
	for range 16 {
		g.Go(func() {
			for i := range jobs {
				body := payload("published", fmt.Sprint(i), "Reservoir rises")
				h, err := w.sources["newsroom"].Sign(context.Background(), []byte(body), fmt.Sprint("msg_", i), noon)
				if err != nil {
					b.Error(err)
				}
				r := httptest.NewRequest(http.MethodPost, "/hooks/newsroom", strings.NewReader(body))
				r.Header = h
				rec := httptest.NewRecorder()
				start := time.Now()
				w.ServeHTTP(rec, r)
				took := time.Since(start)
				if rec.Code != 202 {
					b.Errorf("%d %s", rec.Code, rec.Body)
				}
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		jobs <- i
	}
	close(jobs)
	g.Wait()
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "ms-p99")
}
