package desk

import (
	"net/http"
	"strings"

	"cutline/internal/staff"
)

// open makes the door through which people come to the desk.
func (d *desk) open() (*staff.Door, error) {
	return staff.Open(staff.Parts{
		Store: d.Store, Config: d.Config, Now: d.Now, Random: d.Random, Client: d.Client, Log: d.Log, Loopback: d.Loopback,
		Public: func(r *http.Request) bool {
			name, file := strings.CutPrefix(r.URL.Path, "/")
			_, own := d.static[name]
			return file && own || strings.HasPrefix(r.URL.Path, reviewPath)
		},
		Page: d.signInPage,
	})
}

// signInPage shows the ways in.
func (d *desk) signInPage(w http.ResponseWriter, r *http.Request, status int, p staff.SignIn) {
	q := &request{Request: r, w: w, desk: d, words: d.language(r)}
	f := q.frame(q.words.say("sign_in"), "signin", p)
	f.Alone = true
	if p.To != "/" {
		f.To = p.To
	}
	if err := q.show(status, "signin", f); err != nil {
		d.Log.Error("desk", "path", r.URL.Path, "error", err)
		http.Error(w, q.words.say("trouble"), http.StatusInternalServerError)
	}
}
