package desk

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

type personKey struct{}

// signIn lets in who the configuration names, with the password it refers to (HTTP Basic, RFC 7617). Where it names
// nobody the desk is on loopback, and whoever sits there is "desk". Passwords are compared by their hashes, so that
// neither length nor first letters can be timed.
func (d *desk) signIn(next http.Handler) http.Handler {
	if len(d.Config.Desk.People) == 0 {
		return next
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
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), personKey{}, name)))
	})
}

// who decides: who signed in; on one's own machine whoever sits at it.
func (d *desk) who(r *http.Request) string {
	if name, ok := r.Context().Value(personKey{}).(string); ok {
		return name
	}
	return "desk"
}
