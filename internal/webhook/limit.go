package webhook

import (
	"sync"
	"time"
)

// limiter lets rate requests a second through for each name, and burst at once. It knows only what came to this process:
// it bounds what one process does, not what the world sends.
type limiter struct {
	rate, burst float64

	mu   sync.Mutex
	used map[string]*level
}

type level struct {
	full float64 // requests that are not worn off yet
	at   time.Time
}

const maxNames = 10_000 // addresses remembered; then those that are worn off are forgotten

// take counts one request, or says how long to wait before the next.
func (l *limiter) take(name string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.level(name, now)
	if v.full+1 > l.burst {
		return l.wait(v)
	}
	v.full++
	return 0
}

// peek says how long to wait, without counting.
func (l *limiter) peek(name string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v := l.level(name, now); v.full+1 > l.burst {
		return l.wait(v)
	}
	return 0
}

func (l *limiter) wait(v *level) time.Duration {
	return time.Duration((v.full + 1 - l.burst) / l.rate * float64(time.Second))
}

func (l *limiter) level(name string, now time.Time) *level {
	if v := l.used[name]; v != nil {
		if d := now.Sub(v.at).Seconds(); d > 0 {
			v.full = max(0, v.full-d*l.rate)
			v.at = now
		}
		return v
	}
	if l.used == nil {
		l.used = map[string]*level{}
	}
	if len(l.used) >= maxNames {
		for n, v := range l.used {
			if v.full-now.Sub(v.at).Seconds()*l.rate <= 0 {
				delete(l.used, n)
			}
		}
		if len(l.used) >= maxNames {
			clear(l.used) // an attack from everywhere: memory counts more than memories
		}
	}
	v := &level{at: now}
	l.used[name] = v
	return v
}
