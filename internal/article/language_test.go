package article

import "testing"

func TestLanguageTags(t *testing.T) {
	for tag, want := range map[string]struct {
		tongue string
		rtl    bool
	}{
		"en": {"en", false}, "ckb": {"ckb", true}, "ckb-IQ": {"ckb", true}, "ar_IQ": {"ar", true}, "fa-AF": {"fa", true}, "ckb-Latn": {"ckb", false},
		"ku": {"kmr", false}, "ku-Arab": {"ckb", true}, "ku_Arab_IQ": {"ckb", true}, "ku-Latn-TR": {"kmr", false}, "az-Arab": {"az", true}, "zh_TW": {"zh", false}, "": {"", false},
	} {
		if tongue, rtl := Tongue(tag), RTL(tag); tongue != want.tongue || rtl != want.rtl {
			t.Errorf("%s: %s, right to left %v", tag, tongue, rtl)
		}
	}
}
