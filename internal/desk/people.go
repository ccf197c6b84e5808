package desk

import (
	"html/template"
	"net/http"

	"cutline/internal/staff"
)

// open makes the door through which people come to the desk.
func (d *desk) open() (*staff.Door, error) {
	return staff.Open(staff.Parts{
		Store: d.Store, Config: d.Config, Now: d.Now, Random: d.Random, Client: d.Client, Log: d.Log, Loopback: d.Loopback,
		Public: func(r *http.Request) bool { return r.URL.Path == "/desk.css" },
		Page:   d.signInPage,
	})
}

var signInHTML = template.Must(template.New("signin").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Sign in · cutline</title><link rel="stylesheet" href="/desk.css"></head>
<body class="alone"><main id="main"><h1>Sign in</h1>
{{if eq .Problem "no_role"}}<p class="alarm" role="alert">You have no role at this desk. Ask an admin to list you: <bdi>{{.ID}}</bdi></p>{{else if .Problem}}<p class="alarm" role="alert">Signing in did not work. Try once more.</p>{{end}}
{{with .Provider}}<p><a class="b ink" href="/signin/go?to={{$.To}}">Sign in: <bdi>{{.}}</bdi></a></p>{{end}}
{{if .Password}}<p><a class="b" href="/signin/password?to={{.To}}">Sign in with a password</a></p>{{end}}
{{if .Local}}<form method="post" action="/signin"><input type="hidden" name="to" value="{{.To}}"><p class="field"><label for="n">Your name</label><input id="n" name="name" autocomplete="name" dir="auto" required></p><button class="b">Sign in</button></form>{{end}}
</main></body></html>`))

func (d *desk) signInPage(w http.ResponseWriter, r *http.Request, status int, p staff.SignIn) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := signInHTML.Execute(w, p); err != nil {
		d.Log.Error("desk", "path", r.URL.Path, "error", err)
	}
}
