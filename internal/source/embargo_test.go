package source

import (
	"fmt"
	"testing"
	"time"

	"cutline/internal/config"
)

// An embargo is read from whatever form a CMS keeps it in; where there is one that is not understood, the story is held.
func TestEmbargoInTheFormsOfCMSs(t *testing.T) {
	const six = "2026-11-27T03:00:00Z"
	entry := func(fields string) string {
		return `{"event":"entry.publish","model":"article","entry":{"documentId":"1","title":"A","slug":"a","publishedAt":"2026-11-26T10:00:00Z",` + fields + `}}`
	}
	for _, c := range []struct{ kind, body, field, zone, want string }{
		{"strapi", entry(`"embargo":null`), "", "", ""},
		{"strapi", entry(`"embargo":""`), "", "", ""},
		{"strapi", entry(`"embargo":false`), "", "", ""},
		{"strapi", entry(`"embargo":"2026-11-27T03:00:00.000Z"`), "", "", six},
		{"strapi", entry(`"embargoUntil":1795748400`), "", "", six},
		{"strapi", entry(`"embargo":1795748400000`), "", "", six},
		{"strapi", entry(`"embargo":"2026-11-27 06:00 Asia/Baghdad"`), "", "", six},
		{"strapi", entry(`"embargo":"2026-11-27 06:00","embargoTimezone":"Asia/Baghdad"`), "", "", six},
		{"strapi", entry(`"embargo":"2026-11-27 06:00","zone":{"name":"Europe/Istanbul"}`), "", "zone.name", six},
		{"strapi", entry(`"release":{"at":"2026-11-27 06:00","in":"Asia/Baghdad"}`), "release.at", "release.in", six},
		{"strapi", entry(`"embargo":"2026-11-27 06:00"`), "", "", "?"},
		{"strapi", entry(`"embargo":"2026-11-27 06:00","embargoTimezone":"Arabic Standard Time"`), "", "", "?"},
		{"strapi", entry(`"embargo":true`), "", "", "?"},
		{"strapi", entry(`"embargo":{"at":"2026-11-27 06:00"}`), "", "", "?"},
		{"strapi", entry(`"embargo":["a"]`), "", "", "?"},
		{"strapi", entry(`"embargo":[{"at":"2026-11-27 06:00"}]`), "", "", "?"},
		{"strapi", entry(`"embargo":179574840`), "", "", "?"},
		{"sanity", `{"_id":"1","title":"A","slug":"a","embargo":{"_type":"richDate","local":"2026-11-27T06:00:00+03:00","utc":"2026-11-27T03:00:00.000Z","timezone":"Asia/Baghdad","offset":180}}`, "", "", six},
		{"drupal", `{"event":"update","entity":{"type":"node--article","id":"1","attributes":{"title":"A","status":true,"path":{"alias":"/a"},"field_embargo":{"value":1795748400,"end_value":1795748400,"timezone":"Asia/Baghdad"}}}}`, "", "", six},
		{"directus", `{"event":"articles.items.update","collection":"articles","data":{"id":1,"status":"published","title":"A","slug":"a","embargo":"2026-11-27T06:00:00","embargo_timezone":"Asia/Baghdad"}}`, "", "", six},
	} {
		s := newSource(t, c.kind, func(cfg *config.Source, _ *config.Site) {
			cfg.Fields = map[string]string{}
			if c.field != "" {
				cfg.Fields["embargo"] = c.field
			}
			if c.zone != "" {
				cfg.Fields["embargo.zone"] = c.zone
			}
		})
		all := read(s, c.body)
		if len(all) != 1 || !all[0].Holds() {
			t.Fatalf("%s: %+v", c.body, all)
		}
		a := all[0].Article
		got := a.Embargo.UTC().Format(time.RFC3339)
		if a.Embargo.IsZero() {
			got = ""
		}
		if a.Doubt != "" {
			got = "?"
		}
		if want := c.want; got != want {
			t.Errorf("%s %s: %s, want %s", c.kind, c.body, fmt.Sprint(got, " ", a.Doubt), want)
		}
	}
}
