package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// entry is one call that changed something, as the journal has it: enough to make it again.
type entry struct {
	At     time.Time   `json:"at"`
	Method string      `json:"method"`
	Path   string      `json:"path"` // with its query
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
	Slow   int         `json:"slow,omitempty"` // polls of the fault that the upload met
}

// Keep makes the networks remember in a file, so that they go on with the next process: the calls that changed something
// are written there, and made again in the same order when the file is there already. The calls' credentials stand in
// it. Keep is called once, before the first call.
func (s *Server) Keep(path string) error {
	if err := s.replay(path); err != nil {
		return fmt.Errorf("reading what was posted to the simulated networks from %s: %w: take the file away, and they begin anew", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = f
	return nil
}

// Close ends the journal, if there is one.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	return s.journal.Close()
}

func (s *Server) replay(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	now := s.now
	defer func() { s.now = now }()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // the end; of a line that a crash cut off nobody was told
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		s.now = func() time.Time { return e.At }
		if e.Slow != 0 {
			s.Fault(Fault{Do: Slow, Polls: e.Slow})
		}
		r, err := http.NewRequest(e.Method, e.Path, bytes.NewReader(e.Body))
		if err != nil {
			return err
		}
		r.Header, r.RequestURI = e.Header, e.Path
		s.mux.ServeHTTP(&nobody{header: http.Header{}}, r)
		s.Mend()
	}
}

// nobody takes the answers of a replay.
type nobody struct{ header http.Header }

func (n *nobody) Header() http.Header         { return n.header }
func (n *nobody) Write(b []byte) (int, error) { return len(b), nil }
func (n *nobody) WriteHeader(int)             {}

// write adds a call to the journal. A call that only asks changes nothing, but Poll: asking brings uploads on.
func (s *Server) write(op Op, r *request) error {
	if s.journal == nil || op == Read || op == Find {
		return nil
	}
	e := entry{At: r.now, Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header, Body: r.body} // URL is without what StripPrefix took
	if r.slow != nil {
		e.Slow = r.slow.Polls
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = s.journal.Write(append(b, '\n'))
	return err
}
