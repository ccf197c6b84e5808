package desk

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"cutline/internal/staff"
)

// signIn lets in who the configuration names, with the password it refers to (HTTP Basic, RFC 7617). Where it names
// nobody the desk is on loopback, and whoever sits there is "desk". Passwords are compared by their hashes, so that
// neither length nor first letters can be timed.
func (d *desk) signIn(next http.Handler) http.Handler {
	if len(d.Config.Desk.People) == 0 {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, staff.With(r, staff.Local(d.Config, "desk")))
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		secret, known := d.Config.Desk.People[name]
		want := ""
		if known {
			var err error
			if want, err = secret.Value(r.Context()); err != nil {
				d.Log.Error("desk: reading a password", "person", name, "error", err)
				known = false
			}
		}
		a, b := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(want))
		if subtle.ConstantTimeCompare(a[:], b[:]) != 1 || !known {
			w.Header().Set("WWW-Authenticate", `Basic realm="cutline desk", charset="UTF-8"`)
			http.Error(w, "sign in to use the desk", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, staff.With(r, staff.Named(d.Config, name)))
	})
}
