package article

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what is read into the testdata")

// TestPages reads articles as they stand on pages (page.txt) and in CMSs (body.html) and compares what was read with
// the file `want` beside it.
func TestPages(t *testing.T) {
	files, err := filepath.Glob("testdata/pages/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var have, want string
		for i, f := range ar.Files {
			switch f.Name {
			case "page.txt":
				a, err := FromText(string(f.Data), strings.TrimSpace(string(ar.Comment)))
				if err != nil {
					t.Fatal(file, err)
				}
				have = show(a)
			case "body.html":
				a := Article{Headline: "H", Language: strings.TrimSpace(string(ar.Comment)), Body: string(f.Data)}
				Clean(&a, Rules{})
				have = show(a)
			case "want":
				if *update {
					ar.Files[i].Data = []byte(have)
				}
				want = string(f.Data)
			}
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if have != want {
			t.Errorf("%s: have\n%s\nwant\n%s", file, have, want)
		}
	}
}

func show(a Article) string {
	var b strings.Builder
	for _, f := range []struct{ name, value string }{
		{"language", a.Language}, {"headline", a.Headline}, {"dek", a.Dek}, {"byline", a.Byline}, {"dateline", a.Dateline}, {"caption", a.Photo.Caption}, {"credit", a.Photo.Credit},
	} {
		if f.value != "" {
			fmt.Fprintf(&b, "%s: %s\n", f.name, f.value)
		}
	}
	for _, p := range a.Paragraphs() {
		fmt.Fprintf(&b, "¶ %s\n", p)
	}
	return b.String()
}

func TestBylinesAreNamesOnly(t *testing.T) {
	for in, want := range map[string]string{
		"By Dilan Omer": "Dilan Omer", "BY DILAN OMER AND SARA HADDAD": "DILAN OMER, SARA HADDAD", "Sara Haddad and Tom Reed": "Sara Haddad, Tom Reed",
		"Von Jana Krüger": "Jana Krüger", "Elif Işık / İSTANBUL": "Elif Işık", "كتبت: ريم العاني": "ريم العاني", "ئامادەکردنی: هانا ڕەشید": "هانا ڕەشید", "【佐藤 花】": "佐藤 花",
		"By Dilan Omer, Example News": "Dilan Omer", "Sara Haddad, Tom Reed & Ali Test": "Sara Haddad, Tom Reed, Ali Test", "Seán O’Brien-Łukasz": "Seán O’Brien-Łukasz",
		"Par Jean Exemple": "Jean Exemple", "Haber: Elif Işık": "Elif Işık", "نویسنده: لیلا نمونه": "لیلا نمونه", "Byron Test": "Byron Test", "Vonda Test": "Vonda Test", "": "",
	} {
		if have := byline(name(in, longLine)); have != want {
			t.Errorf("%q: %q, want %q", in, have, want)
		}
	}
}

func TestPromotionIsTold(t *testing.T) {
	for line, want := range map[string]bool{
		"Fly Erbil Advertisment": true, "Fly Example Advertisement": true, "Read also: The dam": true, "READ MORE: The dam": true, "Follow us on Telegram": true, "Download our app for the latest news: news.example/app": true,
		"Subscribe to our newsletter": true, "ADVERTISEMENT": true, "Sponsored": true, "Also read: The dam": true, "Click here to read more": true, "Join our WhatsApp channel": true,
		"إعلان: سافر مع طيران المثال": true, "تابعونا على تلغرام": true, "اقرأ أيضا: الجسر": true, "ڕیکلام: بفڕە": true, "هەروەها بخوێنەوە: پرد": true, "Reklam: Örnek": true, "Bunu da okuyun: Vapur": true,
		"Anzeige: Fliegen Sie": true, "Lesen Sie auch: Keller": true, "広告：例航空で空の旅へ": true, "あわせて読みたい": true, "بیشتر بخوانید: پل": true, "Lire aussi : le pont": true, "Читайте также: мост": true,
		"The ministry issued an advertisement for 200 posts.": false, "Advertising revenue fell by a third, the company said.": false, "Subscribers paid 12 percent more.": false, "Related costs rose to 3 million dinars.": false,
		"Read more books, the minister told pupils.": false, "Follow us, the guide called, and the hikers did.": false, "Anzeigen gegen drei Männer erstattete die Polizei.": false, "Reklam gelirleri yüzde 12 arttı.": false,
		"Watch: unlikely": true, "Join our cause, he said to the crowd in the square.": false, "Sponsored bills pass more often, a study finds.": false, "إعلان بغداد صدر يوم الخميس بعد اجتماع الوزراء.": false,
		"Newsletter abonnieren": true, "Sign up for our newsletter": true, "Sign up began on Monday, the school said.": false,
	} {
		if have := Promotion(line); have != want {
			t.Errorf("%q: %v", line, have)
		}
	}
	if !Promotion("Brought to you by Test Bank", "brought to you") {
		t.Error("a site's own rule")
	}
}

func TestDatelines(t *testing.T) {
	for in, want := range map[string]string{
		"ERBIL (Kurdistan24) – Twelve buses": "ERBIL (Kurdistan24)|Twelve buses", "WASHINGTON (AP) — The president": "WASHINGTON (AP)|The president", "Berlin (dpa) - Der Kanzler": "Berlin (dpa)|Der Kanzler",
		"DUHOK, Nov. 20 (Example24) - It rains": "DUHOK, Nov. 20 (Example24)|It rains", "ANKARA, 20 Kasım (AA) – Meclis": "ANKARA, 20 Kasım (AA)|Meclis", "BAGHDAD — The ministry": "BAGHDAD|The ministry",
		"الموصل (نموذج نيوز) – أعلنت بلدية": "الموصل (نموذج نيوز)|أعلنت بلدية", "东京（例報道） – 15日": "东京 (例報道)|15日", "【東京＝例報道】15日": "東京 (例報道)|15日", "هەولێر (کوردستان٢٤) - شارەوانی": "هەولێر (کوردستان٢٤)|شارەوانی",
		"The mayor (left) – who spoke first – left.": "|The mayor (left) – who spoke first – left.", "Rozh Karim (the director) – a former driver – said": "|Rozh Karim (the director) – a former driver – said",
		"He said – twice – no.": "|He said – twice – no.", "Twelve buses (of 60) – all electric – start": "|Twelve buses (of 60) – all electric – start",
		"قال المدير الجديد للبلدية في المدينة (أمس) – وهو مهندس": "|قال المدير الجديد للبلدية في المدينة (أمس) – وهو مهندس",
	} {
		line, rest := splitDateline(in)
		if line+"|"+rest != want {
			t.Errorf("%q: %q", in, line+"|"+rest)
		}
	}
}
