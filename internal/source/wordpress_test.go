package source

import (
	"fmt"
	"testing"
)

// TestWordPressPosts reads posts as WordPress 6.1 and our plugin show them.
func TestWordPressPosts(t *testing.T) {
	const (
		text   = `"title":{"rendered":"Old stairs"},"content":{"rendered":"<p>The steps were closed for a year.</p>\n","protected":false}`
		cut    = `"excerpt":{"rendered":"<p>The steps were closed [&hellip;]</p>\n"}`
		whole  = `"excerpt":{"rendered":"<p>The steps were closed for a year.</p>\n"}`
		author = `"author":[{"code":"rest_user_cannot_view","message":"Sorry","data":{"status":401}}]`
	)
	photo := func(url, caption, details string) string {
		return fmt.Sprintf(`"_embedded":{%s,"wp:featuredmedia":[{"source_url":%q,"caption":{"rendered":%q},"alt_text":"Steps","media_details":{%s}}]}`, author, url, caption, details)
	}
	const small, large = "https://news.example/stairs.jpg", "https://news.example/stairs-scaled.jpg"
	for name, c := range map[string]struct {
		post                                string
		dek, byline, credit, from, language string
	}{
		"an excerpt that was cut is made up":          {text + "," + cut, "", "", "", "", "en"},
		"one that was not may be anything":            {text + "," + whole, "The steps were closed for a year.", "", "", "", "en"},
		"the plugin knows that it is made up":         {text + "," + whole + `,"cutline":{"excerpt":false}`, "", "", "", "", "en"},
		"and that an editor wrote it":                 {text + "," + cut + `,"cutline":{"excerpt":true}`, "The steps were closed […]", "", "", "", "en"},
		"authors and language from the plugin":        {text + `,"cutline":{"language":"ckb","byline":["Sara Haddad","Omar Aziz"],"credit":""},` + photo(small, "", ""), "", "Sara Haddad, Omar Aziz", "", "", "ckb"},
		"a credit of the media library":               {text + `,"cutline":{"credit":"Layla Karim/Reuters"},` + photo(small, "<p>Steps. (Photo: AFP)</p>", ""), "", "", "Layla Karim/Reuters", "field", "en"},
		"a smaller copy has lost its metadata":        {text + "," + photo(large, "", `"original_image":"stairs.jpg","image_meta":{"credit":"Smith &amp; Co/AFP"}`), "", "", "Smith & Co/AFP", "field", "en"},
		"what the caption says goes before":           {text + "," + photo(large, "<p>Steps. (Photo: Jan Novak)</p>", `"original_image":"stairs.jpg","image_meta":{"credit":"AFP"}`), "", "", "Jan Novak", "caption", "en"},
		"of an original the file itself says more":    {text + "," + photo(small, "", `"image_meta":{"credit":"AFP"}`), "", "", "", "", "en"},
		"a copy that names no credit has none either": {text + "," + photo(large, "", `"original_image":"stairs.jpg","image_meta":{"credit":""}`), "", "", "", "", "en"},
	} {
		s := newSource(t, "wordpress")
		all := read(s, `{"event":"post_published","old_status":"draft","new_status":"publish","post":{"id":7,"type":"post","status":"publish","link":"https://news.example/stairs/",`+c.post+`}}`)
		if len(all) != 1 || all[0].Verdict != Accepted || all[0].Event != Upsert {
			t.Fatalf("%s: %+v", name, all)
		}
		a := all[0].Article
		if a.Dek != c.dek || a.Byline != c.byline || a.Photo.Credit != c.credit || a.Photo.From != c.from || a.Language != c.language {
			t.Errorf("%s: dek %q, byline %q, credit %q from %q, language %q", name, a.Dek, a.Byline, a.Photo.Credit, a.Photo.From, a.Language)
		}
	}
}

// Deliveries of one post that was not saved anew are in the order in which the plugin read it.
func TestWordPressDeliveriesOfOneSecond(t *testing.T) {
	s := newSource(t, "wordpress")
	sent := func(read string) string {
		all := read1(t, s, `{"event":"post_updated","old_status":"publish","new_status":"publish","post":{"id":7,"type":"post","status":"publish","link":"https://news.example/a/","modified_gmt":"2026-11-26T10:00:00","title":{"rendered":"A"}}`+read+`}`)
		return all.Sent.UTC().Format("15:04:05.999999999")
	}
	for read, want := range map[string]string{
		"":                                "10:00:00",
		`,"read":"1795687200.250"`:        "10:00:00.00000025",
		`,"read":"1795687201.000"`:        "10:00:00.000001",
		`,"read":1795690800.5`:            "10:00:00.0036005",
		`,"read":"1895687200.250"`:        "10:00:00.999999999", // years later: the CMS is asked
		`,"read":"1795687199.900"`:        "10:00:00",           // scheduled posts are changed in the future
		`,"read":"NaN"`:                   "10:00:00",
		`,"read":"Inf"`:                   "10:00:00.999999999",
		`,"read":"soon"`:                  "10:00:00",
		`,"read":{"at":"1795687200.250"}`: "10:00:00",
		`,"read":"-1795687200.250"`:       "10:00:00",
	} {
		if got := sent(read); got != want {
			t.Errorf("%s: %s, want %s", read, got, want)
		}
	}
}

func read1(t *testing.T, s Source, body string) Delivery {
	t.Helper()
	all := read(s, body)
	if len(all) != 1 || all[0].Verdict != Accepted {
		t.Fatalf("%s: %+v", body, all)
	}
	return all[0]
}
