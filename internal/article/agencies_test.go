package article

import "testing"

// An agency's name may end with a word that others have behind theirs.
func TestEveryAgencyIsKnownByItsName(t *testing.T) {
	for _, name := range agencies {
		if !isAgency(name, "en") || !isAgency(name+" photo", "en") {
			t.Errorf("%s is not known", name)
		}
	}
	for language, names := range agenciesOf {
		for _, name := range names {
			if !isAgency(name, language) || !isAgency(name, "") {
				t.Errorf("%s is not known", name)
			}
		}
	}
	for _, name := range []string{"AFP Photo", "AFP PHOTO", "AP Photo", "IMAGO", "Photo AFP"} {
		if !isAgency(name, "en") {
			t.Errorf("%s is not known", name)
		}
	}
}
