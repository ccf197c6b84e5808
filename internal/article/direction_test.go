package article

import "testing"

func TestDirected(t *testing.T) {
	const rlm, lrm = "\u200f", "\u200e"
	for _, c := range [][3]string{{"NATO هەولێر", "ckb", rlm + "NATO هەولێر"}, {"هەولێر NATO", "ckb", "هەولێر NATO"}, {"2026: هەولێر", "ckb", "2026: هەولێر"},
		{"هەولێر opens", "en", lrm + "هەولێر opens"}, {"Erbil", "en", "Erbil"}, {"123", "ar", "123"}, {"PKK ...", "he", rlm + "PKK ..."},
		{"\u2068NATO\u2069: هەولێر", "ckb", rlm + "\u2068NATO\u2069: هەولێر"}} {
		if got := Directed(c[0], c[1]); got != c[2] {
			t.Errorf("%q in %s: %+q", c[0], c[1], got)
		}
	}
}

func TestIsolated(t *testing.T) {
	const fsi, pdi = "\u2068", "\u2069"
	for _, c := range [][3]string{{"AFP", "en", "AFP"}, {"هەولێر", "en", fsi + "هەولێر" + pdi}, {"AFP", "ckb", fsi + "AFP" + pdi}, {"12:30 +03", "ar", fsi + "12:30 +03" + pdi}, {"", "ar", ""}} {
		if got := Isolated(c[0], c[1]); got != c[2] {
			t.Errorf("%q in %s: %+q", c[0], c[1], got)
		}
	}
}
