package sim

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Fault is one thing that goes wrong. It strikes the first calls that it fits, as many as it says, and is then used up.
// Several faults that fit are used up in the order in which they were given.
type Fault struct {
	Network string `json:"network,omitempty"` // the kind; empty: every one
	Op      Op     `json:"op,omitempty"`      // what the call is for; empty: everything
	Skip    int    `json:"skip,omitempty"`    // calls that it lets pass first
	Times   int    `json:"times,omitempty"`   // how many calls it strikes; 0: one; below 0: all
	Do      What   `json:"do"`                // what happens
	Status  int    `json:"status,omitempty"`  // Error, Odd, Refuse: the answer's status, if not the usual one
	Body    string `json:"body,omitempty"`    // Error, Odd, Refuse: the answer's body, as it is; Redirect: where to
	Wait    string `json:"wait,omitempty"`    // Limit: what Retry-After says; empty: no such header
	Polls   int    `json:"polls,omitempty"`   // Slow: how often the upload is not ready yet; below 0: it fails

	// Then runs while the call waits for its answer, after the network has taken it or not.
	Then func() `json:"-"`
}

// What is what happens to a call.
type What string

// The faults. Those of the first group strike after the network has done what it was asked, those of the second in
// its place.
const (
	Hang  What = "hang"  // no answer, until the client gives up
	Reset What = "reset" // the connection is reset in place of an answer
	Half  What = "half"  // half an answer, then the connection is reset
	Error What = "error" // an answer of 500, or of Status
	Odd   What = "odd"   // 200 with something that is no answer of this network
	Pass  What = "pass"  // nothing but Then
	Slow  What = "slow"  // what is uploaded takes Polls polls to be ready

	Cut      What = "cut"      // the connection is reset in the midst of the request
	Limit    What = "limit"    // too many calls, said as the network says it, with Wait or without
	Expire   What = "expire"   // the token that the call shows has run out or was taken back: for good, until Mend
	Refuse   What = "refuse"   // the account may not, said as the network says it; or an answer of Status and Body
	Down     What = "down"     // 503 from whatever stands before the network
	Redirect What = "redirect" // 307 to Body
	Endless  What = "endless"  // an answer that does not end
)

var whats = map[What]bool{Hang: true, Reset: true, Half: true, Error: true, Odd: true, Pass: true, Slow: true, Cut: true, Limit: true, Expire: true, Refuse: true, Down: true, Redirect: true, Endless: true}

// Fault adds to the script. It panics if there is no such fault, which is a mistake of the script's.
func (s *Server) Fault(f Fault) {
	if !whats[f.Do] {
		panic(fmt.Sprintf("there is no fault %q", f.Do))
	}
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Mend takes all faults out of the script, and lets tokens that had run out be good again.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	clear(s.dead)
}

// strike finds the fault that a call meets, and uses it up; nil: none.
func (s *Server) strike(kind string, op Op) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		switch {
		case f.Times == 0, f.Network != "" && f.Network != kind, f.Op != "" && f.Op != op:
			continue
		case f.Skip > 0:
			f.Skip--
			continue
		case f.Times > 0:
			f.Times--
		}
		struck := *f
		return &struck
	}
	return nil
}

// instead is the answer of a fault that keeps the network from taking the call; false: the network takes it.
func (f *Fault) instead(n network, r *request) (answer, bool) {
	if f == nil {
		return answer{}, false
	}
	switch f.Do {
	case Limit:
		return n.limited(r, f.Wait), true
	case Expire:
		return n.expired(r), true
	case Refuse:
		if f.Status != 0 {
			return reply(f.Status, f.Body), true
		}
		return n.refused(r), true
	case Down:
		return reply(http.StatusServiceUnavailable, "<html><body><h1>503 Service Unavailable</h1></body></html>", "Content-Type", "text/html"), true
	case Redirect:
		return reply(http.StatusTemporaryRedirect, nil, "Location", f.Body), true
	case Endless:
		return answer{}, true
	}
	return answer{}, false
}

// silent says that the client gets no answer.
func (f *Fault) silent() bool { return f != nil && (f.Do == Hang || f.Do == Reset) }

// write gives the answer, as far as the fault lets it.
func (f *Fault) write(w http.ResponseWriter, r *http.Request, a answer) {
	if f == nil {
		a.write(w)
		return
	}
	if f.Then != nil {
		f.Then()
	}
	switch f.Do {
	case Hang:
		<-r.Context().Done()
	case Reset:
		reset(w, nil)
	case Half:
		body, _ := a.bytes()
		reset(w, fmt.Appendf(nil, "HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", a.status, len(body), body[:len(body)/2]))
	case Error:
		reply(or(f.Status, http.StatusInternalServerError), f.Body).write(w)
	case Odd:
		body := f.Body
		if body == "" {
			body = "<!DOCTYPE html><title>Welcome</title><p>We are glad to have you back."
		}
		reply(or(f.Status, http.StatusOK), body, "Content-Type", "text/html").write(w)
	case Endless:
		w.Header().Set("Content-Type", "application/json")
		for chunk := make([]byte, 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	default:
		a.write(w)
	}
}

func or(status, usual int) int {
	if status == 0 {
		return usual
	}
	return status
}

// cut reads half of the request and resets the connection.
func cut(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > 0 {
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2) // less came: all the same to a connection that is reset
	}
	reset(w, nil)
}

// reset ends the connection without the answer's end, as a crash or a cable would.
func reset(w http.ResponseWriter, said []byte) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	c, b, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if len(said) > 0 {
		_, _ = b.Write(said) // whether it arrives is not promised
		_ = b.Flush()
	} else if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset and no orderly end
	}
	_ = c.Close()
}

// budget is how much of a limit is used in the window that runs.
type budget struct {
	used  int
	reset time.Time
}

// spend takes cost from an account's limit in a window of time; not if it would be over.
func (s *Server) spend(account string, cost, limit int, window time.Duration, now time.Time) (left int, reset time.Time, ok bool) {
	key := fmt.Sprintf("%s %d/%s", account, limit, window)
	b := s.budgets[key]
	if b == nil || !now.Before(b.reset) {
		b = &budget{reset: now.Add(window)}
		s.budgets[key] = b
	}
	if b.used+cost > limit {
		return limit - b.used, b.reset, false
	}
	b.used += cost
	return limit - b.used, b.reset, true
}

// seconds is how a wait until t is said in whole seconds, never less than it is.
func seconds(t, now time.Time) string {
	return strconv.Itoa(int((t.Sub(now) + time.Second - 1) / time.Second))
}
