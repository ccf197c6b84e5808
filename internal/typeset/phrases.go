package typeset

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

//go:embed phrases/*.json.gz
var phraseFiles embed.FS

// phraseModel finds where phrases begin in text without spaces: a BudouX model, each weight by its feature and letters.
type phraseModel struct {
	weights map[string]map[string]int
	base    int // minus the sum of all weights; scores are doubled, so that half of it stays whole
}

// phraseModels are read when first needed, once. The files are in the program: they can only be broken by a bad build.
var phraseModels = map[string]func() *phraseModel{
	"ja": readModel("ja"), "th": readModel("th"), "zh-hans": readModel("zh-hans"), "zh-hant": readModel("zh-hant"),
}

func readModel(name string) func() *phraseModel {
	return sync.OnceValue(func() *phraseModel {
		m := &phraseModel{}
		f, err := phraseFiles.Open("phrases/" + name + ".json.gz")
		if err == nil {
			var z *gzip.Reader
			if z, err = gzip.NewReader(f); err == nil {
				err = json.NewDecoder(z).Decode(&m.weights)
			}
		}
		if err != nil {
			panic(fmt.Sprintf("the program's own phrase model %s: %v", name, err))
		}
		for _, group := range m.weights {
			for _, w := range group {
				m.base -= w
			}
		}
		return m
	})
}

// modelFor is the model of a language; nil: it needs none.
func modelFor(lang string) *phraseModel {
	low := strings.ToLower(lang)
	switch {
	case low == "ja" || strings.HasPrefix(low, "ja-"):
		return phraseModels["ja"]()
	case low == "th" || strings.HasPrefix(low, "th-"):
		return phraseModels["th"]()
	case traditional(low):
		return phraseModels["zh-hant"]()
	case low == "zh" || strings.HasPrefix(low, "zh-"):
		return phraseModels["zh-hans"]()
	}
	return nil
}

// features are the letters that each weight looks at, from and to, as seen from where a phrase might begin.
var features = []struct {
	name     string
	from, to int
}{
	{"UW1", -3, -2}, {"UW2", -2, -1}, {"UW3", -1, 0}, {"UW4", 0, 1}, {"UW5", 1, 2}, {"UW6", 2, 3},
	{"BW1", -2, 0}, {"BW2", -1, 1}, {"BW3", 0, 2},
	{"TW1", -3, 0}, {"TW2", -2, 1}, {"TW3", -1, 2}, {"TW4", 0, 3},
}

// begins says for each letter whether a phrase begins with it.
func (m *phraseModel) begins(text []rune) []bool {
	out := make([]bool, len(text))
	for i := 1; i < len(text); i++ {
		score := m.base
		for _, f := range features {
			if from, to := i+f.from, i+f.to; from >= 0 && to <= len(text) {
				score += 2 * m.weights[f.name][string(text[from:to])]
			}
		}
		out[i] = score > 0
	}
	return out
}
