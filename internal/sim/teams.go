package sim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// teams is a flow of Power Automate with the trigger "When a Teams webhook request is received": what it takes is
// accepted without an id, and shown some time later.
type teams struct{ *Server }

func newTeams(s *Server) *teams {
	t := &teams{s}
	s.on(t, "POST /workflows/{id}/triggers/manual/paths/invoke", Publish, t.send)
	return t
}

func (t *teams) kind() string { return "teams" }

func teamsError(status int, code, message string, header ...string) answer {
	return reply(status, map[string]any{"error": map[string]string{"code": code, "message": message}}, header...)
}

func (t *teams) limited(_ *request, wait string) answer {
	var header []string
	if wait != "" {
		header = []string{"Retry-After", wait}
	}
	return teamsError(http.StatusTooManyRequests, "TooManyRequests", "Rate limit is exceeded. Try again in 2 seconds.", header...)
}

func (t *teams) expired(*request) answer {
	return teamsError(http.StatusUnauthorized, "DirectApiAuthorizationRequired", "The request must be authenticated only by Shared Access scheme.")
}

func (t *teams) refused(*request) answer {
	return teamsError(http.StatusBadRequest, "WorkflowTriggerIsNotEnabled", "Could not execute workflow trigger 'manual' with state 'Disabled'; trigger is not enabled.")
}

// adaptive is what of a card's elements is shown.
type adaptive struct {
	Type, Text, URL, AltText, Title string
	Inlines                         []adaptive
	Items                           []adaptive
}

func (t *teams) send(r *request) answer {
	if r.URL.Query().Get("sig") == "" {
		return t.expired(r)
	}
	if _, reset, ok := t.spend("teams "+r.PathValue("id"), 1, 4, time.Second, r.now); !ok {
		return t.limited(r, seconds(reset, r.now))
	}
	if len(r.body) > 28<<10 {
		return reply(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	}
	var in struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Lang    string
				Body, Actions []adaptive
			}
		}
	}
	if !r.json(&in) || in.Type != "message" {
		return teamsError(http.StatusBadRequest, "TriggerInputSchemaMismatch", "The input body for trigger 'manual' of type 'Request' did not match its schema definition.")
	}
	accepted := reply(http.StatusAccepted, nil, "x-ms-workflow-run-id", fmt.Sprintf("08584700000000000000000%06dCU00", t.next()))
	if len(in.Attachments) != 1 || in.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" || in.Attachments[0].Content.Type != "AdaptiveCard" {
		return accepted // and the flow fails where nobody sees it
	}
	c := in.Attachments[0].Content
	p := Post{Network: "teams", Account: "workflow " + r.PathValue("id"), ID: fmt.Sprint(t.next()), Language: c.Lang}
	p.Text = strings.TrimSpace(words(c.Body))
	for _, e := range c.Body {
		if e.Type == "Image" {
			p.Picture, p.Alt = e.URL, e.AltText
		}
	}
	for _, a := range c.Actions {
		if a.Type == "Action.OpenUrl" {
			p.Link, p.Title = a.URL, a.Title
		}
	}
	t.add(r, p)
	return accepted
}

// words are the texts of a card's elements, each a line.
func words(elements []adaptive) string {
	var b strings.Builder
	for _, e := range elements {
		b.WriteString(e.Text)
		b.WriteString(words(e.Inlines))
		b.WriteString(words(e.Items))
		if e.Type != "TextRun" {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
